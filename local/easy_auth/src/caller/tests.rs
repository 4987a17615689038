use local_http::serve::Scheme;

use super::super::settings::Settings;
use super::*;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";

fn request(method: &str, headers: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::builder()
        .method(method)
        .header("host", "shop.example:7071");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

fn site(method: &str, headers: &[(&str, &str)], cors: &[&str]) -> FromSite {
    let settings = Settings::parse(r#"{"platform":{"enabled":false}}"#, "test").unwrap();
    let request = request(method, headers);
    let own = Origin::of(&settings, None, request.headers(), Scheme::Http);
    let allowed = ["https://partner.example/back?x=1".to_owned()];
    let cors = Cors {
        origins: cors.iter().map(|one| one.parse().unwrap()).collect(),
        credentials: false,
    };
    from_site(&request, &own, &allowed, &cors)
}

#[test]
fn point_24_a_browser_is_known_by_its_agent_or_by_what_it_accepts() {
    let page = ("accept", "text/html,*/*;q=0.8");
    let any = ("accept", "*/*");
    let firefox = ("user-agent", FIREFOX);
    let angular = ("user-agent", "Angular");
    let token = ("authorization", "Bearer x");
    for (method, headers, by_agent, by_accept) in [
        ("GET", &[page, firefox][..], true, true),
        ("HEAD", &[page, firefox], true, true),
        // A browser's own call (fetch), and a program that asks for a page.
        ("GET", &[any, firefox], true, false),
        ("GET", &[page, angular], false, true),
        ("GET", &[page], false, true),
        ("GET", &[any, angular], false, false),
        ("GET", &[], false, false),
        ("POST", &[page, firefox], false, false),
        ("GET", &[page, firefox, token], false, false),
    ] {
        let request = request(method, headers);
        let found = (
            wants_page(&request, BrowserBy::UserAgent),
            wants_page(&request, BrowserBy::Accept),
        );
        assert_eq!(found, (by_agent, by_accept), "{method} {headers:?}");
    }
}

#[test]
fn point_26_a_browsers_post_says_which_page_it_comes_from() {
    let firefox = ("user-agent", FIREFOX);
    let foreign = |site: &str| FromSite::Foreign(site.to_owned());
    for (headers, expected) in [
        (&[][..], FromSite::Unnamed),
        (&[("origin", "http://shop.example:7071")], FromSite::Allowed),
        (
            &[("origin", "https://shop.example:7071")],
            FromSite::Allowed,
        ),
        (
            &[("referer", "http://shop.example:7071/cart?a=b")],
            FromSite::Allowed,
        ),
        (&[("origin", "https://partner.example")], FromSite::Allowed),
        (
            &[("origin", "http://partner.example")],
            foreign("http://partner.example"),
        ),
        (
            &[("origin", "http://shop.example:3000")],
            foreign("http://shop.example:3000"),
        ),
        (
            &[("origin", "http://shop.example:7071.evil.example")],
            foreign("http://shop.example:7071.evil.example"),
        ),
        (&[("origin", "null")], foreign("null")),
        (
            &[("referer", "https://evil.example/p?token=secret")],
            foreign("https://evil.example"),
        ),
        // Origin is asked first: a page can't set it, and can leave Referer out.
        (
            &[
                ("origin", "https://evil.example"),
                ("referer", "http://shop.example:7071/"),
            ],
            foreign("https://evil.example"),
        ),
    ] {
        let mut headers = headers.to_vec();
        headers.push(firefox);
        assert_eq!(site("POST", &headers, &[]), expected, "{headers:?}");
        for method in ["GET", "PUT", "DELETE"] {
            assert_eq!(site(method, &headers, &[]), FromSite::Allowed);
        }
        headers.pop();
        assert_eq!(site("POST", &headers, &[]), FromSite::Allowed, "no browser");
        headers.extend([firefox, ("x-zumo-auth", "x")]);
        assert_eq!(site("POST", &headers, &[]), FromSite::Allowed, "no cookie");
    }
    let page = [firefox, ("origin", "http://localhost:3000")];
    let cors = ["http://localhost:3000"];
    assert_eq!(site("POST", &page, &cors), FromSite::Allowed);
    assert_eq!(site("POST", &page, &["*"]), FromSite::Allowed);
    assert_eq!(site("POST", &[firefox], &["*"]), FromSite::Unnamed);
}
