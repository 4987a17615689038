use super::*;

fn cors(origins: &[&'static str], credentials: bool) -> Cors {
    Cors {
        origins: origins
            .iter()
            .copied()
            .map(HeaderValue::from_static)
            .collect(),
        credentials,
    }
}

fn ask(
    cors: &Cors,
    method: Method,
    origin: &str,
    preflight: bool,
) -> (Option<u16>, Option<String>, bool) {
    let mut request = Request::builder().method(method).header(ORIGIN, origin);
    if preflight {
        request = request.header(ACCESS_CONTROL_REQUEST_METHOD, "GET");
    }
    let request = request.body(()).unwrap();
    let status = cors
        .preflight(&request)
        .map(|response| response.status().as_u16());
    let mut headers = HeaderMap::new();
    cors.allow(cors.caller(request.headers()), &mut headers);
    let allowed = headers
        .get(ACCESS_CONTROL_ALLOW_ORIGIN)
        .map(|origin| origin.to_str().unwrap().to_owned());
    let credentials = headers.contains_key(ACCESS_CONTROL_ALLOW_CREDENTIALS);
    (status, allowed, credentials)
}

#[test]
fn only_listed_origins_may_call() {
    let listed = cors(&["https://a.example"], true);
    let a = || Some("https://a.example".to_owned());
    assert_eq!(
        ask(&listed, Method::OPTIONS, "https://a.example", true),
        (Some(204), a(), true)
    );
    assert_eq!(
        ask(&listed, Method::OPTIONS, "https://a.example", false),
        (None, a(), true)
    );
    assert_eq!(
        ask(&listed, Method::GET, "https://a.example", true),
        (None, a(), true)
    );
    assert_eq!(
        ask(&listed, Method::OPTIONS, "https://b.example", true),
        (None, None, false)
    );
    let anybody = cors(&["*"], true);
    let star = Some("*".to_owned());
    assert_eq!(
        ask(&anybody, Method::GET, "https://b.example", false),
        (None, star, false)
    );
    assert_eq!(
        ask(
            &cors(&[], false),
            Method::OPTIONS,
            "https://a.example",
            true
        ),
        (None, None, false)
    );
}
