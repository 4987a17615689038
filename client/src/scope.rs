//! The scope that the function asks for, and its whole name.

/// The scope that the function asks for.
pub(crate) const SCOPE: &str = "Greeting.Read";

/// OpenID Connect's own scopes, which belong to no API (OpenID Connect Core 1.0 sections 5.4, 11).
const OPENID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Whether a scope is one of OpenID Connect's own.
pub(crate) fn is_openid(scope: &str) -> bool {
    OPENID.contains(&scope)
}

/// The scope of this function's API.
pub(crate) fn scope_of(resource: &str) -> String {
    whole(SCOPE, resource)
}

/// Whether every scope of a list says whose it is (`api://<client-id>/Greeting.Read`). Entra ID
/// takes a bare name for one of Microsoft Graph, and a bare `.default` for nothing.
pub(crate) fn names_resource(scopes: &str) -> bool {
    let mut scopes = scopes
        .split_ascii_whitespace()
        .filter(|scope| !OPENID.contains(scope))
        .peekable();
    scopes.peek().is_some() && scopes.all(is_whole)
}

/// A list of scopes in which each bare name is one of `resource`'s.
pub(crate) fn of_resource(scopes: &str, resource: &str) -> String {
    let whole = |scope: &str| {
        if scope.contains('/') || OPENID.contains(&scope) {
            scope.to_owned()
        } else {
            whole(scope, resource)
        }
    };
    let scopes: Vec<_> = scopes.split_ascii_whitespace().map(whole).collect();
    scopes.join(" ")
}

/// What somebody else asks for, as scopes of `resource` and of nothing else: of each only its name
/// is taken. None: they name nothing.
pub(crate) fn asked_of(scopes: &str, resource: &str) -> Option<String> {
    let names: Vec<String> = scopes
        .split_ascii_whitespace()
        .filter(|scope| !OPENID.contains(scope) && is_plain(scope))
        .filter_map(|scope| scope.rsplit('/').next())
        .filter(|name| !name.is_empty())
        .map(|name| whole(name, resource))
        .collect();
    (!names.is_empty()).then(|| names.join(" "))
}

/// Whether a name has only characters of the names of tenants, APIs and scopes. Scopes are
/// separated by spaces (RFC 6749 section 3.3), so that one with a space would ask for more; and
/// names are printed in commands to paste, in which a shell must find nothing to run or to
/// expand (`~`), and a program no option.
pub(crate) fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/+@".contains(&byte);
    name.as_bytes()
        .first()
        .is_some_and(u8::is_ascii_alphanumeric)
        && name.bytes().all(plain)
}

/// What stands before a scope's name; the scope itself where there is only a name.
pub(crate) fn resource_of(scope: &str) -> &str {
    scope.rsplit_once('/').map_or(scope, |(api, _)| api)
}

/// A resource that is more than a scheme, and a name.
fn is_whole(scope: &str) -> bool {
    scope.rsplit_once('/').is_some_and(|(resource, name)| {
        // Of `api:///X` and `api://X` nothing is left.
        let host = resource.split_once(':').map_or(resource, |(_, host)| host);
        !name.is_empty() && host.contains(|c: char| c.is_ascii_alphanumeric())
    })
}

/// A scope's whole name.
pub(crate) fn whole(scope: &str, resource: &str) -> String {
    if resource.contains("://") {
        format!("{}/{scope}", resource.trim_end_matches('/'))
    } else {
        format!("api://{resource}/{scope}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_13_only_a_scope_that_names_its_resource_says_whose_it_is() {
        for (scopes, names) in [
            ("api://2f0b/Greeting.Read", true),
            ("api://2f0b/.default", true),
            ("2f0b/.default", true),
            ("https://contoso.example/api/Greeting.Read openid", true),
            ("Greeting.Read", false),
            (".default", false),
            ("/.default", false),
            ("/Greeting.Read", false),
            ("api:///Greeting.Read", false),
            ("api://.default", false),
            ("api://2f0b/", false),
            ("openid offline_access", false),
            ("api://2f0b/Greeting.Read Mail.Read", false),
            ("", false),
        ] {
            assert_eq!(names_resource(scopes), names, "{scopes:?}");
        }
    }

    #[test]
    fn what_a_function_asks_for_is_of_its_own_api() {
        for (scopes, asked) in [
            ("Todo.Read", Some("api://r/Todo.Read")),
            (
                "openid Todo.Read  Todo.Write",
                Some("api://r/Todo.Read api://r/Todo.Write"),
            ),
            (
                "https://graph.microsoft.com/Mail.Read",
                Some("api://r/Mail.Read"),
            ),
            ("api://victim/.default", Some("api://r/.default")),
            ("x;ls", None),
            ("api://r/", None),
            ("openid", None),
            ("", None),
        ] {
            assert_eq!(asked_of(scopes, "r").as_deref(), asked, "{scopes:?}");
        }
    }

    #[test]
    fn point_13_a_bare_name_is_one_of_the_functions_api() {
        for (scopes, whole) in [
            ("Other.Read", "api://r/Other.Read"),
            (".default", "api://r/.default"),
            ("openid A  b/C", "openid api://r/A b/C"),
        ] {
            assert_eq!(of_resource(scopes, "r"), whole);
        }
        assert_eq!(
            of_resource("A", "https://r.example/"),
            "https://r.example/A"
        );
    }
}
