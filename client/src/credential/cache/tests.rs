use super::*;

fn entry() -> Entry {
    Entry {
        key: Key {
            credential: "device-code".into(),
            authority: "a".into(),
            tenant: "t".into(),
            client_id: "c".into(),
            scope: "s".into(),
        },
        user: None,
        access_token: Secret::new("the-access-token"),
        expires_at: 1,
        refresh_token: Some(Secret::new("the-refresh-token")),
    }
}

#[test]
fn what_is_sealed_opens_with_the_key_only() {
    let sealed = seal(&[1; 32], &[entry()]).unwrap();
    assert_eq!(unseal(&[1; 32], &sealed).unwrap()[0].key, entry().key);
    assert!(unseal(&[2; 32], &sealed).is_none());
    let plain = STANDARD.decode(&sealed).unwrap();
    assert!(!String::from_utf8_lossy(&plain).contains("the-"));
    for cut in ["", "AAAA", &sealed[..sealed.len() - 8], "not base64!"] {
        assert!(unseal(&[1; 32], cut).is_none());
    }
}

#[test]
fn debug_shows_no_secret() {
    assert!(!format!("{:?}", entry()).contains("the-"));
}
