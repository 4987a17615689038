use super::*;
use crate::directory::Platform;
use crate::error::AuthorityError;

fn asked() -> ScopeRequest {
    ScopeRequest {
        client: "c".into(),
        ..ScopeRequest::default()
    }
}

#[test]
fn a_code_is_redeemed_once_by_its_own_client() {
    let mut grants = Grants::new(RefreshTokens::default());
    let (device, user) = grants.start(asked(), 0, PollInterval::ENTRA);
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
    // Looking costs nothing.
    for _ in 0..2 {
        assert_eq!(grants.poll(&device, "c", 3), Ok(("u".into(), asked())));
    }
    assert_eq!(grants.take_device_code(&device), Ok(()));
    assert_eq!(
        grants.take_device_code(&device),
        Err(AuthorityError::CodeUnknown)
    );
    assert_eq!(
        grants.poll(&device, "c", 3),
        Err(AuthorityError::CodeUnknown)
    );
}

/// What the demo's client is told, it may do.
#[test]
fn point_5_whoever_polls_as_often_as_told_is_not_slowed_down() {
    for interval in [PollInterval::SHORT, PollInterval::ENTRA] {
        let mut grants = Grants::new(RefreshTokens::default());
        let (device, _) = grants.start(asked(), 0, interval);
        for poll in 0..10 {
            assert_eq!(
                grants.poll(&device, "c", poll * interval.seconds()),
                Err(AuthorityError::AuthorizationPending),
                "{interval:?}"
            );
        }
    }
}

#[test]
fn codes_end_by_time_and_by_refusal() {
    let mut grants = Grants::new(RefreshTokens::default());
    let (device, user) = grants.start(asked(), 0, PollInterval::ENTRA);
    assert_eq!(
        grants.poll(&device, "c", EXPIRES_IN),
        Err(AuthorityError::CodeExpired)
    );
    assert_eq!(grants.approve(&user, "u", EXPIRES_IN), Err(NoSuchCode));
    let (device, user) = grants.start(asked(), 0, PollInterval::ENTRA);
    assert_eq!(grants.decline(&user, 1), Ok(()));
    assert_eq!(grants.poll(&device, "c", 1), Err(AuthorityError::Declined));
}

fn issue(
    grants: &mut Grants,
    platform: Platform,
    got_by: Option<(&str, &Refresh)>,
    now: i64,
) -> String {
    let new = NewRefresh {
        user: "u",
        asked: &asked(),
        platform,
        got_by,
    };
    grants.issue_refresh(&new, now)
}

#[test]
fn item_10_a_used_refresh_token_stays_valid_until_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("refresh.json");
    let mut grants = Grants::new(RefreshTokens::load(store.clone()).unwrap());
    let app = Platform::PublicClient;
    let first = issue(&mut grants, app, None, 0);
    let stands_for = grants.refresh(&first, "c", Reuse::Allowed, 1).unwrap();
    let second = issue(&mut grants, app, Some((&first, &stands_for)), 1);
    let text = std::fs::read_to_string(&store).unwrap();
    assert!(!text.contains(&first) && !text.contains(&second));
    // In the next run too.
    let mut grants = Grants::new(RefreshTokens::load(store).unwrap());
    for token in [&first, &first, &second] {
        assert!(grants.refresh(token, "c", Reuse::Allowed, 2).is_ok());
    }
    let days = 24 * 3600;
    let refused = |grants: &mut Grants, token: &str, client: &str, now| {
        grants.refresh(token, client, Reuse::Allowed, now).err()
    };
    use AuthorityError as E;
    assert_eq!(
        refused(&mut grants, &first, "c", 90 * days),
        Some(E::RefreshExpired { issued: 0 })
    );
    assert_eq!(refused(&mut grants, &second, "c", 90 * days), None);
    assert_eq!(refused(&mut grants, &first, "d", 2), Some(E::GrantUnknown));
    let unknown = crate::secrets::secret();
    assert_eq!(
        refused(&mut grants, &unknown, "c", 2),
        Some(E::GrantUnknown)
    );
    assert_eq!(refused(&mut grants, "garbage", "c", 2), Some(E::Malformed));
}

