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
        refuse(prefix, template)?;
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

    /// A path of this route, prefix and all: literals as they are, an example for what may be
    /// anything, nothing for what may be left out.
    #[must_use]
    pub fn example(&self) -> String {
        let segments = self.0.iter().filter_map(|segment| match segment {
            Segment::Literal(text) => Some(text.clone()),
            Segment::CatchAll => Some("example".to_owned()),
            Segment::Parameter { optional: true, .. } => None,
            Segment::Parameter { constraints, .. } => Some(example(constraints)),
        });
        format!("/{}", segments.collect::<Vec<_>>().join("/"))
    }

    /// By which of two routes that both match answers: the lower one does. Literals come before
    /// parameters with a constraint, those before parameters without, those before a catch-all
    /// (ASP.NET Core's `RoutePrecedence`).
    pub(crate) fn precedence(&self) -> Vec<u8> {
        let segments = self.0.iter();
        segments
            .map(|segment| match segment {
                Segment::Literal(_) => 1,
                Segment::Parameter { constraints, .. } if !constraints.is_empty() => 2,
                Segment::Parameter { .. } => 3,
                Segment::CatchAll => 5,
            })
            .collect()
    }

    /// Whether `path` (percent-encoded, absolute) is this route's. Case and one trailing slash
    /// are ignored.
    pub fn matches(&self, path: &str) -> bool {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        // No segment at all is another path than one that is empty.
        let mut rest = path.split('/').skip(usize::from(path.is_empty()));
        for segment in &self.0 {
            let value = match segment {
                Segment::CatchAll => return true,
                _ => rest
                    .next()
                    .map(|value| percent_decode_str(value).decode_utf8_lossy()),
            };
            let is_match = match (segment, value) {
                (Segment::Parameter { optional: true, .. }, None) => true,
                (Segment::Literal(literal), Some(value)) => is_same_text(literal, &value),
                (Segment::Parameter { constraints, .. }, Some(value)) => {
                    !value.is_empty() && constraints.iter().all(|own| own.allows(&value))
                }
                _ => false,
            };
            if !is_match {
                return false;
            }
        }
        rest.next().is_none()
    }
}

/// Whether two texts are the same but for letter case.
fn is_same_text(one: &str, other: &str) -> bool {
    // Of most, nothing has to be copied.
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.to_lowercase() == other.to_lowercase()
}

/// A value that all of these allow, where one of a few does.
fn example(constraints: &[Constraint]) -> String {
    let numbers = constraints
        .iter()
        .filter_map(|constraint| match constraint {
            Constraint::Range { min, .. } if *min > i64::MIN => Some(min.to_string()),
            Constraint::Range { max, .. } => Some(max.to_string()),
            _ => None,
        });
    let lengths = constraints
        .iter()
        .filter_map(|constraint| match constraint {
            Constraint::Length { min, max } => Some("a".repeat((*min).max(1).min(*max).min(100))),
            _ => None,
        });
    let fixed = [
        "1",
        "example",
        "true",
        "00000000-0000-0000-0000-000000000001",
    ];
    let all = numbers.chain(lengths).chain(fixed.map(str::to_owned));
    let mut allowed = all.filter(|value| constraints.iter().all(|own| own.allows(value)));
    allowed.next().unwrap_or_else(|| "1".to_owned())
}

/// What ASP.NET Core's `RoutePatternParser` takes for no route at all.
fn refuse(prefix: &str, template: &str) -> Result<(), String> {
    for (what, text) in [("routePrefix", prefix), ("route", template)] {
        if text.contains("//") {
            return Err(format!(
                "the {what} {text:?} has consecutive slashes, which ASP.NET Core refuses"
            ));
        }
    }
    let mut names: Vec<String> = Vec::new();
    for text in prefix.split('/').chain(template.split('/')) {
        match text.strip_prefix('{') {
            None if text.contains('?') && !text.contains('{') => {
                return Err(format!(
                    "{text:?} has a ? in literal text, which ASP.NET Core refuses: a query is no part of a route"
                ));
            }
            None => {}
            Some(parameter) => {
                let name = parameter.trim_start_matches('*');
                let name = name.split([':', '=', '?', '}']).next().unwrap_or_default();
                let same = name.to_lowercase();
                if names.contains(&same) {
                    return Err(format!(
                        "the parameter {name:?} stands in the route more than once, which ASP.NET Core refuses (letter case makes no difference)"
                    ));
                }
                names.push(same);
            }
        }
    }
    Ok(())
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
mod tests;
