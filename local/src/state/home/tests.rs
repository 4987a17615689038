use super::*;

fn named(folder: &Path, name: &str) -> StackRef {
    StackRef::new(Some(folder.to_owned()), Some(name.parse().unwrap()))
}

#[test]
fn a_line_says_which_stack_is_meant() {
    let line = |dir: Option<&str>, name: Option<&str>| {
        let name = name.map(|name| name.parse().unwrap());
        StackRef::new(dir.map(PathBuf::from), name).line("stop")
    };
    assert_eq!(line(None, None), "greeting-local stop");
    assert_eq!(line(None, Some("default")), "greeting-local stop");
    assert_eq!(line(None, Some("two")), "greeting-local stop --name two");
    #[cfg(unix)]
    assert_eq!(
        line(Some("/a b"), Some("two")),
        "greeting-local stop --state-dir '/a b' --name two"
    );
}

#[test]
fn a_stack_with_a_name_is_found_once_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let failed = Home::find(named(folder.path(), "two"), "env").unwrap_err();
    let said = failed.to_string();
    assert!(said.contains("there is no stack two"), "{said}");
    assert!(
        !folder.path().join(STACKS).exists(),
        "it was only asked for"
    );
    let made = Home::make(named(folder.path(), "two")).unwrap();
    assert!(made.path.ends_with("stacks/two"));
    Home::find(named(folder.path(), "two"), "env").unwrap();
    let said = Home::find(named(folder.path(), "tow"), "env")
        .unwrap_err()
        .to_string();
    assert!(said.contains("the stacks with a name are two"), "{said}");
    assert!(said.contains("env --state-dir "), "{said}");
    assert!(said.contains("--name two"), "{said}");
}

#[test]
fn all_stacks_are_those_that_this_program_has_made() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["two", "api", "three"] {
        Home::make(named(folder.path(), name)).unwrap();
    }
    std::fs::create_dir(folder.path().join("stacks/not a name")).unwrap();
    std::fs::write(folder.path().join("stacks/file"), "").unwrap();
    let all = named(folder.path(), "two").all().unwrap();
    let names: Vec<&str> = all.iter().map(|home| home.stack.name()).collect();
    assert_eq!(names, ["default", "api", "three", "two"]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_can_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    Home::make(named(folder.path(), "two")).unwrap();
    for open in ["stacks", "stacks/two"] {
        let path = folder.path().join(open);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        let said = Home::make(named(folder.path(), "two"))
            .unwrap_err()
            .to_string();
        assert!(said.contains("chmod 700"), "{said}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let mode = |path: &str| {
        std::fs::metadata(folder.path().join(path))
            .unwrap()
            .permissions()
            .mode()
    };
    assert_eq!(mode("stacks/two") & 0o777, 0o700);
}
