//! The name of a stack.

use std::fmt;
use std::str::FromStr;

/// What the stack without a name is called.
pub(super) const DEFAULT: &str = "default";
/// As long as a label of the DNS (RFC 1035 section 2.3.4): a job's id fits, and no path is too long.
const LONGEST: usize = 63;
/// On Windows no folder can have the name of a device (Microsoft, "Naming Files, Paths, and
/// Namespaces"); with a digit behind it, `COM` and `LPT`, too.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];
/// Below this, two names are not alike: of three letters one differs, or two are swapped.
const ALIKE: f64 = 0.6;

/// A stack's name: letters, digits and hyphens. It is one folder's name and never a path, and in
/// lower case, since some file systems don't tell the cases apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StackName(String);

impl StackName {
    /// As it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The one of `known` that is most like this one, if any is alike.
    pub(crate) fn nearest<'a>(&self, known: &'a [Self]) -> Option<&'a Self> {
        known
            .iter()
            .map(|name| {
                (
                    strsim::normalized_damerau_levenshtein(&self.0, &name.0),
                    name,
                )
            })
            .filter(|(likeness, _)| *likeness >= ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name)
    }
}

impl FromStr for StackName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_ascii_lowercase();
        if !name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-') {
            return Err("a name has letters, digits and hyphens, for example: --name two");
        }
        if name.is_empty() || name.starts_with('-') || name.ends_with('-') {
            return Err("a name begins and ends with a letter or a digit");
        }
        if name.len() > LONGEST {
            return Err("a name has at most 63 characters");
        }
        if is_device(&name) {
            return Err("on Windows this is the name of a device, and no folder's");
        }
        Ok(Self(name))
    }
}

fn is_device(name: &str) -> bool {
    let is_numbered = |device: &&str| {
        let number = name.strip_prefix(*device);
        number.is_some_and(|number| matches!(number.as_bytes(), [b'0'..=b'9']))
    };
    DEVICES.contains(&name) || NUMBERED_DEVICES.iter().any(is_numbered)
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Result<StackName, &'static str> {
        text.parse()
    }

    #[test]
    fn a_name_is_never_a_path_and_a_folder_everywhere() {
        for good in ["two", "2", "api-2", "a", "com", "com10", "console", "nul-1"] {
            assert_eq!(name(good).unwrap().as_str(), good);
        }
        assert_eq!(name("Two"), name("two"));
        let long = "a".repeat(LONGEST + 1);
        for bad in [
            "", " ", ".", "..", "a/b", "a\\b", "/a", "~", "C:", "a b", "a.b", "-a", "a-", "-", "ä",
            "a\n", "a\0", "con", "CON", "Nul", "com1", "LPT9", &long,
        ] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert!(name(&long[1..]).is_ok());
    }

    #[test]
    fn the_nearest_name_is_one_that_is_alike() {
        let known = [name("two").unwrap(), name("orders-api").unwrap()];
        let nearest = |text: &str| name(text).unwrap().nearest(&known).map(StackName::as_str);
        assert_eq!(nearest("tow"), Some("two"));
        assert_eq!(nearest("twoo"), Some("two"));
        assert_eq!(nearest("order-api"), Some("orders-api"));
        assert_eq!(nearest("x"), None);
    }
}
