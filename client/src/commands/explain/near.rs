//! Codes that are near what was typed: a letter or digit wrong, missing, too many or exchanged, or
//! a part of a code.

use crate::diagnosis::{Code, all_numbers, listed};

/// As many as a person reads at a glance.
const MOST: usize = 3;
/// Mistakes of the keyboard in one word.
const MISTAKES: usize = 2;

/// The nearest first. Only codes that are explained; nothing of what was typed.
pub(super) fn near(typed: &str) -> Vec<String> {
    let typed = typed.trim().to_lowercase();
    let number = typed.strip_prefix("aadsts").unwrap_or(&typed);
    let is_number = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    let mut found: Vec<(Rank, String)> = if is_number {
        all_numbers()
            .filter_map(|it| Some((of_number(number, it)?, format!("AADSTS{it}"))))
            .collect()
    } else {
        let of_words = Code::ALL
            .iter()
            .filter_map(|it| Some((of_word(&typed, it.as_str())?, it.to_string())));
        let of_numbers = all_numbers().filter_map(|it| {
            let code = format!("aadsts{it}");
            let mistakes = strsim::damerau_levenshtein(&typed, &code);
            (mistakes <= MISTAKES).then(|| ((1, mistakes, unlisted(it)), format!("AADSTS{it}")))
        });
        of_words.chain(of_numbers).collect()
    };
    found.sort();
    found.into_iter().take(MOST).map(|(_, code)| code).collect()
}

/// The lowest first: its kind, the mistakes, and 1 where there is no finding of this number.
type Rank = (usize, usize, usize);

/// A number is cut off before its end more often than mistyped: whole digits at its end come first.
fn of_number(typed: &str, known: u64) -> Option<Rank> {
    let known_text = known.to_string();
    let mistakes = strsim::damerau_levenshtein(typed, &known_text);
    let cut = known_text.starts_with(typed) || typed.starts_with(&known_text);
    let kind = usize::from(!cut);
    (mistakes == 1).then_some((kind, mistakes, unlisted(known)))
}

fn unlisted(number: u64) -> usize {
    usize::from(listed(number).is_none())
}

fn of_word(typed: &str, code: &str) -> Option<Rank> {
    let mistakes = strsim::damerau_levenshtein(typed, code);
    if mistakes <= MISTAKES.min(typed.chars().count() / 3) {
        return Some((0, mistakes, 0));
    }
    let letters = typed.chars().count();
    let is_part = |word| strsim::damerau_levenshtein(typed, word) <= MISTAKES.min(letters / 4);
    let part = letters >= 2 && code.split('-').any(is_part);
    let part = part || (letters >= 4 && code.contains(typed));
    part.then_some((1, mistakes, 0))
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn what_was_meant_comes_first() {
        for (typed, first) in [
            ("expird", "expired"),
            ("Audience-Mismach", "audience-mismatch"),
            ("audience", "audience-mismatch"),
            ("audiense", "audience-mismatch"),
            ("mfa", "mfa-required"),
            ("azd", "azd-failed"),
            ("concent-required", "consent-required"),
            // A digit lost at the end, lost inside, exchanged, too many.
            ("AADSTS50001", "AADSTS500011"),
            ("AADSTS6501", "AADSTS65001"),
            ("60501", "AADSTS65001"),
            ("AADSTS650011", "AADSTS65001"),
            // The prefix.
            ("ADSTS65001", "AADSTS65001"),
            ("AADST65001", "AADSTS65001"),
            ("AADSTS65oo1", "AADSTS65001"),
        ] {
            let near = near(typed);
            assert_eq!(
                near.first().map(String::as_str),
                Some(first),
                "{typed}: {near:?}"
            );
        }
        for typed in ["", "x", "nothing", "--", "AADSTS", "123456789"] {
            assert_eq!(near(typed), Vec::<String>::new(), "{typed}");
        }
    }
}
