//! The form of the ids that Entra gives to tenants and applications: no other has the same.

/// Whether a text has the form `8-4-4-4-12`.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}
