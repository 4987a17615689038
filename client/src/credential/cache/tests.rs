use super::*;

fn kept_token() -> KeptToken {
    KeptToken {
        key: Key {
            credential: Credential::DeviceCode,
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
    let sealed = seal(&[1; 32], &[kept_token()]).unwrap();
    assert_eq!(unseal(&[1; 32], &sealed).unwrap()[0].key, kept_token().key);
    assert!(unseal(&[2; 32], &sealed).is_none());
    let plain = STANDARD.decode(&sealed).unwrap();
    assert!(!String::from_utf8_lossy(&plain).contains("the-"));
    for cut in ["", "AAAA", &sealed[..sealed.len() - 8], "not base64!"] {
        assert!(unseal(&[1; 32], cut).is_none());
    }
}

#[test]
fn debug_shows_no_secret() {
    assert!(!format!("{:?}", kept_token()).contains("the-"));
}

/// Other versions read the kept file: its spelling stays.
#[test]
fn credentials_are_spelled_as_on_the_command_line() {
    for (credential, spelling) in [
        (Credential::DeviceCode, "device-code"),
        (Credential::Browser, "browser"),
        (Credential::AzureCli, "azure-cli"),
        (Credential::Azd, "azd"),
    ] {
        assert_eq!(serde_json::to_value(credential).unwrap(), spelling);
        assert_eq!(credential.to_string(), spelling);
    }
}

/// Time stands still but where somebody waits for it: the bounds pass at once.
#[tokio::test(start_paused = true)]
async fn point_15_a_lock_that_another_run_keeps_is_waited_for_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let cache = || Cache {
        dir: folder.path().join("state"),
    };
    let first = cache().lock().await.unwrap();
    let begun = Instant::now();
    let second = cache().lock().await.unwrap();
    assert!(first.file.is_some() && second.file.is_none());
    let waited = begun.elapsed();
    assert!(
        waited >= LOCK_PATIENCE && waited < LOCK_PATIENCE * 2,
        "{waited:?}"
    );
    drop(first);
    assert!(cache().lock().await.unwrap().file.is_some());
}
