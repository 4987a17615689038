//! How many files this process may have open; each connection is one of them.

/// What is asked for at most. macOS refuses more than this (`OPEN_MAX`).
const MOST: u64 = 10_240;

/// Where nothing says how many there may be. Windows has no such limit on sockets.
#[cfg(not(unix))]
const UNSAID: u64 = MOST;

/// How many there may be now.
#[cfg(unix)]
pub(crate) fn allowed() -> u64 {
    use nix::sys::resource::{Resource, getrlimit};
    // POSIX's least, where the system does not say.
    getrlimit(Resource::RLIMIT_NOFILE).map_or(20, |(now, _)| now)
}

#[cfg(not(unix))]
pub(crate) fn allowed() -> u64 {
    UNSAID
}

/// Asks the system for as many as it lets this process have, up to 10,240: shells start programs
/// with 1,024 or 256. What is started by this process begins with the same number.
#[cfg(unix)]
pub fn raise() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    if let Ok((now, most)) = getrlimit(Resource::RLIMIT_NOFILE)
        && now < most.min(MOST)
    {
        // If it is refused, the number stays, and the limit of connections follows it.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, most.min(MOST), most);
    }
}

/// There is nothing to ask for.
#[cfg(not(unix))]
pub fn raise() {}
