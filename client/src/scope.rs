//! The scope that the function asks for, and its whole name.

/// The scope that the function asks for.
pub(crate) const SCOPE: &str = "Greeting.Read";

/// The scope of this function's API.
pub(crate) fn scope_of(resource: &str) -> String {
    if resource.contains("://") {
        format!("{}/{SCOPE}", resource.trim_end_matches('/'))
    } else {
        format!("api://{resource}/{SCOPE}")
    }
}
