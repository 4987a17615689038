//! The environment of this process, as one value: what is read from it is decided over plain data.

/// Variables by name. Values may be secrets, so this has no `Debug`.
#[derive(Clone, Default)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// This process's own. What is not Unicode can name no setting, and is left out.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// A variable's value, if it is set and not empty: `func` takes an empty one for none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let same = |own: &str| match cfg!(windows) {
            true => own.eq_ignore_ascii_case(name),
            false => own == name,
        };
        let mut found = self.iter().filter(|(own, _)| same(own));
        found
            .next()
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}
