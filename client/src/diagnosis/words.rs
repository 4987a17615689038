//! The words of whoever refused: `Server`, the headers that tell, the body's first lines. What
//! others wrote is shortened, and what might be a token in it is not shown.

use serde_json::{Map, Value};

use super::Finding;
use crate::http::Answer;
use crate::provenance::Source;

/// Characters of a body, and of a header's value.
const SHOWN: usize = 240;

/// The finding, with everything that the answer says of itself.
pub(super) fn said(mut finding: Finding, answer: &Answer) -> Finding {
    for (name, value) in of_itself(answer) {
        if !finding.evidence.iter().any(|it| it.what == name) {
            finding = finding.saw(name, value, Value::Null, Source::Answer);
        }
    }
    finding
}

/// What an answer says of itself beside its challenge.
fn of_itself(answer: &Answer) -> Vec<(String, String)> {
    let server = answer
        .server
        .iter()
        .map(|it| ("Server".to_owned(), it.clone()));
    let body = lines(answer).map(|body| ("body".to_owned(), body));
    server
        .chain(answer.tells.iter().cloned())
        .map(|(name, value)| (name, shortened(&without_tokens(&value))))
        .chain(body)
        .collect()
}

/// Everything that an answer says of itself, for where no cause is known.
pub(crate) fn everything(answer: &Answer) -> Map<String, Value> {
    let challenges = answer.challenges.iter().map(|it| {
        (
            "WWW-Authenticate".to_owned(),
            shortened(&without_tokens(it)),
        )
    });
    challenges
        .chain(of_itself(answer))
        .map(|(name, value)| (name, Value::from(value)))
        .collect()
}

/// The ids by which whoever answered finds this call in a log.
pub(crate) fn ids(answer: &Answer) -> Map<String, Value> {
    answer
        .tells
        .iter()
        .filter(|(name, _)| name.ends_with("-id") || name == "x-azure-ref")
        .map(|(name, value)| (name.clone(), Value::from(shown(value))))
        .collect()
}

/// What others wrote, short and without tokens.
pub(super) fn shown(text: &str) -> String {
    shortened(&without_tokens(text))
}

/// The first words of the body; of a page, those that a reader would see.
pub(super) fn lines(answer: &Answer) -> Option<String> {
    let html = answer.body.trim_start().starts_with('<') || is_html(answer);
    let text = if html {
        text_of(&answer.body)
    } else {
        answer.body.clone()
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = shortened(&without_tokens(&words.join(" ")));
    (!text.is_empty()).then_some(text)
}

pub(super) fn is_html(answer: &Answer) -> bool {
    answer.content_type.as_deref().is_some_and(|kind| {
        kind.trim_start()
            .to_ascii_lowercase()
            .starts_with("text/html")
    })
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let begins: String = text.chars().take(SHOWN).collect();
    format!("{begins}…")
}

/// Some programs answer with what they were sent.
pub(crate) fn without_tokens(text: &str) -> String {
    let part_of_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let end = rest[at..].find(|c| !part_of_token(c));
        let (token, after) = rest[at..].split_at(end.unwrap_or(rest.len() - at));
        shown.push_str(&rest[..at]);
        shown.push_str(if token.len() > 16 {
            "(not shown)"
        } else {
            token
        });
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// A page's text: no tags, no styles, no scripts.
fn text_of(page: &str) -> String {
    let lower = page.to_ascii_lowercase();
    let mut text = String::new();
    let mut at = 0;
    while let Some(open) = page[at..].find('<').map(|found| at + found) {
        text.push_str(&page[at..open]);
        text.push(' ');
        let hidden = [
            ("<style", "</style"),
            ("<script", "</script"),
            ("<!--", "-->"),
        ]
        .into_iter()
        .find(|(begins, _)| lower[open..].starts_with(begins))
        .and_then(|(_, ends)| lower[open..].find(ends));
        let from = open + hidden.unwrap_or(0);
        let Some(close) = page[from..].find('>') else {
            return text;
        };
        at = from + close + 1;
    }
    text.push_str(&page[at..]);
    for (written, meant) in [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(written, meant);
    }
    text
}

#[cfg(test)]
mod tests;