#[test]
fn item_10_a_policy_may_end_the_family_of_a_replayed_refresh_token() {
    let mut grants = Grants::new(RefreshTokens::default());
    let first = issue(&mut grants, Platform::Web, None, 0);
    let ends = Reuse::EndsFamily;
    let stands_for = grants.refresh(&first, "c", ends, 1).unwrap();
    let second = issue(&mut grants, Platform::Web, Some((&first, &stands_for)), 1);
    let other = issue(&mut grants, Platform::Web, None, 1);
    let mut see = |token: &str| grants.refresh(token, "c", ends, 2).err();
    assert_eq!(see(&second), None);
    assert_eq!(see(&first), Some(AuthorityError::RefreshRevoked));
    assert_eq!(see(&second), Some(AuthorityError::GrantUnknown));
    assert_eq!(see(&other), None);
}

#[test]
fn item_15_a_single_page_apps_refresh_tokens_end_together_after_a_day() {
    let mut grants = Grants::new(RefreshTokens::default());
    let first = issue(&mut grants, Platform::Spa, None, 0);
    let stands_for = grants.refresh(&first, "c", Reuse::Allowed, 86_000).unwrap();
    let second = issue(
        &mut grants,
        Platform::Spa,
        Some((&first, &stands_for)),
        86_000,
    );
    let mut see = |now| grants.refresh(&second, "c", Reuse::Allowed, now).err();
    assert_eq!(see(86_399), None);
    let over = AuthorityError::RefreshOver { issued: 86_000 };
    assert_eq!(see(86_400), Some(over));
}

#[test]
fn point_11_every_store_of_the_authority_is_bounded() {
    let mut grants = Grants::new(RefreshTokens::default());
    for number in 0..i64::try_from(MAX_PENDING).unwrap() + 10 {
        let flow = Flow {
            asked: asked(),
            redirect: "http://localhost/".parse().unwrap(),
            redirect_as_written: "http://localhost/".into(),
            prompt: crate::prompt::Prompt::IfNeeded,
            state: None,
            nonce: None,
            challenge: None,
            response_type: ResponseType::Code,
            response_mode: ResponseMode::Query,
            platform: Platform::Web,
            expires: 10_000 + number,
        };
        let code = Code {
            user: "u".into(),
            asked: asked(),
            redirect: String::new(),
            challenge: None,
            platform: Platform::Web,
            nonce: None,
            expires: 10_000 + number,
            used: false,
        };
        grants.start(asked(), 0, PollInterval::ENTRA);
        grants.begin_flow(flow, 0);
        grants.issue_code(code, 0);
        grants.consent("c", vec!["r/s".into()], "u");
    }
    let most = refresh_tokens::Bounds::default().tokens;
    for _ in 0..most + 2 {
        issue(&mut grants, Platform::Web, None, 0);
    }
    // Consents are of this tenant's clients, scopes and users: nobody can make up more.
    let sizes = [
        grants.pending.len(),
        grants.flows.len(),
        grants.codes.len(),
        grants.consents.len(),
        grants.refresh.len(),
    ];
    assert_eq!(sizes, [MAX_PENDING, MAX_PENDING, MAX_PENDING, 1, most]);
    // The oldest has gone, not the newest.
    assert!(grants.codes.values().all(|code| code.expires >= 10_010));
}

#[test]
fn item_22_the_file_of_refresh_tokens_is_durable_and_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("refresh.jsonl");
    let bounds = refresh_tokens::Bounds {
        tokens: 50,
        lines: 150,
    };
    let load = || Grants::new(RefreshTokens::load_within(bounds, path.clone()).unwrap());
    let size = || std::fs::metadata(&path).unwrap().len();
    let mut grants = load();
    let app = Platform::PublicClient;
    let unused = issue(&mut grants, app, None, 0);
    let mut token = issue(&mut grants, app, None, 0);
    let one = size() / 2;
    let mut largest = 0;
    for now in 0..500 {
        let stands_for = grants.refresh(&token, "c", Reuse::Allowed, now).unwrap();
        token = issue(&mut grants, app, Some((&token, &stands_for)), now);
        largest = largest.max(size());
    }
    assert!(largest < one * 155, "{largest}");
    assert_eq!(grants.refresh.len(), 50);
    // What was never used goes last. And all is there in the next run, without an end in words.
    for mut grants in [grants, load()] {
        for token in [&unused, &token] {
            assert!(grants.refresh(token, "c", Reuse::Allowed, 1).is_ok());
        }
    }
    // A line that was cut off as it was written costs no other.
    let text = std::fs::read(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 10]).unwrap();
    assert!(load().refresh(&unused, "c", Reuse::Allowed, 1).is_ok());
    assert!(!String::from_utf8(text).unwrap().contains(&token));
}
