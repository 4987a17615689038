use super::*;

fn load(text: &str) -> Result<LocalSettings, AppError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("local.settings.json"), text).unwrap();
    LocalSettings::load(folder.path(), &Environment::default())
}

#[test]
fn point_3_values_become_strings_as_func_has_them() {
    let settings = load(
        r#"{
        // Comments and a trailing comma are allowed there.
        "IsEncrypted": false,
        "Values": {"A": "text", "B": true, "C": 7, "D": null, "": "x",},
        "ConnectionStrings": {"Db": "x", "Other": {"ConnectionString": "y", "ProviderName": "p"}},
        "Host": {"localhttpport": "7072", "CORS": "https://a.example/, https://b.example"},
        "host": {}
        }"#,
    )
    .unwrap();
    let values: Vec<_> = settings.added().collect();
    assert_eq!(
        values,
        [
            ("A", "text"),
            ("B", "True"),
            ("C", "7"),
            ("ConnectionStrings:Db", "x"),
            ("ConnectionStrings:Other", "y"),
        ]
    );
    assert_eq!(settings.port, Some(7072));
    assert_eq!(
        settings.cors.origins,
        ["https://a.example", "https://b.example"]
    );
    let notices = settings.notices.join("\n");
    for said in [
        "host is not read",
        "write Host",
        "Values.D is null",
        "without a name",
        "https://a.example/",
    ] {
        assert!(notices.contains(said), "{said}: {notices}");
    }
    assert!(load("{}").unwrap().values.is_empty());
}

#[test]
fn the_environment_has_the_last_word() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("local.settings.json"),
        r#"{"IsEncrypted": false, "Values": {"A": "file", "B": "file", "C": "file"}}"#,
    )
    .unwrap();
    let environment = [("A", "shell"), ("B", "")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let environment = environment.into_iter().collect();
    let settings = LocalSettings::load(folder.path(), &environment).unwrap();
    assert_eq!(settings.setting("A").as_deref(), Some("shell"));
    assert_eq!(settings.setting("B").as_deref(), Some("file"));
    assert_eq!(
        settings.added().collect::<Vec<_>>(),
        [("B", "file"), ("C", "file")]
    );
}

#[test]
fn what_can_not_be_used_is_refused() {
    for (text, names) in [
        (
            r#"{"IsEncrypted": true, "Values": {"A": "b"}}"#,
            "func settings decrypt",
        ),
        (r#"{"Values": {"A=B": "c"}}"#, "A=B"),
        (r#"{"Values": 5}"#, "Values is \"5\""),
        (
            r#"{"Values": {"S": {"ConnectionString": "y"}}}"#,
            "Values.S is an object",
        ),
        (
            r#"{"ConnectionStrings": {"S": {"connectionString": "y"}}}"#,
            "ConnectionStrings.S is an object",
        ),
        (r#"{"Host": {"LocalHttpPort": "x"}}"#, "Host.LocalHttpPort"),
        (
            r#"{"Host": {"CORS": "*", "CORSCredentials": "True"}}"#,
            "CORS forbids",
        ),
        (r#"{"IsEncrypted": "no"}"#, "IsEncrypted is \"no\""),
        ("{", "local.settings.json"),
    ] {
        let error = load(text).err().unwrap().failure("x").to_string();
        assert!(error.contains(names), "{error}");
        assert!(!error.contains("\"y\""), "a value is shown: {error}");
    }
}
