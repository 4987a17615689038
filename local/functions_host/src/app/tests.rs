use super::*;

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
    FunctionApp::load(folder.path(), &Environment::default())
}

#[test]
fn defaults() {
    let app = load(Some(HOST), Some(FUNCTION)).unwrap();
    assert_eq!(
        (
            app.handler.executable.as_str(),
            app.functions[0].route.as_str()
        ),
        ("h", "greet")
    );
    assert!(app.function(&Method::DELETE, "/api/greet").is_some());
    assert_eq!(app.timeout, local_http::relay::ANSWER_TIMEOUT);
    assert!(app.notices.is_empty() && app.left_out.is_empty());
}

#[test]
fn comments_and_a_timeout() {
    let host = HOST.replacen('{', "{ // ours\n\"functionTimeout\":\"00:01:30\",", 1);
    let app = load(Some(&host), Some(FUNCTION)).unwrap();
    assert_eq!(app.timeout, Duration::from_secs(90));
}

#[test]
fn the_repository_is_an_app() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let app = FunctionApp::load(&root, &Environment::default()).unwrap();
    assert_eq!(app.handler.executable, "greeting-server");
    assert!(app.function(&Method::GET, "/api/greeting").is_some());
    assert!(app.function(&Method::POST, "/api/greeting").is_none());
    assert_eq!(
        app.files().unwrap(),
        ["host.json", "greeting/function.json"]
    );
}

#[test]
fn refusals_say_what_to_do() {
    let no_forwarding = HOST.replace("true", "false");
    let timer = FUNCTION.replace("httpTrigger", "timerTrigger");
    let regex = FUNCTION.replace(r#""name":"req""#, r#""name":"req","route":"{id:regex(x)}""#);
    let timeout = HOST.replace(r#""version""#, r#""functionTimeout":"5 min","version""#);
    for (host, function, expected) in [
        (None, None, "--app-root"),
        (Some("{\n  nope"), None, "line 2 column"),
        (Some("[]"), None, "a list, not an object"),
        (Some("{}"), None, "no customHandler"),
        (
            Some(
                r#"{"version":"2.0","customHandler":{"enableForwardingHttpRequest":true,"description":{}}}"#,
            ),
            None,
            "defaultExecutablePath",
        ),
        (Some(&*no_forwarding), None, "envelope"),
        (Some(HOST), None, "has no functions"),
        (Some(HOST), Some(&*timer), "a timerTrigger starts it"),
        (Some(HOST), Some("{"), "its function.json can't be read"),
        (Some(HOST), Some(&*regex), "regex(x)"),
        (Some(&*timeout), Some(FUNCTION), "00:05:00"),
    ] {
        let error = load(host, function).err().unwrap();
        let shown = error.failure("x").to_string();
        assert!(shown.contains(expected), "{shown}");
        assert!(shown.contains("\n  fix  "), "{shown}");
    }
}
