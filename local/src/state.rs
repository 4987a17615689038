//! The state folder, and who runs a stack with it.
//!
//! - `name`: what a stack is called; `home`: which folder is whose; `ports`: those that it had

mod home;
mod name;
pub(crate) mod ports;

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use local_failure::{Failure, Fix};
use state_folder::Unusable;

pub(crate) use self::home::{Home, StackRef, listed};
pub(crate) use self::name::StackName;

/// Held by the stack that runs; the operating system lets go of it at the end of the process,
/// however that ends.
const LOCK: &str = "lock";
/// What a stack that runs without a terminal has said.
pub(crate) const OUTPUT: &str = "output.log";
/// The owner's process id.
const OWNER: &str = "owner";
/// A command that only looks holds the lock for a moment.
const TRIES: u32 = 20;

/// The one who runs a stack with this state folder. Dropping it lets others.
pub(crate) struct Owner {
    _lock: File,
}

/// Makes this process the folder's owner.
///
/// # Errors
/// Another one is, or the folder can't be written.
pub(crate) fn own(home: &Home) -> Result<Owner, Failure> {
    let folder = &home.path;
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(
            format!("the state folder {} can't be locked", folder.display()),
            error,
            "name another one with --state-dir",
        )
    };
    let lock = open_lock(folder).map_err(|error| failed(&error))?;
    for _ in 0..TRIES {
        match lock.try_lock() {
            Ok(()) => {
                let id = std::process::id().to_string();
                state_folder::write_private_of_this_run(&folder.join(OWNER), id.as_bytes())
                    .map_err(|error| failed(&error))?;
                return Ok(Owner { _lock: lock });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
    }
    let owner = owner(folder).map_or_else(
        || "another process".to_owned(),
        |process| format!("process {process}"),
    );
    let stop = Fix::with("to end it", home.stack.line("stop"));
    Err(Failure::new(
        format!("another greeting-local uses {}", folder.display()),
        format!("{owner} runs a stack with this state folder, and a folder has one owner"),
        stop.and_any(home.stack.start_another()),
    ))
}

/// The process that says that it runs a stack with this folder.
pub(crate) fn owner(folder: &Path) -> Option<u32> {
    let owner = state_folder::read_regular(&folder.join(OWNER)).ok()?;
    String::from_utf8_lossy(&owner).trim().parse().ok()
}

/// Whether a process runs a stack with this folder.
pub(crate) fn has_owner(folder: &Path) -> bool {
    // Who looks leaves nothing behind.
    opened(folder, File::options().read(true).write(true))
        .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn open_lock(folder: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    opened(folder, &options)
}

fn opened(folder: &Path, options: &OpenOptions) -> io::Result<File> {
    let lock = options.open(folder.join(LOCK))?;
    if !lock.metadata()?.is_file() {
        let why = format!("{LOCK} is not a regular file");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(lock)
}

/// A file of the state folder, or one that is named there, can't be used.
pub(crate) fn unusable(error: &Unusable) -> Failure {
    Failure::new(
        format!("{} can't be used", error.path().display()),
        error.why(),
        Fix::command(error.fix()),
    )
}
