//! The two ports: the authority's, where commands ask too, and the function app's.

use local_failure::Failure;
use local_functions_host::LocalSettings;
use local_http::origin;
use local_http::serve::{Loopback, Scheme};

use super::Options;

/// The function app's port, as `func start` has it.
const PORT: u16 = 7071;

/// Bound, not yet served.
pub(super) struct Listeners {
    /// The authority's, and the control endpoints'.
    pub(super) control: Loopback,
    /// The gate's.
    pub(super) gate: Loopback,
}

impl Listeners {
    /// Binds both; `local` may name the function app's port.
    ///
    /// # Errors
    /// A port is taken.
    pub(super) async fn bind(options: &Options, local: &LocalSettings) -> Result<Self, Failure> {
        Ok(Self {
            control: bind(options.control_port(), "--authority-port").await?,
            gate: bind(options.port.or(local.port).unwrap_or(PORT), "--port").await?,
        })
    }

    /// The origin of the control endpoints, which is the local authority's.
    pub(super) fn control_origin(&self) -> String {
        origin::localhost(Scheme::Https, self.control.port)
    }
}

/// Any port that is free.
///
/// # Errors
/// None is.
pub(super) async fn bind_any() -> Result<Loopback, Failure> {
    bind(0, "--authority-port").await
}

async fn bind(port: u16, flag: &str) -> Result<Loopback, Failure> {
    // With port 0 the two address families may not agree on a port that is free in both.
    let mut attempts = if port == 0 { 20 } else { 1 };
    loop {
        attempts -= 1;
        match Loopback::bind(port).await {
            Ok(listener) => return Ok(listener),
            Err(_) if attempts > 0 => {}
            Err(error) => {
                return Err(Failure::new(
                    format!("port {port} on localhost can't be listened on"),
                    error,
                    format!("end what uses it, or choose another one with {flag} (0 for any)"),
                ));
            }
        }
    }
}
