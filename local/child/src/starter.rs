//! The thread that starts children. The kernel sends the parent-death signal when the *thread* that
//! started the child ends (prctl(2)), and the runtime's threads come and go; this one stays until
//! the process ends.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

type Job = Box<dyn FnOnce() + Send>;

static STARTER: OnceLock<Sender<Job>> = OnceLock::new();

/// Starts `command` in that thread.
pub(crate) async fn start(mut command: Command) -> io::Result<Child> {
    let runtime = Handle::current();
    let (sender, receiver) = oneshot::channel();
    let job: Job = Box::new(move || {
        let _inside = runtime.enter();
        // If the caller has gone, the child is dropped here, and killed by that.
        let _ = sender.send(command.spawn());
    });
    let ended = || io::Error::other("the thread that starts processes has ended");
    starter()?.send(job).map_err(|_| ended())?;
    receiver.await.map_err(|_| ended())?
}

fn starter() -> io::Result<&'static Sender<Job>> {
    if let Some(starter) = STARTER.get() {
        return Ok(starter);
    }
    let (sender, jobs) = channel::<Job>();
    std::thread::Builder::new()
        .name("child-starter".to_owned())
        .spawn(move || {
            for job in jobs {
                // A runtime that is shutting down panics; the next job may come from another runtime.
                let _ = catch_unwind(AssertUnwindSafe(job));
            }
        })?;
    // Of two threads that were started at once, one ends here: its sender is dropped.
    Ok(STARTER.get_or_init(|| sender))
}
