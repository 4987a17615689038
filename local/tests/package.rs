//! `greeting-local package`, as a program. What a real build of the handler does elsewhere is
//! `interop/package.py`'s: it needs minutes.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::io::Read;
use std::path::Path;
use std::process::Output;

use harness::program;

/// The least that is a static x86-64 program: a header and an empty loadable segment.
fn static_program() -> Vec<u8> {
    let mut bytes = vec![0; 120];
    bytes[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    bytes[18] = 62;
    bytes[32] = 64;
    bytes[54] = 56;
    bytes[56] = 1;
    bytes[64] = 1;
    bytes
}

fn package(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = program();
    command.current_dir(folder).arg("package").args(arguments);
    command.output().unwrap()
}

#[test]
fn the_zip_is_complete_listed_and_the_same_every_time() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("handler"), static_program()).unwrap();
    let made = package(folder.path(), &["--handler", "handler"]);
    assert!(made.status.success(), "{made:?}");
    let path = folder.path().join("greeting.zip");
    let bytes = std::fs::read(&path).unwrap();

    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
    let mut seen = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        seen.push((
            entry.name().unwrap().into_owned(),
            entry.unix_mode().unwrap() & 0o777,
            content,
        ));
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let read = |name: &str| std::fs::read(format!("{root}/{name}")).unwrap();
    assert_eq!(
        seen,
        [
            ("host.json".to_owned(), 0o644, read("host.json")),
            (
                "greeting/function.json".to_owned(),
                0o644,
                read("greeting/function.json")
            ),
            ("greeting-server".to_owned(), 0o755, static_program()),
        ]
    );
    // Size, mode, SHA-256 and name of each file, and of the zip.
    let listed = String::from_utf8(made.stdout).unwrap();
    let last: Vec<&str> = listed.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(listed.lines().count(), 4, "{listed}");
    assert_eq!(last[0], bytes.len().to_string());
    assert_eq!((last[1].len(), last[2]), (64, "greeting.zip"));

    // Again, over the first one, and from the checkout: the same bytes.
    let again = package(folder.path(), &["--handler", "handler"]);
    assert_eq!(again.stdout, listed.as_bytes());
    let handler = folder.path().join("handler");
    let out = folder.path().join("other.zip");
    let arguments = [
        "--handler",
        handler.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    assert!(package(Path::new(root), &arguments).status.success());
    assert_eq!(std::fs::read(path).unwrap(), std::fs::read(out).unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = folder
            .path()
            .join("greeting.zip")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o644);
    }
}

#[test]
fn what_azure_can_not_run_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    at("windows", b"MZ\x90\0");
    at("static", &static_program());
    at("greeting.zip", b"the last good one");
    let dynamic = env!("CARGO_BIN_EXE_greeting-local");
    for (arguments, says) in [
        (&["--handler", dynamic][..], "crt-static"),
        (&["--handler", "windows"], "not a 64-bit Linux program"),
        (
            &[
                "--handler",
                "static",
                "--target",
                "aarch64-unknown-linux-gnu",
            ],
            "it is for x86_64, not for aarch64",
        ),
        (&["--handler", "nowhere"], "--handler"),
        (
            &["--handler", "static", "--out", "nowhere/a.zip"],
            "no folder nowhere",
        ),
        (&["--handler", "static", "--out", "."], "it is a folder"),
        (&["--handler", "static", "--app-root", "."], "host.json"),
    ] {
        // The dynamic one is one on Linux only; elsewhere it is no Linux program at all.
        let says = if cfg!(target_os = "linux") || arguments[1] != dynamic {
            says
        } else {
            "Linux"
        };
        let refused = package(folder.path(), arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(refused.stdout.is_empty());
    }
    let kept = std::fs::read(folder.path().join("greeting.zip")).unwrap();
    assert_eq!(kept, b"the last good one");
}

#[test]
fn an_apps_own_files_and_names_are_packaged() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    at(
        "host.json",
        r#"{"version": "2.0", "customHandler": {"enableForwardingHttpRequest": true,
            "description": {"defaultExecutablePath": "bin/mine"}}}"#,
    );
    let function = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../greeting/function.json"
    ));
    for name in ["b", "a"] {
        at(&format!("{name}/function.json"), function.as_ref().unwrap());
    }
    std::fs::write(folder.path().join("mine"), static_program()).unwrap();
    let unbuilt = package(folder.path(), &[]);
    let said = String::from_utf8_lossy(&unbuilt.stderr);
    assert!(
        said.contains("bin/mine") && said.contains("--handler"),
        "{said}"
    );

    let made = package(folder.path(), &["--handler", "mine"]);
    assert!(made.status.success(), "{made:?}");
    let bytes = std::fs::File::open(folder.path().join("greeting.zip")).unwrap();
    let archive = zip::ZipArchive::new(bytes).unwrap();
    let mut names: Vec<_> = archive.file_names().map(Result::unwrap).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "a/function.json",
            "b/function.json",
            "bin/mine",
            "host.json"
        ]
    );
}
