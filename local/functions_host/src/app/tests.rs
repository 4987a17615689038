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
    assert_eq!(app.timeout, ANSWER_TIMEOUT);
}

#[test]
fn comments_and_a_timeout() {
    let host = HOST.replacen('{', "{ // ours\n\"functionTimeout\":\"00:01:30\",", 1);
    let app = load(Some(&host), Some(FUNCTION)).unwrap();
    assert_eq!(app.timeout, Duration::from_secs(90));
}

#[test]
fn the_repository_is_an_app() {
    let app = FunctionApp::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap();
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
    let regex = FUNCTION.replace(r#""name":"req""#, r#""name":"req","route":"{id:regex(x)}""#);
    let timeout = HOST.replace(r#""version""#, r#""functionTimeout":"5 min","version""#);
    for (host, function, expected) in [
        (None, None, "--app-root"),
        (Some("{\n  nope"), None, "line 2 column"),
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
        (Some(HOST), Some(&*regex), "regex(x)"),
        (Some(&*timeout), None, "hh:mm:ss"),
    ] {
        let error = load(host, function).err().unwrap();
        let shown = error.failure("x").to_string();
        assert!(shown.contains(expected), "{shown}");
        assert!(shown.contains("\n  fix  "), "{shown}");
    }
}
