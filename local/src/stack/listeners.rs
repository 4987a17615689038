//! The two ports: the authority's, where commands ask too, and the function app's.

use std::io;

use local_failure::{Failure, Fix};
use local_functions_host::LocalSettings;
use local_http::origin;
use local_http::public_host::PublicHost;
use local_http::serve::{Loopback, Scheme};

use super::options::Ports;
use super::{Network, Options};
use crate::known_stacks;
use crate::state::StackRef;
use crate::state::ports::Had;

/// The function app's port, as `func start` has it.
const PORT: u16 = 7071;
/// The authority's.
pub(crate) const AUTHORITY_PORT: u16 = 7443;

/// Bound, not yet served.
pub(super) struct Listeners {
    /// The authority's, and the control endpoints'.
    pub(super) control: Loopback,
    /// The gate's.
    pub(super) gate: Loopback,
    /// By which name others call both.
    pub(super) public_host: Option<PublicHost>,
}

impl Listeners {
    /// Binds both; `local` may name the function app's port.
    ///
    /// # Errors
    /// A port is taken.
    pub(super) async fn bind(options: &Options, local: &LocalSettings) -> Result<Self, Failure> {
        let network = options.network.as_ref();
        let ports = &options.ports;
        let had = ports.reserved.as_ref().map(|reserved| reserved.had);
        let control = match options.tenant {
            None => {
                let had = had.and_then(|had| had.authority);
                let tried = candidates(ports, ports.authority, had, None, AUTHORITY_PORT);
                bind(&tried, "--authority-port", network, &options.stack).await?
            }
            // Only this program's other commands come to it, and only from this machine.
            Some(_) => bind_any().await?,
        };
        let had = had.and_then(|had| had.function);
        let tried = candidates(ports, ports.function, had, local.port, PORT);
        Ok(Self {
            control,
            gate: bind(&tried, "--port", network, &options.stack).await?,
            public_host: network.map(|network| network.name.clone()),
        })
    }

    /// The ports, for the stack's next run; and what changed, where nobody asked for it.
    pub(super) fn noted(&self, options: &Options) -> (Had, Vec<String>) {
        let ports = &options.ports;
        let now = Had {
            function: Some(self.gate.port),
            authority: options.tenant.is_none().then_some(self.control.port),
        };
        let had = ports.reserved.as_ref().map_or(now, |reserved| reserved.had);
        let moved = [
            ("the function", ports.function, had.function, now.function),
            (
                "the authority",
                ports.authority,
                had.authority,
                now.authority,
            ),
        ];
        let notes =
            moved
                .into_iter()
                .filter_map(|(what, asked, had, now)| match (asked, had, now) {
                    (None, Some(had), Some(now)) if had != now => Some(format!(
                        // One line of a terminal: `up` says few.
                        "port {had} is taken: {what} is on {now}; evaluate env again"
                    )),
                    _ => None,
                });
        (now, notes.collect())
    }

    /// The name in every address that callers are given.
    pub(super) fn host(&self) -> &str {
        let public = self.public_host.as_ref();
        public.map_or("localhost", PublicHost::as_str)
    }

    /// The origin of the local authority.
    pub(super) fn authority_origin(&self) -> String {
        origin::of(Scheme::Https, self.host(), self.control.port)
    }

    /// The origin of the control endpoints, for this machine.
    pub(super) fn control_origin(&self) -> String {
        origin::localhost(Scheme::Https, self.control.port)
    }
}

/// Any port that is free.
///
/// # Errors
/// None is.
pub(super) async fn bind_any() -> Result<Loopback, Failure> {
    bind(&[0], "--authority-port", None, &StackRef::default()).await
}

/// The ports to try, in order.
fn candidates(
    ports: &Ports,
    asked: Option<u16>,
    had: Option<u16>,
    named: Option<u16>,
    usual: u16,
) -> Vec<u16> {
    match (asked, &ports.reserved) {
        // With port 0 the two address families may not agree on a port that is free in both.
        (Some(0), _) => vec![0; 20],
        (Some(port), _) => vec![port],
        (None, None) => vec![named.unwrap_or(usual)],
        (None, Some(reserved)) => reserved.candidates(had, named, usual),
    }
}

/// Listens on the first of `tried` that is free.
async fn bind(
    tried: &[u16],
    flag: &str,
    network: Option<&Network>,
    stack: &StackRef,
) -> Result<Loopback, Failure> {
    let mut failed = None;
    for port in tried {
        let bound = match network {
            None => Loopback::bind(*port).await,
            Some(network) => Loopback::bind_also(network.listen, *port).await,
        };
        match bound {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some((*port, error)),
        }
    }
    let at = network.map_or_else(String::new, |network| format!(" and {}", network.listen));
    Err(match failed {
        Some((port, error)) => taken(port, &at, &error, flag, stack),
        None => Failure::new(
            format!("there is no port to try on localhost{at}"),
            "other stacks have them all",
            format!("choose one with {flag} (0 for any)"),
        ),
    })
}

/// Who has the port, as far as that is known, and what to do.
fn taken(port: u16, at: &str, error: &io::Error, flag: &str, stack: &StackRef) -> Failure {
    let holder = known_stacks::holder(stack, port);
    let (why, end): (_, Fix) = match &holder {
        Some(found) => (
            format!(
                "the stack {} has it: {}",
                found.home.stack.name(),
                found.running.ready.function_url
            ),
            Fix::with("to end that one", found.home.stack.line("stop")),
        ),
        None => (
            error.to_string(),
            format!("end what uses it, or choose another one with {flag} (0 for any)").into(),
        ),
    };
    let another = match stack.own_name() {
        None => stack.start_another(),
        // By its name alone it finds ports that are free.
        Some(_) => Some(format!("without {flag} it takes a free port").into()),
    };
    Failure::new(
        format!("port {port} on localhost{at} can't be listened on"),
        why,
        end.and_any(another),
    )
}
