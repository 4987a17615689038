//! Facets as the table of probes writes them, and in words.

use super::Facet;

const LONG_NAMES: [(&str, Facet); 3] = [
    (
        "SCP-LONG",
        Facet::LongName("scp", "http://schemas.microsoft.com/identity/claims/scope"),
    ),
    (
        "OID-LONG",
        Facet::LongName(
            "oid",
            "http://schemas.microsoft.com/identity/claims/objectidentifier",
        ),
    ),
    (
        "TID-LONG",
        Facet::LongName(
            "tid",
            "http://schemas.microsoft.com/identity/claims/tenantid",
        ),
    ),
];

impl Facet {
    /// As the table of probes writes it. None: it is not one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        Some(match (name, value) {
            ("status", codes) => Self::Status(
                codes
                    .split('|')
                    .map(|code| code.parse().ok())
                    .collect::<Option<_>>()?,
            ),
            ("status!", code) => Self::NotStatus(code.parse().ok()?),
            ("passes", "as-anonymous") => Self::PassesAsAnonymous,
            ("gate", "") => Self::Gate,
            ("principal", "none") => Self::NoPrincipal,
            ("principal", "one") => Self::Principal,
            ("challenge", "linux") => Self::LinuxChallenge,
            ("body", "empty") => Self::EmptyBody,
            ("server", server) => Self::Server(server.to_owned()),
            ("same-as", probe) => Self::SameAs(probe.to_owned()),
            ("app-header", header) => match header.split_once(':')? {
                (header, "present") => Self::AppHeader(header.to_owned()),
                (header, "absent") => Self::NoAppHeader(header.to_owned()),
                _ => return None,
            },
            ("forged", "none") => Self::NothingForged,
            ("claim", "NAME-TYP") => Self::NameType,
            ("claim", name) => LONG_NAMES.iter().find(|(it, _)| *it == name)?.1.clone(),
            ("location~", part) => Self::Location(part.to_owned()),
            ("location", "authorize") => Self::SignIn,
            ("location", "logout") => Self::SignedOut,
            _ => return None,
        })
    }

    /// In words that stand after "expected".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Status(codes) => {
                let codes: Vec<_> = codes.iter().map(u16::to_string).collect();
                codes.join(" or ")
            }
            Self::NotStatus(code) => format!("another status than {code}"),
            Self::Gate => "the gate's own answer".into(),
            Self::NoPrincipal => "refused, or no principal".into(),
            Self::Principal => "accepted, with a principal".into(),
            Self::LinuxChallenge => "Linux's challenge".into(),
            Self::EmptyBody => "no body".into(),
            Self::Server(server) => format!("Server: {server}"),
            Self::SameAs(probe) => format!("the same as {probe}"),
            Self::PassesAsAnonymous => "let through, without a principal".into(),
            Self::AppHeader(name) => format!("the app sees {name}"),
            Self::NoAppHeader(name) => format!("the app sees no {name}"),
            Self::NothingForged => "nothing forged reaches the app".into(),
            Self::LongName(name, _) => format!("{name} by its long name"),
            Self::NameType => "name_typ is the e-mail's, else the name's".into(),
            Self::SignIn => "a redirect to the authority, form_post, with a nonce".into(),
            Self::Location(part) => format!("a redirect with {part}"),
            Self::SignedOut => "a redirect to the sign-out page".into(),
        }
    }
}
