use std::io::{Read, Write};

use http_body_util::{BodyExt, Empty};

use super::super::command_line::CommandLine;
use super::super::process::{HandlerError, HandlerSpec};
use super::super::variables::Environment;
use super::*;

/// Not a test: the handler that the tests below start, from this same binary.
#[test]
#[ignore = "started by other tests as the handler"]
fn fake_handler() {
    let Ok(port) = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT") else {
        return;
    };
    let listener = std::net::TcpListener::bind(format!("127.0.0.1:{port}")).unwrap();
    for stream in listener.incoming() {
        let (mut stream, mut head) = (stream.unwrap(), Vec::new());
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        if head.starts_with(b"GET /api/die") {
            std::process::exit(1);
        }
        let _ = write!(
            stream,
            "HTTP/1.1 201 Made\r\nx-own: 1\r\ncontent-length: {}\r\n\r\n",
            head.len()
        );
        let _ = stream.write_all(&head);
    }
}

fn spec(executable: std::path::PathBuf, arguments: &[&str]) -> HandlerSpec {
    HandlerSpec {
        executable,
        arguments: CommandLine::of(arguments),
        port: None,
        initialization_timeout: Duration::from_secs(30),
        working_directory: std::env::temp_dir(),
        app_root: std::env::temp_dir(),
        environment: vec![],
        quiet: true,
        launcher: None,
        refusals: Refusals::default(),
    }
}

async fn host(more: &str) -> Host {
    let test = "forward::tests::fake_handler";
    let spec = spec(
        std::env::current_exe().unwrap(),
        &["--ignored", "--exact", test],
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("any")).unwrap();
    let function = r#"{"bindings":[{"type":"httpTrigger","name":"req","authLevel":"anonymous","route":"{*any}"},{"type":"http","direction":"out","name":"res"}]}"#;
    std::fs::write(folder.path().join("any/function.json"), function).unwrap();
    let host = format!(
        r#"{{"version":"2.0","customHandler":{{"description":{{"defaultExecutablePath":"h"}},{more}}}}}"#
    );
    std::fs::write(folder.path().join("host.json"), host).unwrap();
    let app = FunctionApp::load(folder.path(), &Environment::default()).unwrap();
    let handler = Arc::new(Handler::start(spec).await.unwrap());
    Host::new(app, handler, Refusals::default())
}

