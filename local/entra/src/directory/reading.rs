//! JSON files whose mistakes are named by their place, with the nearest name that is known.

use serde::de::DeserializeOwned;

use super::{DirectoryError, Source};

/// How like two names have to be for one to be meant by the other.
const ALIKE: f64 = 0.8;

/// What `source` says.
pub(super) fn read<T: DeserializeOwned>(source: &Source) -> Result<T, DirectoryError> {
    let mut deserializer = serde_json::Deserializer::from_str(&source.text);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let why = error.inner().to_string();
        let meant = nearest_of(&why);
        DirectoryError {
            file: source.name.clone(),
            path: error.path().to_string(),
            why: match meant {
                Some(meant) => format!("{why}; did you mean {meant}?"),
                None => why,
            },
        }
    })
}

/// Of "unknown field `x`, expected one of `a`, `b`" the one of those that is like `x`.
fn nearest_of(why: &str) -> Option<&str> {
    let mut names = why.split('`').skip(1).step_by(2);
    let unknown = names.next().filter(|_| why.starts_with("unknown "))?;
    nearest(unknown, names)
}

/// The one of `known` that is most like `name`, if one is.
pub(super) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .map(|known| {
            let likeness = strsim::jaro_winkler(&name, &known.to_ascii_lowercase());
            (likeness, known)
        })
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told() {
        for (why, meant) in [
            (
                "unknown field `mial`, expected one of `mail`, `id` at line 1",
                Some("mail"),
            ),
            ("unknown field `xyz`, expected one of `mail`, `id`", None),
            ("unknown variant `guests`, expected `guest`", Some("guest")),
            ("missing field `mail`", None),
        ] {
            assert_eq!(nearest_of(why), meant, "{why}");
        }
    }
}
