//! What stands before the gate, as App Service's front end does: CORS and the date. It tells the
//! log of each call: what the gate decided, then what the handler answered.

use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use hyper::header::{DATE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use jiff::Timestamp;
use local_easy_auth::{Decided, Gate};
use local_events::{Clock, Event, Log, Outcome, Source, millis};
use local_functions_host::Invocation;
use local_http::cors::Cors;
use local_http::relay::BoxBody;
use local_http::serve::{Report, RequestBody, Unread};

use super::upstream::NotAnswered;

/// The front end of one gate.
pub(super) struct FrontEnd {
    pub(super) gate: Gate,
    /// Answered before authentication, as the platform does.
    pub(super) cors: Cors,
    pub(super) clock: Clock,
    pub(super) log: Log,
}

impl FrontEnd {
    /// Answers one request, and writes it to the log.
    pub(super) async fn call(&self, request: Request<RequestBody>) -> Response<BoxBody> {
        let begun = Instant::now();
        let method = request.method().as_str().to_owned();
        let path = request.uri().path().to_owned();
        let caller = self.cors.caller(request.headers());
        let (mut response, decision) = match self.cors.preflight(&request) {
            Some(preflight) => (preflight, None),
            None => {
                let (response, decision) = self.gate.call(request).await;
                (response, Some(decision))
            }
        };
        self.cors.allow(caller, response.headers_mut());
        // A shifted clock shows in the answer, as it would on a machine whose clock is off.
        if let Some(date) = self.clock.shifted_now().and_then(http_date) {
            response.headers_mut().insert(DATE, date);
        }
        let invocation = response.extensions_mut().remove::<Invocation>();
        let not_answered = response.extensions_mut().remove::<NotAnswered>();
        let of_app = not_answered.map(|NotAnswered(why)| Event {
            outcome: Outcome::Failed,
            reason: Some(why.to_owned()),
            duration_ms: millis(begun.elapsed()),
            ..answered(method.clone(), path.clone(), response.status())
        });
        let event = Event {
            time: Timestamp::now(),
            source: Source::Gate,
            action: None,
            method,
            path,
            grant: None,
            client: None,
            scope: None,
            status: response.status().as_u16(),
            substatus: None,
            outcome: Outcome::Cors,
            reason: None,
            scp: None,
            roles: Vec::new(),
            invocation: invocation.as_ref().map(|call| call.id.as_str().to_owned()),
            duration_ms: millis(begun.elapsed()),
        };
        self.log.record(match decision {
            None => event,
            Some(decision) => decided(event, decision),
        });
        if let Some(invocation) = invocation {
            self.record(invocation);
        }
        if let Some(event) = of_app {
            self.log.record(event);
        }
        response
    }

    /// Logs the handler's answer, once its own line of a refusal is here; the answer does not
    /// wait.
    fn record(&self, invocation: Invocation) {
        let method = invocation.method.as_str().to_owned();
        let path = invocation.target.path().to_owned();
        let event = Event {
            invocation: Some(invocation.id.as_str().to_owned()),
            duration_ms: millis(invocation.duration),
            ..answered(method, path, invocation.status)
        };
        let event = match invocation.why_not {
            Some(why) => Event {
                outcome: Outcome::Failed,
                reason: Some(why.to_owned()),
                ..event
            },
            None if event.status < 400 => event,
            None => {
                let log = self.log.clone();
                tokio::spawn(async move {
                    log.record(Event {
                        outcome: Outcome::Refused,
                        reason: invocation.refusal().await,
                        ..event
                    });
                });
                return;
            }
        };
        self.log.record(event);
    }
}

/// What the function, or the app behind the gate, answered.
fn answered(method: String, path: String, status: StatusCode) -> Event {
    Event {
        time: Timestamp::now(),
        source: Source::Handler,
        action: None,
        method,
        path,
        grant: None,
        client: None,
        scope: None,
        status: status.as_u16(),
        substatus: None,
        outcome: Outcome::Answered,
        reason: None,
        scp: None,
        roles: Vec::new(),
        invocation: None,
        duration_ms: 0,
    }
}

/// Writes to the log what never becomes a request, as it can't be read.
pub(super) fn unread(log: &Log, source: Source) -> Report {
    let log = log.clone();
    Arc::new(move |unread: Unread| {
        log.record(Event {
            time: Timestamp::now(),
            source,
            action: None,
            method: "-".to_owned(),
            path: "-".to_owned(),
            grant: None,
            client: None,
            scope: None,
            status: unread.status.as_u16(),
            substatus: None,
            outcome: Outcome::Refused,
            reason: Some(unread.reason),
            scp: None,
            roles: Vec::new(),
            invocation: None,
            duration_ms: 0,
        });
    })
}

/// The gate's decision.
fn decided(event: Event, decided: Decided) -> Event {
    Event {
        substatus: decided.substatus,
        outcome: decided.outcome,
        reason: decided.reason.map(|reason| reason.line()),
        scp: decided.scp,
        roles: decided.roles,
        ..event
    }
}

/// RFC 9110 section 5.6.7.
fn http_date(seconds: i64) -> Option<HeaderValue> {
    let since = Duration::from_secs(u64::try_from(seconds).ok()?);
    let moment = UNIX_EPOCH.checked_add(since)?;
    HeaderValue::from_str(&httpdate::HttpDate::from(moment).to_string()).ok()
}
