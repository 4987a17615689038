//! The stacks of this user: which run, on which ports, and which one has a port.

use local_failure::Failure;
use url::Url;

use crate::control::running::{Found, Running};
use crate::state::{Home, StackRef, has_owner};

/// A stack that was started once.
pub(crate) enum Known {
    /// It runs.
    Runs(Box<Found>),
    /// It does not run.
    Stands(Home),
}

impl Known {
    /// Where its state is.
    pub(crate) fn home(&self) -> &Home {
        match self {
            Self::Runs(found) => &found.home,
            Self::Stands(home) => home,
        }
    }
}

/// All stacks beside `stack` and itself: those that run first.
///
/// # Errors
/// There is no home folder for the state.
pub(crate) fn all(stack: &StackRef) -> Result<Vec<Known>, Failure> {
    let known = stack.all()?.into_iter().map(|home| {
        // One that ends or starts at this moment stands still.
        let running = has_owner(&home.path).then(|| Running::load(&home, "status"));
        match running {
            Some(Ok(running)) => Known::Runs(Box::new(Found { home, running })),
            _ => Known::Stands(home),
        }
    });
    let (mut runs, stands): (Vec<_>, Vec<_>) =
        known.partition(|known| matches!(known, Known::Runs(_)));
    runs.extend(stands);
    Ok(runs)
}

/// The stack that listens on `port`: of those beside `stack`, and of those in the user's own state
/// folder.
pub(crate) fn holder(stack: &StackRef, port: u16) -> Option<Found> {
    let of_user = stack.dir().map(|_| StackRef::default());
    std::iter::once(stack.clone())
        .chain(of_user)
        .flat_map(|stack| all(&stack).unwrap_or_default())
        .find_map(|known| match known {
            Known::Runs(found) if ports(&found.running).contains(&port) => Some(*found),
            Known::Runs(_) | Known::Stands(_) => None,
        })
}

/// The ports of a stack that runs: the function app's, the authority's and its identity's.
fn ports(running: &Running) -> Vec<u16> {
    let identity = running.managed_identity.iter();
    [&running.ready.function_url, &running.control]
        .into_iter()
        .chain(identity.map(|identity| &identity.endpoint))
        .filter_map(|url| port(url))
        .collect()
}

/// The port in a URL, or its scheme's.
pub(crate) fn port(url: &str) -> Option<u16> {
    Url::parse(url).ok()?.port_or_known_default()
}