async fn get(host: &Host, uri: &str) -> (u16, String) {
    let mut request = Request::get(uri)
        .header("host", "app:1")
        .header("connection", "x-drop")
        .header("x-drop", "1")
        .header("x-keep", "1")
        .header("x-azure-functions-invocationid", "forged")
        .body(Empty::<Bytes>::new())
        .unwrap();
    // As whatever stands before the host does.
    local_http::arrival::read(&mut request).unwrap();
    let response = host.call(request).await;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn forwards_and_survives_the_handlers_death() {
    let host = host(r#""enableForwardingHttpRequest":true"#).await;
    assert_eq!(get(&host, "/").await.0, 200);
    assert_eq!(get(&host, "/other").await.0, 404);

    let (status, head) = get(&host, "http://app:1/api/A%2fb/?q=%20x").await;
    assert_eq!(status, 201);
    assert!(
        head.starts_with("GET /api/A%2fb/?q=%20x HTTP/1.1\r\n"),
        "{head}"
    );
    for present in [
        "x-keep: 1",
        "host: app:1",
        "x-azure-functions-hostversion: ",
        "user-agent: Azure-Functions-Host/",
    ] {
        assert!(
            head.contains(&format!("\r\n{present}")),
            "{present} not in {head}"
        );
    }
    assert_eq!(head.matches("x-azure-functions-invocationid: ").count(), 1);
    assert!(
        !head.contains("forged") && !head.contains("x-drop"),
        "{head}"
    );

    assert_eq!(get(&host, "/api/die").await.0, 502);
    // The dying process's socket may take a call or two more, and those die with it.
    let mut status = 502;
    for _ in 0..100 {
        if status == 502 {
            status = get(&host, "/api/again").await.0;
        }
    }
    assert_eq!(status, 201, "a call waits for the restart");

    host.stop().await;
    assert_eq!(get(&host, "/api/gone").await.0, 503);
}

#[tokio::test]
async fn a_handler_that_cannot_run_is_explained() {
    let error = Handler::start(spec("/nowhere/handler".into(), &[]))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, HandlerError::CannotRun(_)), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn point_15_an_end_with_0_is_no_failure_and_the_port_decides() {
    let own = std::env::current_exe().unwrap();
    let background = format!(
        "'{}' --ignored --exact forward::tests::fake_handler & exit 0",
        own.display()
    );
    let started = Handler::start(spec("sh".into(), &["-c", &background])).await;
    let handler = started.map_err(|error| error.to_string()).unwrap();
    let port = handler.listening().await.unwrap().port;
    assert!(
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok()
    );
    handler.stop().await;
    assert!(
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_err()
    );

    // With nobody left there is nothing to wait for.
    #[cfg(target_os = "linux")]
    {
        let error = Handler::start(spec("sh".into(), &["-c", "echo bye"])).await;
        let error = error.err().unwrap().to_string();
        assert!(
            error.contains("left no process that answers") && error.contains("bye"),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn point_15_who_only_asks_for_restarts_is_given_up_at_the_tenth() {
    let error = Handler::start(spec("sh".into(), &["-c", "exit 200"])).await;
    let error = error.err().unwrap().to_string();
    assert!(
        error.contains("in 10 starts") && error.contains("asks for a restart"),
        "{error}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn point_12_a_handler_that_listens_elsewhere_is_told_where() {
    let own = std::env::current_exe().unwrap();
    let own = own.to_str().unwrap();
    // It is given a port, and listens on another.
    let script = format!(
        "FUNCTIONS_CUSTOMHANDLER_PORT=0 exec '{own}' --ignored --exact forward::tests::fake_handler"
    );
    let spec = HandlerSpec {
        initialization_timeout: Duration::from_secs(4),
        ..spec("sh".into(), &["-c", &script])
    };
    let error = Handler::start(spec).await.err().unwrap();
    let shown = local_failure::Failure::from(error).to_string();
    for says in [
        "in 1 start;",
        "listens on 127.0.0.1:",
        "and should on 127.0.0.1:",
        "os.Getenv(",
    ] {
        assert!(shown.contains(says), "{says}: {shown}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_handler_that_never_gets_ready_is_given_up_with_its_last_words() {
    let error = Handler::start(spec("sh".into(), &["-c", "echo last words; exit 3"]))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, HandlerError::GaveUp { .. }), "{error}");
    let error = error.to_string();
    assert!(
        error.contains("in 3 starts")
            && error.contains("exit status: 3")
            && error.contains("last words"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn point_10_a_call_is_copied_or_passed_as_the_section_says() {
    for (section, asked, target, agent) in [
        (
            r#""enableForwardingHttpRequest":true"#,
            "/api/x?a=1&a=2",
            "GET /api/x?a=1,2 ",
            "user-agent: curl/8 Azure-Functions-Host/",
        ),
        (
            r#""enableProxyingHttpRequest":true"#,
            "/api/x?a=1&a=2",
            "GET /api/x?a=1&a=2 ",
            "user-agent: curl/8\r\n",
        ),
    ] {
        let host = host(section).await;
        let mut request = Request::get(asked)
            .header("host", "app:1")
            .header("user-agent", "curl/8")
            .body(Empty::<Bytes>::new())
            .unwrap();
        local_http::arrival::read(&mut request).unwrap();
        let body = host.call(request).await.into_body();
        let body = body.collect().await.unwrap().to_bytes();
        let head = String::from_utf8(body.to_vec()).unwrap();
        assert!(head.starts_with(target), "{head}");
        assert!(head.contains(agent), "{head}");
        host.stop().await;
    }
}
