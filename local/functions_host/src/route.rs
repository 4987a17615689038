//! ASP.NET Core's route templates, as the Functions host matches them: literal segments,
//! parameters with constraints, a catch-all at the end.
//!
//! <https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints>

use percent_encoding::percent_decode_str;

/// A template, parsed.
#[derive(Debug, Clone)]
pub struct Route(Vec<Segment>);

#[derive(Debug, Clone)]
enum Segment {
    Literal(String),
    Parameter {
        constraints: Vec<Constraint>,
        optional: bool,
    },
    CatchAll,
}

#[derive(Debug, Clone, PartialEq)]
enum Constraint {
    Int,
    Long,
    Bool,
    Number,
    Guid,
    Alpha,
    Length { min: usize, max: usize },
    Range { min: i64, max: i64 },
}

impl Route {
    /// Parses `template`, which stands below `prefix`.
    ///
    /// # Errors
    /// A sentence, for what this host does not match as the real one does.
    pub fn parse(prefix: &str, template: &str) -> Result<Self, String> {
        let segments = prefix
            .split('/')
            .chain(template.split('/'))
            .filter(|segment| !segment.is_empty())
            .map(segment)
            .collect::<Result<Vec<_>, _>>()?;
        let last = segments.len().saturating_sub(1);
        for (index, segment) in segments.iter().enumerate() {
            let only_last = match segment {
                Segment::CatchAll => "a catch-all",
                Segment::Parameter { optional: true, .. } => "an optional parameter",
                _ => continue,
            };
            if index < last {
                return Err(format!("{only_last} can only stand at the end"));
            }
        }
        Ok(Self(segments))
    }

    /// Whether `path` (percent-encoded, absolute) is this route's. Case and one trailing slash
    /// are ignored.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let path: Vec<String> = if path.is_empty() {
            Vec::new()
        } else {
            path.split('/')
                .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
                .collect()
        };
        let mut rest = path.as_slice();
        for segment in &self.0 {
            let first = rest.split_first();
            match (segment, first) {
                (Segment::CatchAll, _) => return true,
                (Segment::Parameter { optional: true, .. }, None) => {}
                (Segment::Literal(literal), Some((value, after)))
                    if literal.to_lowercase() == value.to_lowercase() =>
                {
                    rest = after;
                }
                (Segment::Parameter { constraints, .. }, Some((value, after)))
                    if !value.is_empty() && constraints.iter().all(|c| c.allows(value)) =>
                {
                    rest = after;
                }
                _ => return false,
            }
        }
        rest.is_empty()
    }
}

fn segment(text: &str) -> Result<Segment, String> {
    let Some(parameter) = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .filter(|inner| !inner.contains(['{', '}']))
    else {
        return if text.contains(['{', '}']) {
            Err(format!(
                "{text:?} mixes text and a parameter in one segment, which this host does not match"
            ))
        } else {
            Ok(Segment::Literal(text.to_owned()))
        };
    };
    if parameter.starts_with('*') {
        return Ok(Segment::CatchAll);
    }
    let (parameter, default) = match parameter.split_once('=') {
        Some((parameter, _)) => (parameter, true),
        None => (parameter, false),
    };
    let (parameter, optional) = match parameter.strip_suffix('?') {
        Some(parameter) => (parameter, true),
        None => (parameter, false),
    };
    let mut parts = parameter.split(':');
    if parts.next().is_none_or(str::is_empty) {
        return Err(format!("{text:?} has no name"));
    }
    Ok(Segment::Parameter {
        constraints: parts
            .filter(|name| *name != "required")
            .map(Constraint::parse)
            .collect::<Result<_, _>>()?,
        optional: optional || default,
    })
}

