use super::*;
use crate::write_private;

fn number(content: &[u8]) -> Result<u32, String> {
    let text = String::from_utf8_lossy(content);
    text.parse().map_err(|_| format!("{text} is no number"))
}

#[test]
fn point_9_a_damaged_file_is_renamed_and_named() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("key");
    let load = || load(&path, Readers::Owner, number).unwrap();
    assert!(matches!(load(), Kept::Missing));
    write_private(&path, b"7").unwrap();
    assert!(matches!(load(), Kept::Content(7)));
    for (content, why) in [(&b"x"[..], "x is no number"), (b"", "it is empty")] {
        write_private(&path, content).unwrap();
        let Kept::Damaged(damaged) = load() else {
            panic!("{content:?} was taken");
        };
        let aside = root.path().join("key.damaged");
        assert_eq!(
            damaged.to_string(),
            format!(
                "{} is damaged ({why}) and was renamed to {}",
                path.display(),
                aside.display()
            )
        );
        assert_eq!(fs::read(aside).unwrap(), content);
        assert!(!path.exists());
    }
}

#[cfg(unix)]
#[test]
fn point_9_what_others_may_read_or_write_is_refused_with_the_chmod() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("it's a key");
    write_private(&path, b"7").unwrap();
    let named = format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
    for (mode, readers, fix) in [
        (0o600, Readers::Owner, None),
        (0o644, Readers::Owner, Some("chmod 600")),
        (0o620, Readers::Owner, Some("chmod 600")),
        (0o604, Readers::Owner, Some("chmod 600")),
        (0o644, Readers::All, None),
        (0o664, Readers::All, Some("chmod 644")),
        (0o646, Readers::All, Some("chmod 644")),
    ] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let fixes = load(&path, readers, number).err().map(|error| error.fix());
        let expected = fix.map(|command| format!("{command} {named}"));
        assert_eq!(fixes, expected, "{mode:o} {readers:?}");
        if fix.is_some() {
            // The line is pasted as it is.
            let pasted = std::process::Command::new("sh")
                .args(["-c", &expected.unwrap()])
                .status();
            assert!(pasted.unwrap().success());
            assert!(load(&path, readers, number).is_ok());
        }
    }
}
