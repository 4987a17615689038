//! Which characters the locale can show.

use std::borrow::Cow;

/// Whether it can show more than ASCII. POSIX has the first of these variables that is set decide.
pub fn unicode() -> bool {
    cfg!(windows)
        || ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .find_map(|name| environment::text(name))
            .is_some_and(|locale| is_utf8(&locale))
}

fn is_utf8(locale: &str) -> bool {
    let locale = locale.to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// A program's own characters beyond ASCII, as the locale can show them.
pub fn writable(text: &str) -> Cow<'_, str> {
    if unicode() || !text.contains('…') {
        text.into()
    } else {
        text.replace('…', "...").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_says_its_characters() {
        for locale in ["C.UTF-8", "en_GB.utf8", "de_DE.UTF-8@euro"] {
            assert!(is_utf8(locale), "{locale}");
        }
        for locale in ["C", "POSIX", "en_US.ISO-8859-1"] {
            assert!(!is_utf8(locale), "{locale}");
        }
    }
}
