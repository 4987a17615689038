use super::*;

#[test]
fn routes_match_as_on_the_real_host() {
    for (prefix, route, path, expected) in [
        ("api", "greeting", "/api/greeting", true),
        ("api", "greeting", "/API/Greeting/", true),
        ("api", "/greeting", "/api/greeting", true),
        ("api", "greeting", "/api/%67reeting", true),
        ("api", "grüße", "/api/gr%C3%BC%C3%9Fe", true),
        ("api", "greeting", "/api%2Fgreeting", false),
        ("api", "greeting", "/api/greeting//", false),
        ("api", "greeting", "//api/greeting", false),
        ("api", "greeting", "/greeting", false),
        ("api", "greeting", "/api/greeting/x", false),
        ("api", "greeting", "/api", false),
        ("", "greeting", "/greeting", true),
        ("", "{*all}", "/", true),
        ("a/b", "c", "/a/b/c", true),
        ("api", "items/{id}", "/api/items/7", true),
        ("api", "items/{id}", "/api/items", false),
        ("api", "items/{id}", "/api/items//", false),
        ("api", "items/{id}", "/api/items/a%2Fb", true),
        ("api", "items/{id?}", "/api/items", true),
        ("api", "items/{id=5}", "/api/items", true),
        ("api", "items/{id:int?}", "/api/items", true),
        ("api", "items/{id:int?}", "/api/items/x", false),
        ("api", "items/{id:int}/x", "/api/items/7/X", true),
        ("api", "items/{id:int}", "/api/items/seven", false),
        ("api", "items/{id:int}", "/api/items/2147483648", false),
        ("api", "items/{id:long}", "/api/items/2147483648", true),
        ("api", "items/{id:int:min(3)}", "/api/items/3", true),
        ("api", "items/{id:int:min(3)}", "/api/items/2", false),
        ("api", "items/{id:range(1,9)}", "/api/items/10", false),
        ("api", "items/{id:max(9)}", "/api/items/9", true),
        ("api", "items/{id:bool}", "/api/items/True", true),
        ("api", "items/{id:bool}", "/api/items/1", false),
        (
            "api",
            "items/{id:guid}",
            "/api/items/6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93",
            true,
        ),
        ("api", "items/{id:guid}", "/api/items/7", false),
        ("api", "items/{id:alpha}", "/api/items/abc", true),
        ("api", "items/{id:alpha}", "/api/items/ab1", false),
        ("api", "items/{id:decimal}", "/api/items/1.5", true),
        ("api", "items/{id:decimal}", "/api/items/inf", false),
        ("api", "items/{id:length(2)}", "/api/items/abc", false),
        ("api", "items/{id:length(2,3)}", "/api/items/abc", true),
        ("api", "items/{id:minlength(2)}", "/api/items/a", false),
        ("api", "items/{id:maxlength(2)}", "/api/items/ab", true),
        ("api", "items/{id:required}", "/api/items/ab", true),
        ("api", "files/{*rest}", "/api/files/a/b", true),
        ("api", "files/{*rest}", "/api/files", true),
        ("api", "files/{*rest}", "/api/other", false),
    ] {
        let parsed = Route::parse(prefix, route).unwrap();
        assert_eq!(parsed.matches(path), expected, "{prefix} {route} {path}");
    }
}

#[test]
fn what_is_not_matched_as_there_is_refused() {
    for (route, names) in [
        ("a{b}", "a{b}"),
        ("{a}{b}", "{a}{b}"),
        ("{}", "no name"),
        ("{id:regex(^x$)}", "regex(^x$)"),
        ("{id:datetime}", "datetime"),
        ("{id:length(x)}", "length(x)"),
        ("{id:length(-1)}", "length(-1)"),
        ("{id:min(3}", "min(3"),
        ("{*rest}/x", "end"),
        ("{id?}/x", "end"),
    ] {
        let error = Route::parse("api", route).unwrap_err();
        assert!(error.contains(names), "{route}: {error}");
    }
}

#[test]
fn point_14_a_route_that_asp_net_core_refuses_is_refused() {
    for (prefix, route, names) in [
        ("api", "x//y", "the route \"x//y\" has consecutive slashes"),
        (
            "a//b",
            "x",
            "the routePrefix \"a//b\" has consecutive slashes",
        ),
        ("api", "{id}/{id}", "the parameter \"id\""),
        ("api", "{id:int}/x/{ID?}", "the parameter \"ID\""),
        ("{id}", "{id}", "the parameter \"id\""),
        ("api", "{id}/{*id}", "the parameter \"id\""),
        ("api", "a?q", "\"a?q\" has a ? in literal text"),
        ("a?q", "x", "\"a?q\" has a ? in literal text"),
    ] {
        let error = Route::parse(prefix, route).map(|_| ()).unwrap_err();
        assert!(error.contains(names), "{prefix} {route}: {error}");
    }
    assert!(Route::parse("/api/", "/x/{a}/{b?}").is_ok());
}

#[test]
fn point_11_urls_that_are_shown_can_be_called() {
    for (route, expected) in [
        ("greeting", "/api/greeting"),
        ("items/{id:int}/parts/{part?}", "/api/items/1/parts"),
        ("files/{*path}", "/api/files/example"),
        ("x/{id:guid}", "/api/x/00000000-0000-0000-0000-000000000001"),
        ("x/{id:int:min(3)}", "/api/x/3"),
        ("x/{id:length(4)}", "/api/x/aaaa"),
        ("x/{id:bool}", "/api/x/true"),
        ("x/{name:alpha}", "/api/x/example"),
    ] {
        let parsed = Route::parse("api", route).unwrap();
        assert_eq!(parsed.example(), expected, "{route}");
        assert!(parsed.matches(&parsed.example()), "{route}");
    }
}
