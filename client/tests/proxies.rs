//! A proxy on this side that fails, or a variable that names none: the proxy is what is named, and
//! not the function behind it.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::net::TcpListener;
use std::process::Output;

use harness::{Server, TOKEN, answer, challenge, cli, finish, first, report};

/// No such name is ever given (RFC 6761).
const APP: &str = "https://contoso-greeting.invalid/api/greeting";

fn call(variables: &[(&str, &str)], more: &[&str]) -> Output {
    let state = tempfile::tempdir().unwrap();
    let arguments = [&["call", APP, "--access-token", "-"][..], more].concat();
    let mut command = cli(state.path(), &arguments);
    command.envs(variables.iter().copied());
    finish(command, TOKEN)
}

/// A port on which nothing listens.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_proxy_that_fails_is_named_by_host_port_variable_and_answer() {
    let place = |server: &Server| server.origin.strip_prefix("http://").unwrap().to_owned();
    let forbids = Server::saying(answer(
        "403 Forbidden\r\nServer: squid",
        "<html><title>Denied by policy 7</title></html>",
    ));
    let asks = Server::saying(answer(
        "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"",
        "",
    ));
    let breaks = Server::saying(answer("502 Bad Gateway", "no route to that host"));
    let nobody = closed();
    for (variable, value, proxy, said, fix) in [
        (
            "HTTPS_PROXY",
            "http://proxy.invalid:3128".to_owned(),
            "proxy.invalid:3128".to_owned(),
            "does not resolve",
            "NO_PROXY=contoso-greeting.invalid",
        ),
        (
            "https_proxy",
            format!("http://{nobody}"),
            nobody.clone(),
            "no connection to the proxy",
            "check the host and port in https_proxy",
        ),
        (
            "ALL_PROXY",
            format!("http://user:hunter2@{}", place(&forbids)),
            place(&forbids),
            "403 Forbidden (Server: squid): Denied by policy 7",
            "have the proxy's owner allow contoso-greeting.invalid:443",
        ),
        (
            "HTTPS_PROXY",
            place(&asks),
            place(&asks),
            "407 Proxy Authentication Required",
            "USER:PASSWORD@",
        ),
        (
            "HTTPS_PROXY",
            place(&breaks),
            place(&breaks),
            "502 Bad Gateway: no route to that host",
            "NO_PROXY",
        ),
        (
            "all_proxy",
            format!("socks5h://{nobody}"),
            nobody.clone(),
            "no connection to the proxy",
            "all_proxy",
        ),
    ] {
        let variables = [(variable, value.as_str())];
        let output = call(&variables, &["--output", "json"]);
        assert_eq!(first(&output), (7, "proxy-failed".to_owned()), "{value}");
        let report = report(&output);
        let finding = &report["findings"][0];
        assert_eq!(finding["certainty"], "proved", "{value}");
        assert_eq!(finding["evidence"][0]["seen"], proxy, "{report}");
        assert_eq!(finding["evidence"][1]["seen"], variable, "{report}");
        let all = report.to_string();
        assert!(all.contains(said), "{value}: {all}");
        assert!(finding["fix"].as_str().unwrap().contains(fix), "{all}");
        assert!(!all.contains("hunter2"), "{all}");
        let human = call(&variables, &[]);
        let human = String::from_utf8(human.stderr).unwrap();
        assert!(human.contains("did not get past the proxy"), "{human}");
        assert!(
            human.contains(&proxy) && human.contains(variable),
            "{human}"
        );
        assert!(!human.contains("app is started"), "{human}");
    }
    // Nobody but the proxy was spoken to, and it never saw the token.
    for proxy in [&forbids, &asks, &breaks] {
        let asked = proxy.asked();
        assert!(!asked.is_empty());
        for request in asked {
            let connect = "CONNECT contoso-greeting.invalid:443 HTTP/1.1";
            assert!(request.starts_with(connect), "{request}");
        }
        assert!(!proxy.was_sent(TOKEN));
    }
}

/// Beside the same name without a proxy: then it is the function's that does not resolve.
#[test]
fn without_a_proxy_the_name_is_the_functions() {
    for variables in [
        &[][..],
        &[("HTTPS_PROXY", "")],
        &[("HTTP_PROXY", "not a url")],
        &[
            ("HTTPS_PROXY", "http://proxy.invalid:1"),
            ("NO_PROXY", "invalid"),
        ],
        &[
            ("HTTPS_PROXY", "not a url"),
            ("no_proxy", "other, contoso-greeting.invalid"),
        ],
    ] {
        let output = call(variables, &["--output", "json"]);
        assert_eq!(first(&output), (7, "dns".to_owned()), "{variables:?}");
    }
}

