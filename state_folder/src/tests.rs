use super::*;

#[test]
fn the_folder_bears_the_programs_name() {
    assert!(of("greeting-test").unwrap().ends_with("greeting-test") || cfg!(windows));
}

#[test]
fn on_windows_it_is_in_the_folder_that_does_not_roam() {
    let windows = etcetera::base_strategy::Windows::new().unwrap();
    let folder = of_system(&windows, "greeting-test");
    assert_eq!(folder, windows.cache_dir().join("greeting-test"));
    if std::env::var_os("LOCALAPPDATA").is_none() {
        assert!(
            folder.ends_with("AppData/Local/greeting-test"),
            "{folder:?}"
        );
    }
    let unix = etcetera::base_strategy::Xdg::new().unwrap();
    let folder = of_system(&unix, "greeting-test");
    assert_eq!(folder, unix.state_dir().unwrap().join("greeting-test"));
}

#[test]
fn a_file_is_replaced_whole() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/b");
    make_private(&folder).unwrap();
    // A second time is no error.
    make_private(&folder).unwrap();
    let path = folder.join("file");
    for content in ["a longer content", "short"] {
        write_private(&path, content.as_bytes()).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
    // Nothing else is left beside it.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn point_17_only_regular_files_are_read() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let fifo = root.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    let socket = root.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [&fifo, &socket, root.path(), Path::new("/dev/zero")] {
        let error = read_regular(path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{path:?}");
    }
    let file = root.path().join("file");
    fs::write(&file, "content").unwrap();
    for (mode, private) in [(0o600, true), (0o400, true), (0o644, false), (0o602, false)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(read_regular(&file).unwrap(), b"content");
        assert_eq!(read_private(&file).is_ok(), private, "{mode:o}");
    }
    // A link to a regular file is one.
    let link = root.path().join("link");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert!(read_regular(&link).is_ok());
}

#[test]
fn point_17_descriptors_that_a_shell_opened_are_read() {
    for (path, open) in [
        ("/dev/fd/63", true),
        ("/proc/self/fd/11", true),
        ("/dev/stdin", true),
        ("/dev/fd", false),
        ("/dev/fd/63/x", false),
        ("/dev/fd/a", false),
        ("/dev/zero", false),
        ("63", false),
        ("/tmp/fifo", false),
    ] {
        assert_eq!(is_open_already(Path::new(path)), open, "{path}");
    }
}

#[cfg(unix)]
#[test]
fn point_17_another_users_file_is_not_private() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("file");
    write_private(&path, b"content").unwrap();
    let own = this_user(&path).unwrap();
    let metadata = fs::metadata(&path).unwrap();
    owned_by(own, &metadata).unwrap();
    let error = owned_by(own + 1, &metadata).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    // Only the superuser can give a file away, and read it then.
    if std::os::unix::fs::chown(&path, Some(own + 1), None).is_ok() {
        let error = read_private(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        assert!(error.to_string().contains("another user"), "{error}");
    }
}

#[test]
fn no_file_is_read_without_end() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("file");
    fs::File::create(&path)
        .unwrap()
        .set_len(LONGEST + 1)
        .unwrap();
    let error = read_regular(&path).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("a/b");
    make_private(&folder).unwrap();
    let path = folder.join("file");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for write in [write_private, write_private_of_this_run] {
        // Also where the file was there before, for all to read.
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        write(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(mode(&path), 0o600);
    }
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(folder.parent().unwrap()), 0o700);
}
