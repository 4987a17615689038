use super::*;
use crate::error::AuthorityError;

fn asked() -> ScopeRequest {
    ScopeRequest {
        client: "c".into(),
        resource: "api://a".into(),
        scopes: vec!["Greeting.Read".into()],
        protocol: vec![],
    }
}

#[test]
fn a_code_is_redeemed_once_by_its_own_client() {
    let mut grants = Grants::new(RefreshTokens::default());
    let (device, user) = grants.start(asked(), 0);
    assert_eq!(
        grants.poll(&device, "c", 0),
        Err(AuthorityError::AuthorizationPending)
    );
    assert_eq!(grants.poll(&device, "c", 1), Err(AuthorityError::SlowDown));
    assert_eq!(grants.approve("WRONG", "u", 2), Err(NoSuchCode));
    let typed = format!(" {}-{}", &user[..4].to_lowercase(), &user[4..]);
    assert_eq!(grants.approve(&typed, "u", 2), Ok(()));
    assert_eq!(grants.decline(&user, 2), Err(NoSuchCode), "decided already");
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
    let mut grants = Grants::new(RefreshTokens::default());
    let (device, user) = grants.start(asked(), 0);
    assert_eq!(
        grants.poll(&device, "c", EXPIRES_IN),
        Err(AuthorityError::CodeExpired)
    );
    assert_eq!(grants.approve(&user, "u", EXPIRES_IN), Err(NoSuchCode));
    let (device, user) = grants.start(asked(), 0);
    assert_eq!(grants.decline(&user, 1), Ok(()));
    assert_eq!(grants.poll(&device, "c", 1), Err(AuthorityError::Declined));
}

#[test]
fn a_replayed_refresh_token_kills_its_family() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("refresh.json");
    let mut grants = Grants::new(RefreshTokens::load(store.clone()).unwrap());
    let first = grants.issue_refresh("u", &asked(), Family::New, 0);
    let (_, _, family) = grants.redeem_refresh(&first, "c", 1).unwrap();
    let second = grants.issue_refresh("u", &asked(), Family::Of(family), 1);
    assert!(!std::fs::read_to_string(&store).unwrap().contains(&second));
    let mut grants = Grants::new(RefreshTokens::load(store).unwrap());
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
fn point_11_every_store_is_bounded() {
    let mut grants = Grants::new(RefreshTokens::default());
    for number in 0..i64::try_from(MAX_PENDING).unwrap() + 10 {
        let flow = Flow {
            asked: asked(),
            redirect: "http://localhost/".parse().unwrap(),
            state: None,
            nonce: None,
            challenge: String::new(),
            form_post: false,
            expires: 10_000 + number,
        };
        let code = Code {
            user: "u".into(),
            asked: asked(),
            redirect: String::new(),
            challenge: String::new(),
            nonce: None,
            expires: 10_000 + number,
            used: false,
        };
        grants.start(asked(), 0);
        grants.begin_flow(flow, 0);
        grants.issue_code(code, 0);
        grants.consent(&asked(), "u");
    }
    for _ in 0..refresh_tokens::MAX_REFRESH + 2 {
        grants.issue_refresh("u", &asked(), Family::New, 0);
    }
    // Consents are of this tenant's clients, scopes and users: nobody can make up more.
    let sizes = [
        grants.pending.len(),
        grants.flows.len(),
        grants.codes.len(),
        grants.consents.len(),
        grants.refresh.issued.len(),
    ];
    assert_eq!(
        sizes,
        [
            MAX_PENDING,
            MAX_PENDING,
            MAX_PENDING,
            1,
            refresh_tokens::MAX_REFRESH
        ]
    );
    // The oldest has gone, not the newest.
    assert!(grants.codes.values().all(|code| code.expires >= 10_010));
}
