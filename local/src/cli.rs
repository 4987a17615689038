//! The command line; the longest arguments have a file each.

mod mint;
mod run;
mod up;

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, FromArgMatches, Parser, Subcommand, ValueEnum};
use command_line::color::ColorArgs;
use local_entra::{Delay, Failures};
use local_events::TimeShift;

use crate::environment::Client;
use crate::package::Target;
use crate::programs::LAUNCH;
use crate::shell::Shell;
use crate::state::{StackName, StackRef};

pub(crate) use self::mint::{ALGORITHMS, KINDS, MintArgs, VERSIONS};
pub(crate) use self::run::RunArgs;
pub(crate) use self::up::{TenantArgs, UpArgs, client_ids};

/// A value of a flag: what it becomes, its name, and its help text.
type Named<T> = (T, &'static str, &'static str);

/// Reads one of `all` by its name: the types are other crates', which know no command line.
fn named<T: Copy + Send + Sync + 'static>(
    all: &'static [Named<T>],
) -> impl TypedValueParser<Value = T> {
    let values = all
        .iter()
        .map(|(_, name, help)| PossibleValue::new(*name).help(*help));
    PossibleValuesParser::new(values).try_map(|given| {
        all.iter()
            .find(|(_, name, _)| *name == given)
            .map(|(value, _, _)| *value)
            .ok_or("no such value")
    })
}

/// Azure on your laptop: a local Entra ID, a local Easy Auth and a local Functions host.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 80,
    after_help = "Examples:
  greeting-local demo                     the whole story, then ends
  greeting-local up                       the function on port 7071, to Ctrl-C
  eval \"$(greeting-local env)\"            point this shell's clients at it
  greeting-local approve                  approve the device code that waits
  greeting-local mint --expired           a token that the gate must refuse"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) color: ColorArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole story: sign in, call the function, and see each refusal explained
    Demo(DemoArgs),
    /// Run authority, Easy Auth and the function until Ctrl-C
    Up(UpArgs),
    /// Run a command for which login.microsoftonline.com is the local authority
    Run(Box<RunArgs>),
    /// Show what runs, since when, where, and by which settings
    Status(StatusArgs),
    /// Say in one line whether the running stack can be called; exit status 0 or 1
    Health(HealthArgs),
    /// End the running stack, as Ctrl-C does where it runs
    Stop(StopArgs),
    /// Print the lines that point a shell's clients at the running stack
    Env(EnvArgs),
    /// Approve (or deny) a device code
    Approve(ApproveArgs),
    /// Print a token of the local authority, with any property or defect
    Mint(MintArgs),
    /// Switch consent off, have sign-ins refused, move the clock, slow or fail answers
    Policy(PolicyArgs),
    /// Sign with a new key from now on
    RotateKeys(RotateKeysArgs),
    /// Show what authority, gate and handler decided on each request, and why
    Log(LogArgs),
    /// Write the zip that Azure Functions runs
    Package(PackageArgs),
    /// Print a shell's completion script
    #[command(after_help = "Examples:
  mkdir -p ~/.local/share/bash-completion/completions
  greeting-local completions bash > \\
    ~/.local/share/bash-completion/completions/greeting-local
  mkdir -p ~/.zfunc && greeting-local completions zsh > ~/.zfunc/_greeting-local
  mkdir -p ~/.config/fish/completions
  greeting-local completions fish > \\
    ~/.config/fish/completions/greeting-local.fish
  greeting-local completions powershell >> $PROFILE")]
    Completions {
        /// The shell
        shell: command_line::Shell,
    },
    /// Write the man pages, one per command, into a folder
    #[command(after_help = "Examples:
  greeting-local man ~/.local/share/man/man1
  man greeting-local-up")]
    Man {
        /// The folder
        dir: PathBuf,
    },
}

/// `launch`, which only this program itself calls.
#[derive(Debug, Args)]
pub(crate) struct LaunchArgs {
    /// The process that has started this one
    #[arg(long)]
    pub(crate) parent: u32,
    /// Leave stdin to the program
    #[arg(long)]
    pub(crate) keep_stdin: bool,
    /// Stay beside the program, and kill it when stdin ends
    #[arg(long)]
    pub(crate) beside: bool,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<std::ffi::OsString>,
}

