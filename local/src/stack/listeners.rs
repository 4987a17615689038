//! The two ports: the authority's, where commands ask too, and the function app's.

use local_failure::Failure;
use local_functions_host::LocalSettings;
use local_http::origin;
use local_http::public_host::PublicHost;
use local_http::serve::{Loopback, Scheme};

use super::{Network, Options};

/// The function app's port, as `func start` has it.
const PORT: u16 = 7071;

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
        Ok(Self {
            // Without a local authority only this machine's commands come to it.
            control: bind(
                options.control_port(),
                "--authority-port",
                network.filter(|_| options.tenant.is_none()),
            )
            .await?,
            gate: bind(
                options.port.or(local.port).unwrap_or(PORT),
                "--port",
                network,
            )
            .await?,
            public_host: network.map(|network| network.name.clone()),
        })
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
    bind(0, "--authority-port", None).await
}

async fn bind(port: u16, flag: &str, network: Option<&Network>) -> Result<Loopback, Failure> {
    // With port 0 the two address families may not agree on a port that is free in both.
    let mut attempts = if port == 0 { 20 } else { 1 };
    loop {
        attempts -= 1;
        let bound = match network {
            None => Loopback::bind(port).await,
            Some(network) => Loopback::bind_also(network.listen, port).await,
        };
        match bound {
            Ok(listener) => return Ok(listener),
            Err(_) if attempts > 0 => {}
            Err(error) => {
                let at =
                    network.map_or_else(String::new, |network| format!(" and {}", network.listen));
                return Err(Failure::new(
                    format!("port {port} on localhost{at} can't be listened on"),
                    error,
                    format!("end what uses it, or choose another one with {flag} (0 for any)"),
                ));
            }
        }
    }
}
