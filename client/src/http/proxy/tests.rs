use super::*;

/// The proxy for an https URL, with these variables.
fn of_https(variables: &[(&str, &str)]) -> Result<Option<(&'static str, String)>, UnusableProxy> {
    let url = Url::parse("https://app.contoso.com/api/greeting").unwrap();
    let proxy = named(&url, |name| {
        let set = variables.iter().find(|(set, _)| *set == name)?;
        Some(set.1.to_owned())
    })?;
    Ok(proxy.map(|proxy| (proxy.variable.unwrap(), proxy.to_string())))
}

#[test]
fn the_variable_and_the_place_of_a_proxy_are_known() {
    for (variables, expected) in [
        (&[][..], None),
        (&[("HTTP_PROXY", "http://p:1")], None),
        (
            &[("HTTPS_PROXY", "http://p:1")],
            Some(("HTTPS_PROXY", "p:1")),
        ),
        (&[("https_proxy", "p:1")], Some(("https_proxy", "p:1"))),
        (&[("HTTPS_PROXY", "p")], Some(("HTTPS_PROXY", "p:80"))),
        (
            &[("all_proxy", "socks5://p")],
            Some(("all_proxy", "p:1080")),
        ),
        (
            &[("HTTPS_PROXY", "http://user:pass@[::1]:8080/")],
            Some(("HTTPS_PROXY", "[::1]:8080")),
        ),
        (
            &[
                ("ALL_PROXY", "http://other:2"),
                ("https_proxy", "http://p:1"),
            ],
            Some(("https_proxy", "p:1")),
        ),
        (
            &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "contoso.com")],
            None,
        ),
        (&[("HTTPS_PROXY", "http://p:1"), ("no_proxy", "*")], None),
        (
            &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "app.contoso")],
            Some(("HTTPS_PROXY", "p:1")),
        ),
        (
            &[("HTTPS_PROXY", "not a url"), ("NO_PROXY", ".contoso.com")],
            None,
        ),
        (
            &[("HTTPS_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")],
            None,
        ),
    ] {
        let expected = expected.map(|(name, place)| (name, place.to_owned()));
        assert_eq!(of_https(variables), Ok(expected), "{variables:?}");
    }
}

#[test]
fn a_value_that_no_proxy_has_is_told_with_its_variable() {
    for (value, why) in [
        ("not a url", "not the URL"),
        ("http://", "not the URL"),
        ("http://:8080", "no host"),
        ("http://p:99999", "port"),
        ("http://p:0", "port"),
        ("http://p:", "port"),
        ("http://user:secret@p:80a", "port"),
        ("ftp://p:1", "scheme"),
        ("://p", "scheme"),
    ] {
        let error = of_https(&[("HTTPS_PROXY", value)]).expect_err(value);
        assert_eq!(error.variable, "HTTPS_PROXY");
        assert!(error.why.contains(why), "{value}: {}", error.why);
    }
}

/// What is read here is what the client does: the same proxy, or none.
#[test]
fn the_client_uses_the_same_proxy() {
    for value in [
        "http://p:1",
        "p:1",
        "p",
        "https://p",
        "socks5h://p:1",
        "http://u:p@p:1/path",
        "http://[::1]:3128",
    ] {
        let uri: Uri = "https://app.contoso.com/".parse().unwrap();
        let client = Matcher::builder().https(value.to_owned()).build();
        let used = client.intercept(&uri).unwrap();
        let (scheme, host, port) = read(value).unwrap();
        assert_eq!(used.uri().scheme_str(), Some(scheme), "{value}");
        assert_eq!(used.uri().host(), Some(host.as_str()), "{value}");
        let usual = SCHEMES.iter().find(|(it, _)| *it == scheme).unwrap().1;
        assert_eq!(used.uri().port_u16().unwrap_or(usual), port, "{value}");
    }
}
