use super::*;

fn app(prefix: &str, route: &str) -> FunctionApp {
    let methods = Some(vec![Method::GET]);
    FunctionApp {
        root: PathBuf::new(),
        route_prefix: prefix.into(),
        functions: vec![Function {
            name: "f".into(),
            route: route.into(),
            methods,
        }],
        executable: "x".into(),
        arguments: vec![],
        working_directory: None,
    }
}

#[test]
fn routes() {
    for (prefix, route, path, expected) in [
        ("api", "greeting", "/api/greeting", true),
        ("api", "greeting", "/API/Greeting/", true),
        ("api", "/greeting", "/api/greeting", true),
        ("api", "greeting", "/api/greeting//", false),
        ("api", "greeting", "//api/greeting", false),
        ("api", "greeting", "/greeting", false),
        ("api", "greeting", "/api/greeting/x", false),
        ("api", "greeting", "/api", false),
        ("", "greeting", "/greeting", true),
        ("a/b", "c", "/a/b/c", true),
        ("api", "items/{id}", "/api/items/7", true),
        ("api", "items/{id:int}/x", "/api/items/7/X", true),
        ("api", "items/{id}", "/api/items", false),
        ("api", "items/{id}", "/api/items//", false),
        ("api", "items/{id?}", "/api/items", true),
        ("api", "files/{*rest}", "/api/files/a/b", true),
        ("api", "files/{*rest}", "/api/files", true),
        ("api", "files/{*rest}", "/api/other", false),
    ] {
        let app = app(prefix, route);
        assert_eq!(
            app.matches(&Method::GET, path),
            expected,
            "{prefix} {route} {path}"
        );
        assert!(!app.matches(&Method::POST, path));
    }
}

const HOST: &str = r#"{"version":"2.0","customHandler":{"description":{"defaultExecutablePath":"h"},"enableForwardingHttpRequest":true}}"#;
const FUNCTION: &str = r#"{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"anonymous"},{"type":"http","direction":"out","name":"res"}]}"#;

fn load(host: Option<&str>, function: Option<&str>) -> Result<FunctionApp, AppError> {
    let folder = tempfile::tempdir().unwrap();
    if let Some(host) = host {
        std::fs::write(folder.path().join("host.json"), host).unwrap();
    }
    if let Some(function) = function {
        std::fs::create_dir(folder.path().join("greet")).unwrap();
        std::fs::write(folder.path().join("greet/function.json"), function).unwrap();
    }
    FunctionApp::load(folder.path())
}

#[test]
fn defaults() {
    let app = load(Some(HOST), Some(FUNCTION)).unwrap();
    assert_eq!(
        (app.executable.as_str(), app.functions[0].route.as_str()),
        ("h", "greet")
    );
    assert!(app.matches(&Method::DELETE, "/api/greet"));
}

#[test]
fn the_repository_is_an_app() {
    let app = FunctionApp::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    assert_eq!(app.executable, "greeting-server");
    assert!(app.matches(&Method::GET, "/api/greeting"));
    assert!(!app.matches(&Method::POST, "/api/greeting"));
}

#[test]
fn refusals_say_what_to_do() {
    let no_forwarding = HOST.replace("true", "false");
    let keyed = FUNCTION.replace("anonymous", "function");
    let unset = FUNCTION.replace(r#","authLevel":"anonymous""#, "");
    let timer = FUNCTION.replace("httpTrigger", "timerTrigger");
    for (host, function, expected) in [
        (None, None, "--app-root"),
        (Some("{\n  nope"), None, "line 2 column 3"),
        (Some("{}"), None, "no customHandler"),
        (
            Some(r#"{"customHandler":{"description":{}}}"#),
            None,
            "defaultExecutablePath",
        ),
        (Some(&*no_forwarding), None, "envelope"),
        (Some(HOST), None, "has no functions"),
        (Some(HOST), Some(&*keyed), "function key"),
        (Some(HOST), Some(&*unset), "which means \"function\""),
        (Some(HOST), Some(&*timer), "httpTrigger"),
    ] {
        let error = load(host, function).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains('\n'), "{error}");
    }
}
