//! What the authority logs: its handlers leave a note on their answers, and whatever
//! else it refuses is logged as well.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use crate::event::{Event, Outcome, Source};
use crate::log::{Log, millis};

/// The grants of RFC 6749, 7522, 7523, 8628 and 8693, by the last part of their names.
const GRANTS: [&str; 8] = [
    "authorization_code",
    "client_credentials",
    "device_code",
    "jwt-bearer",
    "password",
    "refresh_token",
    "saml2-bearer",
    "token-exchange",
];

/// What became of a request, beside its answer. Never a token, a code, or a person's name.
#[derive(Debug, Clone)]
pub struct EventNote {
    outcome: Outcome,
    reason: Option<String>,
    grant: Option<String>,
    client: Option<String>,
    scope: Option<String>,
    scp: Option<String>,
    roles: Vec<String>,
}

impl EventNote {
    /// One of the outcomes that [`Event`] names.
    pub fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            reason: None,
            grant: None,
            client: None,
            scope: None,
            scp: None,
            roles: Vec::new(),
        }
    }

    /// The outcome, instead of the one so far.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The grant that was asked for.
    pub fn asked_grant(&self) -> Option<&str> {
        self.grant.as_deref()
    }

    /// Why.
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// What a token was asked for with: a grant of OAuth's, or the beginning of something else.
    pub fn grant(mut self, grant: Option<&str>) -> Self {
        self.grant = grant.map(|grant| {
            // A URN's last part says it all.
            let name = grant.rsplit(':').next().unwrap_or(grant);
            if GRANTS.contains(&name) {
                name.to_owned()
            } else {
                secret_forms::beginning(name)
            }
        });
        self
    }

    /// The client's name or id.
    pub fn client(mut self, client: Option<String>) -> Self {
        self.client = client;
        self
    }

    /// The scopes, as they were asked for.
    pub fn scope(mut self, scope: Option<&str>) -> Self {
        self.scope = scope.map(str::to_owned);
        self
    }

    /// What the token that was issued allows.
    pub fn issued(mut self, scp: Option<String>, roles: Vec<String>) -> Self {
        self.scp = scp;
        self.roles = roles;
        self
    }

    /// Leaves the note on an answer.
    pub fn on(self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What `path` of the authority is for; pages and files are for nothing that is decided.
fn action(path: &str) -> Option<&'static str> {
    const ENDS: [(&str, &str); 13] = [
        ("/devicecode", "devicecode"),
        ("/token", "token"),
        ("/authorize", "authorize"),
        ("/logout", "logout"),
        ("/keys", "keys"),
        ("/openid-configuration", "discovery"),
        ("/discovery/instance", "discovery"),
        ("/userinfo", "userinfo"),
        ("/metadata/endpoints", "resource-manager"),
        ("/tenants", "resource-manager"),
        ("/subscriptions", "resource-manager"),
        ("/devicelogin", "sign-in"),
        ("/greeting-local/sign-in", "sign-in"),
    ];
    if path.starts_with("/common/userrealm/") {
        return Some("userrealm");
    }
    ENDS.iter()
        .find(|(end, _)| path.ends_with(end))
        .map(|(_, action)| *action)
        .or_else(|| {
            ["/greeting-local/", "/control-room/"]
                .iter()
                .find_map(|room| path.strip_prefix(room).and_then(command))
        })
}

/// What the other commands and the control room ask for.
fn command(rest: &str) -> Option<&'static str> {
    ["approve", "policy", "rotate-keys", "mint", "log", "events"]
        .into_iter()
        .find(|known| *known == rest)
}

/// A layer around every endpoint and page.
pub async fn record_events(State(log): State<Log>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().to_string();
    let path = request.uri().path().to_owned();
    let mut response = next.run(request).await;
    let note = response.extensions_mut().remove::<EventNote>();
    let note = note.or_else(|| untold(response.status(), &path));
    if let Some(note) = note {
        log.record(event(
            note,
            method,
            path,
            response.status(),
            millis(begun.elapsed()),
        ));
    }
    response
}

/// Of an answer without a note: what was looked up, and what no handler has seen.
fn untold(status: StatusCode, path: &str) -> Option<EventNote> {
    let reason = match status {
        StatusCode::NOT_FOUND => "no such endpoint",
        StatusCode::METHOD_NOT_ALLOWED => "no such method here",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "the body is not application/x-www-form-urlencoded",
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large",
        StatusCode::MISDIRECTED_REQUEST => "Host is another name than localhost",
        StatusCode::UNAUTHORIZED => "no token, or not this authority's",
        other if other.is_client_error() => "the request can't be read",
        other if other.is_server_error() => "it failed",
        _ => {
            let looked_up = [
                "discovery",
                "keys",
                "userinfo",
                "resource-manager",
                "userrealm",
            ];
            let note = action(path).is_some_and(|action| looked_up.contains(&action));
            return note.then(|| EventNote::new(Outcome::Answered));
        }
    };
    Some(EventNote::new(Outcome::Refused).because(reason))
}

fn event(
    note: EventNote,
    method: String,
    path: String,
    status: StatusCode,
    duration_ms: u64,
) -> Event {
    let action = action(&path).map(str::to_owned);
    // What follows is a person's name.
    let path = match path.strip_prefix("/common/userrealm/") {
        Some(_) => "/common/userrealm/…".to_owned(),
        None => path,
    };
    Event {
        time: Timestamp::now(),
        source: Source::Authority,
        action,
        method,
        path,
        grant: note.grant,
        client: note.client,
        scope: note.scope,
        status: status.as_u16(),
        substatus: None,
        outcome: note.outcome,
        reason: note.reason,
        scp: note.scp,
        roles: note.roles,
        invocation: None,
        duration_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_known_by_its_path() {
        for (path, expected) in [
            ("/t/oauth2/v2.0/token", Some("token")),
            ("/t/oauth2/token", Some("token")),
            (
                "/common/v2.0/.well-known/openid-configuration",
                Some("discovery"),
            ),
            ("/t/discovery/v2.0/keys", Some("keys")),
            ("/greeting-local/rotate-keys", Some("rotate-keys")),
            ("/greeting-local/style.css", None),
            ("/", None),
        ] {
            assert_eq!(action(path), expected, "{path}");
        }
    }

    #[test]
    fn nobodys_name_is_in_a_path() {
        let path = "/common/userrealm/alice@greeting.test".to_owned();
        let note = untold(StatusCode::OK, &path).unwrap();
        let event = event(note, "GET".into(), path, StatusCode::OK, 0);
        assert!(!crate::json(&event).contains("alice"));
    }

    #[test]
    fn pages_are_no_decisions_but_refusals_are() {
        assert!(untold(StatusCode::OK, "/").is_none());
        assert!(untold(StatusCode::OK, "/devicelogin").is_none());
        assert!(untold(StatusCode::NOT_FOUND, "/wp-login.php").is_some());
        assert!(untold(StatusCode::MISDIRECTED_REQUEST, "/").is_some());
    }
}