impl Constraint {
    fn parse(text: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "the route constraint {text:?} is not known here (known: int, long, bool, decimal, double, float, guid, alpha, length, minlength, maxlength, min, max, range, required)"
            )
        };
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').ok_or_else(unknown)?),
            None => (text, ""),
        };
        let numbers: Vec<i64> = arguments
            .split(',')
            .filter(|argument| !argument.is_empty())
            .map(|argument| argument.trim().parse().map_err(|_| unknown()))
            .collect::<Result<_, _>>()?;
        let size = |number: i64| usize::try_from(number).map_err(|_| unknown());
        Ok(match (name, numbers.as_slice()) {
            ("int", []) => Self::Int,
            ("long", []) => Self::Long,
            ("bool", []) => Self::Bool,
            ("decimal" | "double" | "float", []) => Self::Number,
            ("guid", []) => Self::Guid,
            ("alpha", []) => Self::Alpha,
            ("length", &[n]) => Self::Length {
                min: size(n)?,
                max: size(n)?,
            },
            ("length", &[min, max]) => Self::Length {
                min: size(min)?,
                max: size(max)?,
            },
            ("minlength", &[min]) => Self::Length {
                min: size(min)?,
                max: usize::MAX,
            },
            ("maxlength", &[max]) => Self::Length {
                min: 0,
                max: size(max)?,
            },
            ("min", &[min]) => Self::Range { min, max: i64::MAX },
            ("max", &[max]) => Self::Range { min: i64::MIN, max },
            ("range", &[min, max]) => Self::Range { min, max },
            _ => return Err(unknown()),
        })
    }

    fn allows(&self, value: &str) -> bool {
        match self {
            Self::Int => value.parse::<i32>().is_ok(),
            Self::Long => value.parse::<i64>().is_ok(),
            Self::Bool => ["true", "false"]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(value)),
            Self::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
            Self::Guid => uuid::Uuid::try_parse(value).is_ok(),
            Self::Alpha => value.chars().all(|c| c.is_ascii_alphabetic()),
            Self::Length { min, max } => (*min..=*max).contains(&value.chars().count()),
            Self::Range { min, max } => value
                .parse()
                .is_ok_and(|number: i64| (*min..=*max).contains(&number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_match_as_on_the_real_host() {
        for (prefix, route, path, expected) in [
            ("api", "greeting", "/api/greeting", true),
            ("api", "greeting", "/API/Greeting/", true),
            ("api", "/greeting", "/api/greeting", true),
            ("api", "greeting", "/api/%67reeting", true),
            ("api", "grüße", "/api/gr%C3%BC%C3%9Fe", true),
            ("api", "greeting", "/api%2Fgreeting", false),
            ("api", "greeting", "/api/greeting//", false),
            ("api", "greeting", "//api/greeting", false),
            ("api", "greeting", "/greeting", false),
            ("api", "greeting", "/api/greeting/x", false),
            ("api", "greeting", "/api", false),
            ("", "greeting", "/greeting", true),
            ("", "{*all}", "/", true),
            ("a/b", "c", "/a/b/c", true),
            ("api", "items/{id}", "/api/items/7", true),
            ("api", "items/{id}", "/api/items", false),
            ("api", "items/{id}", "/api/items//", false),
            ("api", "items/{id}", "/api/items/a%2Fb", true),
            ("api", "items/{id?}", "/api/items", true),
            ("api", "items/{id=5}", "/api/items", true),
            ("api", "items/{id:int?}", "/api/items", true),
            ("api", "items/{id:int?}", "/api/items/x", false),
            ("api", "items/{id:int}/x", "/api/items/7/X", true),
            ("api", "items/{id:int}", "/api/items/seven", false),
            ("api", "items/{id:int}", "/api/items/2147483648", false),
            ("api", "items/{id:long}", "/api/items/2147483648", true),
            ("api", "items/{id:int:min(3)}", "/api/items/3", true),
            ("api", "items/{id:int:min(3)}", "/api/items/2", false),
            ("api", "items/{id:range(1,9)}", "/api/items/10", false),
            ("api", "items/{id:max(9)}", "/api/items/9", true),
            ("api", "items/{id:bool}", "/api/items/True", true),
            ("api", "items/{id:bool}", "/api/items/1", false),
            (
                "api",
                "items/{id:guid}",
                "/api/items/6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93",
                true,
            ),
            ("api", "items/{id:guid}", "/api/items/7", false),
            ("api", "items/{id:alpha}", "/api/items/abc", true),
            ("api", "items/{id:alpha}", "/api/items/ab1", false),
            ("api", "items/{id:decimal}", "/api/items/1.5", true),
            ("api", "items/{id:decimal}", "/api/items/inf", false),
            ("api", "items/{id:length(2)}", "/api/items/abc", false),
            ("api", "items/{id:length(2,3)}", "/api/items/abc", true),
            ("api", "items/{id:minlength(2)}", "/api/items/a", false),
            ("api", "items/{id:maxlength(2)}", "/api/items/ab", true),
            ("api", "items/{id:required}", "/api/items/ab", true),
            ("api", "files/{*rest}", "/api/files/a/b", true),
            ("api", "files/{*rest}", "/api/files", true),
            ("api", "files/{*rest}", "/api/other", false),
        ] {
            let parsed = Route::parse(prefix, route).unwrap();
            assert_eq!(parsed.matches(path), expected, "{prefix} {route} {path}");
        }
    }

    #[test]
    fn what_is_not_matched_as_there_is_refused() {
        for (route, names) in [
            ("a{b}", "a{b}"),
            ("{a}{b}", "{a}{b}"),
            ("{}", "no name"),
            ("{id:regex(^x$)}", "regex(^x$)"),
            ("{id:datetime}", "datetime"),
            ("{id:length(x)}", "length(x)"),
            ("{id:length(-1)}", "length(-1)"),
            ("{id:min(3}", "min(3"),
            ("{*rest}/x", "end"),
            ("{id?}/x", "end"),
        ] {
            let error = Route::parse("api", route).unwrap_err();
            assert!(error.contains(names), "{route}: {error}");
        }
    }
}
