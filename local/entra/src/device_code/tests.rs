use super::*;

fn asked() -> Asked {
    Asked {
        client: "c".into(),
        resource: "api://a".into(),
        scopes: vec!["Greeting.Read".into()],
        protocol: vec![],
    }
}

#[test]
fn a_code_is_redeemed_once_by_its_own_client() {
    let mut grants = Grants::new(None);
    let (device, user) = grants.start(asked(), 0);
    assert_eq!(
        grants.poll(&device, "c", 0),
        Err(AuthorityError::AuthorizationPending)
    );
    assert_eq!(grants.poll(&device, "c", 1), Err(AuthorityError::SlowDown));
    assert!(!grants.decide("WRONG", Some("u"), 2));
    let typed = format!(" {}-{}", &user[..4].to_lowercase(), &user[4..]);
    assert!(grants.decide(&typed, Some("u"), 2));
    assert!(!grants.decide(&user, None, 2), "decided already");
    assert_eq!(
        grants.poll(&device, "other", 3),
        Err(AuthorityError::CodeUnknown)
    );
    assert_eq!(grants.poll(&device, "c", 3), Ok(("u".into(), asked())));
    assert_eq!(
        grants.poll(&device, "c", 3),
        Err(AuthorityError::CodeUnknown)
    );
}

#[test]
fn codes_end_by_time_and_by_refusal() {
    let mut grants = Grants::new(None);
    let (device, user) = grants.start(asked(), 0);
    assert_eq!(
        grants.poll(&device, "c", EXPIRES_IN),
        Err(AuthorityError::CodeExpired)
    );
    assert!(!grants.decide(&user, Some("u"), EXPIRES_IN));
    let (device, user) = grants.start(asked(), 0);
    assert!(grants.decide(&user, None, 1));
    assert_eq!(grants.poll(&device, "c", 1), Err(AuthorityError::Declined));
}

#[test]
fn a_replayed_refresh_token_kills_its_family() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("refresh.json");
    let mut grants = Grants::new(Some(store.clone()));
    let first = grants.issue_refresh("u", &asked(), None, 0);
    let (_, _, family) = grants.redeem_refresh(&first, "c", 1).unwrap();
    let second = grants.issue_refresh("u", &asked(), Some(family), 1);
    assert!(!std::fs::read_to_string(&store).unwrap().contains(&second));
    let mut grants = Grants::new(Some(store));
    assert_eq!(
        grants.redeem_refresh(&first, "c", 2).unwrap_err(),
        AuthorityError::RefreshRevoked
    );
    assert_eq!(
        grants.redeem_refresh(&second, "c", 3).unwrap_err(),
        AuthorityError::RefreshRevoked
    );
}

#[test]
fn user_codes_have_nine_characters_without_look_alikes() {
    for _ in 0..100 {
        let code = user_code();
        assert_eq!(code.len(), CODE_LENGTH);
        assert!(code.bytes().all(|byte| ALPHABET.contains(&byte)), "{code}");
    }
}
