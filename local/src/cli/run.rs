//! `greeting-local run`'s arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use local_events::TimeShift;

use super::StateArgs;
use super::up::BehaviourArgs;

/// `run`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local run -- az login --use-device-code
                                   then, in another shell: approve
  greeting-local run --auto-approve alice@greeting.test -- az login \\
    --use-device-code              without a person
  greeting-local run -- python app.py
  greeting-local run --app-root . -- sh test.sh
                                   with the app behind the gate: GREETING_URL
  greeting-local run --upstream http://localhost:8000 -- npm test
  greeting-local run --allow-network -- npm test
                                   other hosts too, Microsoft's sign-in and
                                   management hosts never

The exit status is the command's own; 128 + the number of the signal that ended
it; 127 if it can't be started. What was decided on each request:
greeting-local log, in another shell.")]
pub(crate) struct RunArgs {
    /// Let the command reach other hosts too; Microsoft's sign-in and management hosts stay local
    /// or closed
    #[arg(long)]
    pub(crate) allow_network: bool,
    /// Port of the gate [default: any free one]
    #[arg(long, default_value_t, hide_default_value = true)]
    pub(crate) port: u16,
    /// Function app's folder, with host.json [default: this folder if it has one, else no app]
    #[arg(long, value_name = "DIR")]
    pub(crate) app_root: Option<PathBuf>,
    /// The handler's executable [default: in the app root, beside greeting-local, or built]
    #[arg(long, value_name = "PATH")]
    pub(crate) handler: Option<PathBuf>,
    /// Easy Auth settings, as for up
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// An app registration, as for up; more than once for more
    #[arg(long, value_name = "FILE")]
    pub(crate) registration: Vec<PathBuf>,
    /// Take this client's tokens too, where the settings list the clients that may call; more than
    /// once for more
    #[arg(long, value_name = "ID")]
    pub(crate) allow_client: Vec<uuid::Uuid>,
    /// Put the gate in front of this app (http://host:port) instead of the Functions host
    #[arg(long, value_name = "URL", conflicts_with_all = ["app_root", "handler"])]
    pub(crate) upstream: Option<String>,
    /// Set the authority's and the gate's clock ahead by this many seconds, or back
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t,
        allow_negative_numbers = true
    )]
    pub(crate) time_shift: TimeShift,
    /// Approve every sign-in at once, as this user
    #[arg(long, value_name = "USER")]
    pub(crate) auto_approve: Option<String>,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    // Last: its heading would stand over whatever follows.
    #[command(flatten)]
    pub(crate) behaviour: BehaviourArgs,
}
