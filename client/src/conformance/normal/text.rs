//! The rules for a text. Each replaces what it finds by a word in angle brackets, and leaves such
//! words alone.

use super::Names;

/// A rule: what it finds, it replaces.
type Rule = fn(&Names, &str) -> String;

/// The rules in their order, by the names that a capture lists.
pub(super) const RULES: [(&str, Rule); 8] = [
    ("nonce-state", |_, text| parameters(text)),
    ("time", |_, text| times(text)),
    ("authority-host", |names, text| {
        known(text, names.authority.as_deref(), AUTHORITY)
    }),
    ("host", |names, text| {
        names
            .hosts
            .iter()
            .fold(text.to_owned(), |text, host| name(&text, host, HOST))
    }),
    ("port", |_, text| ports(text)),
    ("tenant", |names, text| {
        known(text, names.tenant.as_deref(), TENANT)
    }),
    ("client-id", |names, text| {
        known(text, names.client.as_deref(), CLIENT)
    }),
    ("guid", |_, text| guids(text)),
];

const AUTHORITY: &str = "<authority>";
const HOST: &str = "<host>";
const TENANT: &str = "<tenant>";
const CLIENT: &str = "<client id>";
const WORDS: [&str; 9] = [
    AUTHORITY, HOST, TENANT, CLIENT, "<port>", "<guid>", "<time>", "<random>", "<value>",
];

/// Values that are new each time: of a query, also within an encoded one.
const RANDOM: [&str; 6] = [
    "nonce=",
    "state=",
    "code_challenge=",
    "client-request-id=",
    "nonce%3D",
    "state%3D",
];

/// A cookie without its value: its attributes stay. A name that is new each time has the new part in
/// hexadecimal digits.
pub(super) fn without_value(cookie: &str) -> String {
    let (pair, attributes) = cookie.split_once(';').map_or((cookie, ""), |it| it);
    let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
    let end = if cookie.contains(';') { ";" } else { "" };
    format!("{}=<value>{end}{attributes}", without_digits(name))
}

/// Runs of as many hexadecimal digits as 64 bits have are random.
fn without_digits(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(from) = rest.find(|c: char| c.is_ascii_hexdigit()) {
        let run = &rest[from..];
        let length = run.bytes().take_while(u8::is_ascii_hexdigit).count();
        out += &rest[..from];
        out += if length < 16 {
            &run[..length]
        } else {
            "<random>"
        };
        rest = &run[length..];
    }
    out + rest
}

/// Applies a rule to what stands between the replaced words.
fn between(text: &str, rule: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let next = WORDS
            .iter()
            .filter_map(|word| rest.find(word).map(|at| (at, *word)))
            .min_by_key(|(at, _)| *at);
        let Some((at, word)) = next else {
            return out + &rule(rest);
        };
        out += &rule(&rest[..at]);
        out += word;
        rest = &rest[at + word.len()..];
    }
}

fn parameters(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let next = RANDOM
            .iter()
            .filter_map(|name| rest.find(name).map(|at| (at, *name)))
            .min_by_key(|(at, _)| *at);
        let Some((at, name)) = next else {
            return out + rest;
        };
        let from = at + name.len();
        out += &rest[..from];
        let is_end = |c: char| c.is_whitespace() || "&\"';,".contains(c);
        let ends = rest[from..].find(is_end);
        let ends = if name.ends_with("%3D") {
            // The value ends where the encoded query goes on.
            [ends, rest[from..].find("%26")].into_iter().flatten().min()
        } else {
            ends
        };
        let end = from + ends.unwrap_or(rest.len() - from);
        if end > from {
            out += "<random>";
        }
        rest = &rest[end..];
    }
}

/// Whether nothing of a longer name stands before or after.
fn stands_alone(before: &str, after: &str) -> bool {
    let of_a_name = |c: char| c.is_alphanumeric() || "-._".contains(c);
    // `%2F`: an encoded character before it ends what stands there.
    let encoded = encoded_before(before.as_bytes(), before.len());
    (encoded || !before.ends_with(of_a_name)) && !after.starts_with(of_a_name)
}

/// A name, plain or percent-encoded.
fn name(text: &str, name: &str, word: &str) -> String {
    let encoded = name.replace(':', "%3A").replace('/', "%2F");
    let plain = between(text, |part| replaced(part, name, word));
    if encoded == name {
        plain
    } else {
        between(&plain, |part| replaced(part, &encoded, word))
    }
}

/// The same for a name that a target may not have.
fn known(text: &str, of: Option<&str>, word: &str) -> String {
    of.map_or_else(|| text.to_owned(), |of| name(text, of, word))
}

fn replaced(text: &str, name: &str, word: &str) -> String {
    if name.is_empty() {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut done = 0;
    for (at, found) in text.match_indices(name) {
        let end = at + found.len();
        if stands_alone(&text[..at], &text[end..]) {
            out += &text[done..at];
            out += word;
            done = end;
        }
    }
    out + &text[done..]
}

/// The port of a host that was replaced.
fn ports(text: &str) -> String {
    let mut out = text.to_owned();
    for colon in [":", "%3A"] {
        for host in [HOST, AUTHORITY] {
            let before = format!("{host}{colon}");
            let mut parts = out.split(before.as_str());
            let mut joined = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
                joined += &before;
                // A longer name may begin there.
                joined += if rest.len() < part.len() && stands_alone("", rest) {
                    "<port>"
                } else {
                    &part[..part.len() - rest.len()]
                };
                joined += rest;
            }
            out = joined;
        }
    }
    out
}

/// Each run of characters that a kind of text is made of, replaced where it is one.
fn runs(text: &str, of: fn(u8) -> bool, is: fn(&str) -> bool, length: usize, word: &str) -> String {
    between(text, |part| {
        let bytes = part.as_bytes();
        let mut out = String::new();
        let (mut done, mut at) = (0, 0);
        while at + length <= bytes.len() {
            let candidate = part.get(at..at + length);
            let begins = at == 0 || !of(bytes[at - 1]) || encoded_before(bytes, at);
            let ends = bytes.get(at + length).is_none_or(|byte| !of(*byte));
            let alone = begins && ends;
            if let Some(found) = candidate.filter(|it| alone && is(it)) {
                out += &part[done..at];
                out += word;
                at += found.len();
                done = at;
            } else {
                at += 1;
            }
        }
        out + &part[done..]
    })
}

/// Whether an encoded character (`%2F`) ends there.
fn encoded_before(bytes: &[u8], at: usize) -> bool {
    at >= 3 && bytes[at - 3] == b'%' && bytes[at - 2..at].iter().all(u8::is_ascii_hexdigit)
}

fn guids(text: &str) -> String {
    let of = |byte: u8| byte.is_ascii_alphanumeric();
    runs(text, of, is_guid, 36, "<guid>")
}

fn is_guid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// HTTP dates (RFC 9110 section 5.6.7) and those of RFC 3339 in UTC.
fn times(text: &str) -> String {
    let of = |byte: u8| byte.is_ascii_alphanumeric();
    let http = |text: &str| text.ends_with(" GMT") && httpdate::parse_http_date(text).is_ok();
    let text = runs(text, of, http, 29, "<time>");
    let utc = |text: &str| text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok();
    [20, 24, 28]
        .into_iter()
        .fold(text, |text, length| runs(&text, of, utc, length, "<time>"))
}