impl LaunchArgs {
    /// This process's, if it is called so. It is no part of [`Cli`]: a handler's start waits for it,
    /// and describing all the other commands takes longer than becoming another program.
    pub(crate) fn read() -> Option<Result<Self, clap::Error>> {
        if std::env::args_os().nth(1)? != LAUNCH {
            return None;
        }
        let command = Self::augment_args(clap::Command::new(LAUNCH));
        let matches = command.try_get_matches_from(std::env::args_os().skip(1));
        Some(matches.and_then(|matches| Self::from_arg_matches(&matches)))
    }
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Human,
    /// For programs, one JSON value on stdout
    Json,
}

/// `demo`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local demo
  greeting-local demo --output json | jq '.[].findings[].code'

The exit status is 0 if each of the six outcomes was the expected one, else 1.")]
pub(crate) struct DemoArgs {
    /// How the outcomes are printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
}

/// Which stack, and where its development CA, its keys and what is running are kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct StateArgs {
    /// The stack of this name, with a state folder and ports of its own [default: the one without
    /// a name]
    #[arg(long, value_name = "NAME", env = "GREETING_LOCAL_NAME")]
    pub(crate) name: Option<StackName>,
    /// Folder for the development CA and keys [default: greeting-local in the user's state folder]
    #[arg(long, value_name = "DIR", env = "GREETING_LOCAL_STATE")]
    pub(crate) state_dir: Option<PathBuf>,
}

impl From<StateArgs> for StackRef {
    fn from(args: StateArgs) -> Self {
        Self::new(args.state_dir, args.name)
    }
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// Yes, as Entra has it
    On,
    /// No
    Off,
}

/// `policy`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local policy                       prints the policy
  greeting-local policy --consent off         AADSTS65001 for everybody
  greeting-local policy --device-code off     Conditional Access: AADSTS53003
  greeting-local policy --refresh-reuse off   a refresh token is used once
  greeting-local policy --refuse AADSTS50076  every sign-in fails: MFA
  greeting-local policy --refuse none
  greeting-local policy --time-shift 3600     in an hour: access tokens end
  greeting-local policy --time-shift 7776000  in 90 days: refresh tokens too
  greeting-local policy --time-shift 0
  greeting-local policy --delay 2s            each answer takes 2 s longer
  greeting-local policy --fail 503:0.2        a fifth of all answers fail, with
                                              Retry-After
  greeting-local policy --fail 429:1          each one does
  greeting-local policy --delay none --fail none

--delay and --fail are about discovery, keys, device codes, tokens and the
managed identity, the gate's own requests for keys included. Pages and these
commands answer as before.")]
pub(crate) struct PolicyArgs {
    /// Whether consents and pre-authorizations count
    #[arg(long, value_enum)]
    pub(crate) consent: Option<Switch>,
    /// Whether device codes get tokens
    #[arg(long, value_enum)]
    pub(crate) device_code: Option<Switch>,
    /// Whether a refresh token that was used stays valid, as Entra has it; off, the next use of
    /// it ends the sign-in
    #[arg(long, value_enum)]
    pub(crate) refresh_reuse: Option<Switch>,
    /// Whether a slash at the end of `resource` makes another resource, as Entra has it
    /// (AADSTS9010010)
    #[arg(long, value_enum)]
    pub(crate) resource_slash: Option<Switch>,
    /// Refuse every request for a user's token with this code; `none` stops that
    #[arg(long, value_name = "AADSTS")]
    pub(crate) refuse: Option<String>,
    /// Set the authority's and the gate's clock ahead by this many seconds, or back, from now on
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) time_shift: Option<TimeShift>,
    /// Let each answer of the authority wait, 500ms or 2s; `none` stops that
    #[arg(long, value_name = "TIME")]
    pub(crate) delay: Option<Delay>,
    /// Fail with a status (429, 500, 502, 503, 504) at a rate from 0 to 1; `none` stops that
    #[arg(long, value_name = "STATUS:RATE")]
    pub(crate) fail: Option<Failures>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `rotate-keys`
#[derive(Debug, Args)]
#[command(
    after_help = "Tokens issued before stay valid: the old key is published until they have
expired.

Example:
  greeting-local rotate-keys"
)]
pub(crate) struct RotateKeysArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `log`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local log
  greeting-local log --follow
  greeting-local log -v                   with polls, discovery and key fetches
  greeting-local log --output json | jq 'select(.status == 401) | .reason'
  greeting-local log --output json |
    jq 'select(.source == \"authority\" and .grant)'")]
