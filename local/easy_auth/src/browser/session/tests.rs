use super::*;

fn session(ends_at: i64) -> Session {
    Session {
        claims: Claims::new(),
        tokens: Tokens {
            access: None,
            id: None,
            refresh: None,
            scope: String::new(),
            expires_at: 0,
        },
        ends_at,
        forgotten_at: ends_at + 10,
    }
}

fn with_cookie(value: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(COOKIES, format!("a=b; {COOKIE}={value}").parse().unwrap());
    headers
}

#[test]
fn only_a_sealed_id_of_an_open_session_is_one() {
    let sessions = Sessions::new();
    let id = sessions.insert(session(100), 0);
    let sealed = sessions.seal(&id);
    assert!(sessions.find(&with_cookie(&sealed), 99).is_ok());
    assert_eq!(
        sessions.find(&with_cookie(&sealed), 100).err(),
        Some(Reason::NoSession)
    );
    assert_eq!(
        sessions.find(&HeaderMap::new(), 0).err(),
        Some(Reason::NoToken)
    );
    // The id itself, a cut or changed cookie, another purpose's and another process's.
    let mut changed = sealed.clone().into_bytes();
    changed[20] ^= 1;
    for forged in [
        id.clone(),
        sealed[1..].to_owned(),
        String::from_utf8(changed).unwrap(),
        sessions.seal_as("other", &id),
        Sessions::new().seal(&id),
        String::new(),
    ] {
        assert_eq!(
            sessions.find(&with_cookie(&forged), 0).err(),
            Some(Reason::NoSession)
        );
    }
    let mut zumo = HeaderMap::new();
    zumo.insert(ZUMO, sealed.parse().unwrap());
    assert!(sessions.find(&zumo, 0).is_ok());
    sessions.remove(&zumo);
    assert!(sessions.find(&with_cookie(&sealed), 0).is_err());
}

#[test]
fn forgotten_sessions_leave_memory() {
    let sessions = Sessions::new();
    sessions.insert(session(1), 0);
    sessions.insert(session(1000), 500);
    assert_eq!(sessions.open().len(), 1);
}

#[test]
fn point_11_of_more_sessions_than_are_kept_the_oldest_have_ended() {
    let sessions = Sessions::new();
    let more = 3;
    let ids: Vec<String> = (0..MAX_SESSIONS + more)
        .map(|number| sessions.insert(session(100 + i64::try_from(number).unwrap()), 0))
        .collect();
    assert_eq!(sessions.open().len(), MAX_SESSIONS);
    let (gone, kept) = ids.split_at(more);
    assert!(gone.iter().all(|id| sessions.take(id).is_none()));
    assert!(kept.iter().all(|id| sessions.take(id).is_some()));
}
