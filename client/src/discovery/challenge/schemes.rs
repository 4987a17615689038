//! `WWW-Authenticate` as RFC 9110 section 11.6.1 has it: a list of challenges, each a scheme with
//! a token68 or parameters. Easy Auth separates its parameters by spaces: both forms are read.

/// One challenge of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scheme {
    /// `Bearer`, `Basic`, `DPoP`, …, as it was written.
    pub(crate) name: String,
    pub(crate) token68: Option<String>,
    /// Names as they were written, values without their quotes.
    pub(crate) parameters: Vec<(String, String)>,
}

impl Scheme {
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value of a parameter. Names ignore letter case (RFC 9110 section 11.2).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// Every challenge of one header value. What can't be read ends the list.
pub(crate) fn schemes(header: &str) -> Vec<Scheme> {
    let mut list: Vec<Scheme> = Vec::new();
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let (word, after) = run(rest, is_token);
        if word.is_empty() {
            return list;
        }
        match (after.trim_start_matches([' ', '\t']), list.last_mut()) {
            (parameter, Some(scheme)) if parameter.starts_with('=') => {
                let Some((value, after)) = value(&parameter[1..]) else {
                    return list;
                };
                scheme.parameters.push((word.to_owned(), value));
                rest = after;
            }
            _ => {
                let (token68, after) = token68(after);
                list.push(Scheme {
                    name: word.to_owned(),
                    token68: token68.map(str::to_owned),
                    parameters: Vec::new(),
                });
                rest = after;
            }
        }
    }
}

/// Splits where a text stops being made of such characters.
fn run(text: &str, of: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !of(c)).unwrap_or(text.len()))
}

/// RFC 9110 section 5.6.2.
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

/// The token68 that follows a scheme's name and is all that follows (RFC 9110 section 11.2).
fn token68(text: &str) -> (Option<&str>, &str) {
    let begun = text.trim_start_matches(' ');
    let (letters, after) = run(begun, |c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
    let (equals, after) = run(after, |c| c == '=');
    let ends = after.trim_start_matches([' ', '\t']);
    if begun.len() == text.len()
        || letters.is_empty()
        || !(ends.is_empty() || ends.starts_with(','))
    {
        return (None, text);
    }
    (Some(&begun[..letters.len() + equals.len()]), after)
}

/// A parameter's value, bare or quoted (RFC 9110 section 5.6.4), and what follows. A bare one may
/// be more than a token: some write addresses without quotes. None: a quote is never closed.
fn value(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start_matches([' ', '\t']);
    let Some(quoted) = text.strip_prefix('"') else {
        let (bare, after) = run(text, |c| !matches!(c, ' ' | '\t' | ','));
        return Some((bare.to_owned(), after));
    };
    let mut inside = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((inside, &quoted[at + 1..])),
            '\\' => inside.push(characters.next()?.1),
            c => inside.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests;