/// A blank HTTPS_PROXY is not set: the other spelling is.
#[cfg(unix)]
#[test]
fn a_blank_variable_hides_no_other() {
    let variables = [
        ("HTTPS_PROXY", " "),
        ("https_proxy", "http://proxy.invalid:1"),
    ];
    let output = call(&variables, &["--output", "json"]);
    assert_eq!(first(&output), (7, "proxy-failed".to_owned()));
}

#[test]
fn a_proxy_variable_that_cannot_be_used_is_named() {
    for value in [
        "not a url",
        "http://",
        "http://proxy.invalid:99999",
        "http://user:hunter2@proxy.invalid:80x",
        "ftp://proxy.invalid",
    ] {
        let variables = [("HTTPS_PROXY", value)];
        let output = call(&variables, &["--output", "json"]);
        assert_eq!(first(&output), (7, "proxy-variable".to_owned()), "{value}");
        let report = report(&output);
        assert_eq!(report["findings"][0]["evidence"][0]["seen"], "HTTPS_PROXY");
        assert!(!report.to_string().contains("hunter2"), "{report}");
        let human = String::from_utf8(call(&variables, &[]).stderr).unwrap();
        assert!(human.contains("unset HTTPS_PROXY"), "{human}");
    }
}

/// Calls to this machine use no proxy, and its variable is of no interest.
#[test]
fn a_call_to_this_machine_uses_no_proxy() {
    for value in ["not a url", "http://proxy.invalid:1"] {
        let server = Server::saying(answer("200 OK", "Hello"));
        let state = tempfile::tempdir().unwrap();
        let arguments = ["call", &server.url, "--access-token", "-"];
        let mut command = cli(state.path(), &arguments);
        command.env("HTTPS_PROXY", value).env("HTTP_PROXY", value);
        let output = finish(command, TOKEN);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }
}

/// The authority that is not reached, beside the function that is not.
#[test]
fn an_authority_that_is_not_reached_is_told_as_the_authority() {
    let nobody = format!("http://{}", closed());
    let server = Server::new(move |_, _| challenge(&nobody, "r"));
    let state = tempfile::tempdir().unwrap();
    let call = |more: &[&str], variables: &[(&str, &str)]| {
        let device = ["--credential", "device-code", "--output", "json"];
        let arguments = [&["call", &server.url][..], &device, more].concat();
        let mut command = cli(state.path(), &arguments);
        command.envs(variables.iter().copied());
        finish(command, "")
    };
    let output = call(&[], &[]);
    assert_eq!(first(&output), (3, "authority-unreachable".to_owned()));
    let all = report(&output).to_string();
    assert!(all.contains("greeting-local up"), "{all}");
    let other = [
        "--authority-host",
        "https://idp.invalid",
        "--tenant",
        "t",
        "--scope",
        "api://x/Greeting.Read",
    ];
    let output = call(&other, &[]);
    assert_eq!(first(&output), (3, "authority-unreachable".to_owned()));
    let all = report(&output).to_string();
    assert!(all.contains("--authority-host"), "{all}");
    // And a proxy on the way to it is the proxy.
    let output = call(&other, &[("HTTPS_PROXY", "http://proxy.invalid:1")]);
    assert_eq!(first(&output), (7, "proxy-failed".to_owned()));
    let output = call(&other, &[("HTTPS_PROXY", "http://")]);
    assert_eq!(first(&output), (7, "proxy-variable".to_owned()));
}

#[test]
fn doctor_names_the_proxy_and_its_variable() {
    let doctor = |variables: &[(&str, &str)]| {
        let state = tempfile::tempdir().unwrap();
        let mut command = cli(state.path(), &["doctor", APP, "--output", "json"]);
        command.envs(variables.iter().copied());
        let output = finish(command, "");
        assert_eq!(output.status.code(), Some(1));
        let report = report(&output);
        let checks = report["checks"].as_array().unwrap();
        let proxy = checks.iter().find(|check| check["link"] == "proxy");
        proxy.unwrap().clone()
    };
    let check = doctor(&[("HTTPS_PROXY", "http://proxy.invalid:1")]);
    assert_eq!(check["finding"]["code"], "proxy-failed");
    let check = doctor(&[("HTTPS_PROXY", "http://")]);
    assert_eq!(check["finding"]["code"], "proxy-variable");
    let exempt = [("HTTPS_PROXY", "http://proxy.invalid:1"), ("NO_PROXY", "*")];
    let check = doctor(&exempt);
    assert_eq!(check["seen"], "none: NO_PROXY names the host", "{check}");
    assert_eq!(doctor(&[])["seen"], "none is named");
}
