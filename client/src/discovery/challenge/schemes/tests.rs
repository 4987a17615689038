use proptest::prelude::*;

use super::*;

fn names(header: &str) -> Vec<String> {
    let name = |scheme: Scheme| scheme.name;
    schemes(header).into_iter().map(name).collect()
}

#[test]
fn several_schemes_in_one_header_are_told_apart() {
    for (header, expected) in [
        (
            "Negotiate, Bearer realm=\"a\", scope=\"b c\"",
            vec!["Negotiate", "Bearer"],
        ),
        (
            "Basic realm=\"x, y\", Bearer authorization_uri=\"u\" resource_id=\"r\"",
            vec!["Basic", "Bearer"],
        ),
        (
            "DPoP algs=\"ES256 RS256\", error=\"use_dpop_nonce\", Bearer realm=\"a\"",
            vec!["DPoP", "Bearer"],
        ),
        ("Negotiate YWJj==, Bearer", vec!["Negotiate", "Bearer"]),
        (
            "AzureApiManagementKey realm=\"https://g/api\",name=\"Ocp-Apim-Subscription-Key\",type=\"header\"",
            vec!["AzureApiManagementKey"],
        ),
        (
            "Bearer realm=\"h\" authorization_uri=\"u\" resource_id=\"r\"",
            vec!["Bearer"],
        ),
        (" , ,Bearer , ,", vec!["Bearer"]),
        ("Bearer realm = \"a\"", vec!["Bearer"]),
        ("", vec![]),
        ("=a", vec![]),
    ] {
        assert_eq!(names(header), expected, "{header}");
    }
    let both = schemes("Basic realm=\"x, \\\"y\\\"\", Bearer a=1, b=https://h/p resource_id=\"r\"");
    assert_eq!(both[0].get("REALM"), Some("x, \"y\""));
    assert_eq!(
        [
            both[1].get("a"),
            both[1].get("b"),
            both[1].get("resource_id")
        ],
        [Some("1"), Some("https://h/p"), Some("r")]
    );
    assert_eq!(
        schemes("Negotiate YWJj==")[0].token68.as_deref(),
        Some("YWJj==")
    );
    // What begins within another's quotes is that one's value.
    assert_eq!(names("Basic realm=\"a, Bearer realm=b\""), ["Basic"]);
}

/// A challenge, and the text of it.
fn one() -> impl Strategy<Value = (Scheme, String)> {
    let parameters = prop::collection::vec(
        ("[A-Za-z_][A-Za-z0-9_-]{0,8}", "[ -~]{0,12}", any::<bool>()),
        0..4,
    );
    let separator = prop::sample::select(vec![",", ", ", " , ", " ", ",,"]);
    (
        "[A-Z][A-Za-z0-9]{0,9}",
        prop::option::of("[A-Za-z0-9._~+/-]{1,12}={0,2}"),
        parameters,
        separator,
    )
        .prop_map(|(name, token68, parameters, separator)| {
            let token68 = token68.filter(|_| parameters.is_empty());
            let mut written = Vec::new();
            let mut read = Vec::new();
            for (key, value, quoted) in parameters {
                let plain = !value.is_empty() && value.chars().all(is_token);
                if plain && !quoted {
                    written.push(format!("{key}={value}"));
                } else {
                    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
                    written.push(format!("{key}=\"{escaped}\""));
                }
                read.push((key, value));
            }
            let text = match &token68 {
                Some(token68) => format!("{name} {token68}"),
                None => format!("{name} {}", written.join(separator))
                    .trim_end()
                    .to_owned(),
            };
            (
                Scheme {
                    name,
                    token68,
                    parameters: read,
                },
                text,
            )
        })
}

proptest! {
    /// Every list that the grammar allows, and Easy Auth's spaces, are read as they were meant.
    #[test]
    fn every_legal_list_is_read(list in prop::collection::vec(one(), 0..4)) {
        let text: Vec<&str> = list.iter().map(|(_, text)| text.as_str()).collect();
        let meant: Vec<Scheme> = list.iter().map(|(scheme, _)| scheme.clone()).collect();
        prop_assert_eq!(schemes(&text.join(", ")), meant);
    }

    #[test]
    fn no_header_panics(text in "\\PC*", scheme in "(Bearer|Basic|DPoP) ?") {
        let _ = schemes(&text);
        let _ = schemes(&format!("{scheme}{text}"));
        let _ = schemes(&format!("Bearer a=\"{text}"));
    }
}