pub(crate) struct LogArgs {
    /// Print new requests as they come, until Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Show polls, discovery and key fetches too; JSON always has them
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// How each request is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `status`
#[derive(Debug, Args)]
#[command(
    after_help = "The exit status is 0 where a stack runs whose handler has not ended, else 1;
with --all it is 0 whatever runs.

Examples:
  greeting-local status
  greeting-local status --name two
  greeting-local status --all                       every stack, and its ports
  greeting-local status --output json | jq -r .function_url"
)]
pub(crate) struct StatusArgs {
    /// Show every stack of the state folder, those that do not run too
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `health`
#[derive(Debug, Args)]
#[command(
    after_help = "The exit status is 0 where the function can be called, else 1. No shell is
needed.

Examples:
  greeting-local health
  HEALTHCHECK CMD [\"greeting-local\", \"health\"]          in a Dockerfile"
)]
pub(crate) struct HealthArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `stop`
#[derive(Debug, Args)]
#[command(
    after_help = "It returns once the stack is gone: its ports are free then. Its keys,
certificates and refresh tokens stay in its state folder, which status shows,
for the next start.

Examples:
  greeting-local stop
  greeting-local stop --name two
  greeting-local stop --state-dir ./state"
)]
pub(crate) struct StopArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// The form in which variables are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EnvOutput {
    /// What a shell evaluates
    Shell,
    /// One JSON object, for programs and for Nushell's load-env
    Json,
    /// A .env file: the variables alone
    Dotenv,
}

/// `env`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eval \"$(greeting-local env)\"                    sh, bash, zsh
  greeting-local env --shell fish | source
  greeting-local env --shell powershell | Out-String | Invoke-Expression
  greeting-local env --shell cmd > env.cmd & call env.cmd
  greeting-local env --output json | from json | load-env        Nushell
  greeting-local env --output dotenv > .env
  eval \"$(greeting-local env --unset)\"            takes them back
  eval \"$(greeting-local env --name two)\"         the stack of this name, for
                                                 mint and approve too
  eval \"$(greeting-local env --for az)\"           then: az login …
  greeting-local env --for msal-python             what to write in a program

Out-String is for PowerShell: without it, Invoke-Expression gets a line at a
time. The lines for cmd are those of a batch file, where % is doubled.")]
pub(crate) struct EnvArgs {
    /// The shell's syntax [default: by SHELL; PowerShell on Windows]
    #[arg(long, value_enum)]
    pub(crate) shell: Option<Shell>,
    /// The form in which the variables are printed
    #[arg(long, value_enum, default_value = "shell", conflicts_with = "unset")]
    pub(crate) output: EnvOutput,
    /// Print what unsets the variables instead; no stack need run
    #[arg(long)]
    pub(crate) unset: bool,
    /// What this client needs, and its exact commands
    #[arg(long = "for", value_enum, value_name = "CLIENT")]
    pub(crate) client: Option<Client>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `approve`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local approve              the only one that waits; else lists them
  greeting-local approve ABCD23456
  greeting-local approve ABCD23456 --user bob
  greeting-local approve ABCD23456 --deny")]
pub(crate) struct ApproveArgs {
    /// The code that the device shows [default: the only one that waits]
    pub(crate) code: Option<String>,
    #[arg(
        long,
        help = "The user who signs in [default: alice@greeting.test, or the first of deploy/users.json]"
    )]
    pub(crate) user: Option<String>,
    /// Decline the sign-in instead
    #[arg(long)]
    pub(crate) deny: bool,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `package`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local package                builds the handler, writes greeting.zip
  greeting-local package --out target/greeting.zip
  greeting-local package --target x86_64-unknown-linux-musl
  greeting-local package --handler greeting-server    one that is built already")]
pub(crate) struct PackageArgs {
    /// The zip to write
    #[arg(long, value_name = "FILE", default_value = "greeting.zip")]
    pub(crate) out: PathBuf,
    /// Function app's folder, with host.json [default: this folder if it has one, else built in]
    #[arg(long, value_name = "DIR")]
    pub(crate) app_root: Option<PathBuf>,
    /// A statically linked handler [default: greeting-server, built]
    #[arg(long, value_name = "PATH")]
    pub(crate) handler: Option<PathBuf>,
    /// What the handler is built for; Azure runs x86_64
    #[arg(
        long,
        value_name = "TRIPLE",
        default_value = "x86_64-unknown-linux-gnu"
    )]
    pub(crate) target: Target,
}

#[cfg(test)]
mod tests;
