//! The command line.

mod conform;
mod request;

use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use command_line::color::ColorArgs;

pub(crate) use self::conform::ConformArgs;
pub(crate) use self::request::{CallCommand, RequestArgs};
use crate::known_clients::DEVELOPER_CLIENT;
use crate::provenance::Source;

/// Call a function behind Easy Auth, and read why it refuses.
#[derive(Debug, Parser)]
#[command(
    version,
    max_term_width = 80,
    after_help = "Examples:
  greeting-cli call https://contoso-greeting.azurewebsites.net/api/greeting
  az account get-access-token --scope api://<client-id>/Greeting.Read \\
    --query accessToken -o tsv | greeting-cli call https://… --access-token -
  greeting-cli token inspect - < token.txt
  greeting-cli doctor https://…

Exit status: 0 ok, 2 usage, 3 no token, 4 refused with 401, 5 refused with 403,
6 any other answer, 7 not reached."
)]
pub(crate) struct Line<C: Subcommand> {
    #[command(subcommand)]
    pub(crate) command: C,
    /// Show where each value came from, each request and each answer (no secrets)
    #[arg(short, long, global = true, display_order = 100)]
    verbose: bool,
    #[command(flatten)]
    pub(crate) color: ColorArgs,
}

/// The whole command line.
pub(crate) type Cli = Line<Command>;

impl Cli {
    /// Reads the command line, and where each value of it came from.
    ///
    /// # Errors
    /// clap's: a mistake, or a request for help.
    pub(crate) fn read() -> Result<Self, clap::Error> {
        let mut words = std::env::args_os().skip(1);
        // A mistake and a request for help are the whole command line's to answer.
        if words.next().is_some_and(|word| word == "token")
            && words.next().is_some_and(|word| word == "inspect")
            && let Ok(matches) = environment::matches(Line::<Tokens>::command, secret_forms::word)
            && let Ok(line) = Line::<Tokens>::from_arg_matches(&matches)
        {
            return Ok(line.into());
        }
        let matches = environment::matches(Self::command, secret_forms::word)?;
        let mut cli = Self::from_arg_matches(&matches)?;
        match &mut cli.command {
            Command::Call(CallCommand { to: args, .. })
            | Command::Login(args)
            | Command::Doctor(args)
            | Command::Token(TokenCommand::Get(args)) => {
                args.sources = Sources::of(&matches);
                args.verbose = cli.verbose;
                args.without_blank();
            }
            Command::Conform(args) => {
                args.sources = Sources::of(&matches);
                args.verbose = cli.verbose;
            }
            Command::Token(TokenCommand::Inspect(args)) => args.verbose = cli.verbose,
            Command::Logout(_)
            | Command::Explain(_)
            | Command::Completions { .. }
            | Command::Man { .. } => {}
        }
        Ok(cli)
    }
}

/// Where each value came from, by the argument's id.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources(Vec<(String, Source)>);

impl Sources {
    fn of(matches: &ArgMatches) -> Self {
        let mut deepest = matches;
        while let Some((_, inner)) = deepest.subcommand() {
            deepest = inner;
        }
        let source = |id: &clap::Id| match deepest.value_source(id.as_str())? {
            ValueSource::CommandLine => Some((id.to_string(), Source::Flag)),
            ValueSource::EnvVariable => Some((id.to_string(), Source::Environment)),
            _ => None,
        };
        Self(deepest.ids().filter_map(source).collect())
    }

    /// The source of a value that somebody gave; else the default.
    pub(crate) fn get(&self, id: &str) -> Source {
        self.0
            .iter()
            .find(|(name, _)| name == id)
            .map_or(Source::Default, |(_, source)| *source)
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Get a token, call the function, and explain a refusal
    #[command(after_help = "Examples:
  greeting-cli call http://localhost:7071/api/greeting
  greeting-cli call https://… --credential azure-cli --output json
  greeting-cli call https://… --credential none     without a token
  greeting-cli call https://… -d @order.json   POST, as application/json
  greeting-cli call https://… -X PUT -d @photo.png -H 'Content-Type: image/png'
  greeting-cli call https://… -H @key.txt -o answer.bin
  app=$(az webapp show -g GROUP -n APP --query id -o tsv | tr -d '\\r')
  v2='config/authsettingsV2?api-version=2024-04-01'
  az rest -m get -u \"https://management.azure.com$app/$v2\" > auth.json
  greeting-cli call https://… --auth-settings auth.json
  greeting-local mint --expired |
    greeting-cli call http://localhost:7071/api/greeting --access-token -")]
    Call(CallCommand),
    /// Get or read a token
    #[command(subcommand)]
    #[command(after_help = "Examples:
  greeting-cli token get https://… | greeting-cli token inspect -
  greeting-cli token inspect --cached")]
    Token(TokenCommand),
    /// Sign in now, for later calls
    #[command(after_help = "Examples:
  greeting-cli login https://…
  greeting-cli login https://… --credential browser    where codes are blocked
  greeting-cli login https://… --user bob@contoso.com  a second user")]
    Login(CallArgs),
    /// Delete the kept tokens, and the list of APIs that you agreed to
    #[command(after_help = "Example:
  greeting-cli logout")]
    Logout(LogoutArgs),
    /// Check each step between this machine and the function
    #[command(after_help = "Examples:
  greeting-cli doctor https://…
  greeting-cli doctor https://… --output json |
    jq '.checks[] | select(.result == \"failed\")'

It does not sign in: greeting-cli login does. Exit status: 0 if no check failed
and the last one, scope, was reached, else 1.")]
    Doctor(CallArgs),
    /// Ask a gate a fixed set of questions, and show where it is not as documented
    #[command(after_help = "Examples:
  greeting-cli conform http://localhost:7071/api/greeting
  greeting-cli conform https://… --credential none     without a valid token
  greeting-cli conform https://… --capture gate.json
  greeting-cli conform --compare gate.json             with the table, unsent
  greeting-cli conform --compare gate.json other.json
  jq -n --arg valid \"$(greeting-local mint)\" '{$valid}' |
    greeting-cli conform http://localhost:7071/api/greeting --tokens -

It sends at most 100 requests, one at a time, to the URL's origin alone, and
asks before it does. Exit status: 0 all as expected, 2 usage, 6 something
differs, 7 not reached.")]
    Conform(ConformArgs),
    /// Explain a finding's code at length
    #[command(after_help = "Examples:
  greeting-cli explain                    every code
  greeting-cli explain audience-mismatch
  greeting-cli explain AADSTS65001
  az monitor log-analytics query -w WORKSPACE -o json --analytics-query \\
    AppServiceAuthenticationLogs | greeting-cli explain --log -
  greeting-cli explain --log rows.json --call refused.json

Azure writes such a log on Windows plans. On Linux, Consumption and Flex none
is known.")]
    Explain(ExplainArgs),
    /// Print a shell's completion script
    #[command(after_help = "Examples:
  mkdir -p ~/.local/share/bash-completion/completions
  greeting-cli completions bash > \\
    ~/.local/share/bash-completion/completions/greeting-cli
  mkdir -p ~/.zfunc && greeting-cli completions zsh > ~/.zfunc/_greeting-cli
  mkdir -p ~/.config/fish/completions
  greeting-cli completions fish > ~/.config/fish/completions/greeting-cli.fish
  greeting-cli completions powershell >> $PROFILE")]
    Completions {
        /// The shell
        shell: command_line::Shell,
    },
    /// Write the man pages, one per command, into a folder
    #[command(after_help = "Examples:
  greeting-cli man ~/.local/share/man/man1
  man greeting-cli-call")]
    Man {
        /// The folder
        dir: PathBuf,
    },
}

/// `token …`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Print an access token for the function, and nothing else
    #[command(after_help = "Examples:
  greeting-cli token get https://… | greeting-cli token inspect -
  curl -H @<(echo \"Authorization: Bearer $(greeting-cli token get https://…)\") \\
    https://…")]
    Get(CallArgs),
    /// Show what a token says, and what would refuse it
    Inspect(InspectArgs),
}

/// `token inspect` by itself: describing all the other commands takes longer than reading a token.
#[derive(Debug, Subcommand)]
enum Tokens {
    #[command(subcommand)]
    Token(Inspect),
}

#[derive(Debug, Subcommand)]
enum Inspect {
    Inspect(InspectArgs),
}

impl From<Line<Tokens>> for Cli {
    fn from(line: Line<Tokens>) -> Self {
        let Tokens::Token(Inspect::Inspect(mut args)) = line.command;
        args.verbose = line.verbose;
        Self {
            command: Command::Token(TokenCommand::Inspect(args)),
            verbose: line.verbose,
            color: line.color,
        }
    }
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people
    Human,
    /// For programs: one JSON object on stdout
    Json,
}

/// Where the token comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CredentialKind {
    /// The Azure CLI if it is signed in, else a device code; for a local authority a device code
    Auto,
    /// Sign in on any device with a code
    DeviceCode,
    /// The Azure CLI's sign-in
    AzureCli,
    /// Sign in in this machine's browser
    Browser,
    /// The Azure Developer CLI's sign-in
    Azd,
    /// Call without a token
    None,
}

/// `call`, `token get`, `login` and `doctor`
#[derive(Debug, Args)]
pub(crate) struct CallArgs {
    /// URL of the function
    #[arg(env = "GREETING_URL")]
    pub(crate) url: String,
    /// Scope to ask for [default: from the function's challenge]
    #[arg(long, env = "GREETING_SCOPE")]
    pub(crate) scope: Option<String>,
    /// Tenant id or domain [default: from the challenge]
    #[arg(long, env = "AZURE_TENANT_ID")]
    pub(crate) tenant: Option<String>,
    /// Client id of the app that signs in
    #[arg(long, env = "AZURE_CLIENT_ID", default_value = DEVELOPER_CLIENT)]
    pub(crate) client_id: String,
    #[arg(
        long,
        value_name = "URL",
        env = "AZURE_AUTHORITY_HOST",
        help = "The authority, such as https://login.microsoftonline.com [default: from the challenge]"
    )]
    pub(crate) authority_host: Option<String>,
    /// Where the token comes from
    #[arg(long, value_enum, env = "GREETING_CREDENTIAL", default_value = "auto")]
    pub(crate) credential: CredentialKind,
    /// The user whose token is used, where several have signed in [default: the last]
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// `-`: read an access token from stdin (an argument can be seen by other users);
    /// GREETING_ACCESS_TOKEN is read too
    #[arg(long, value_name = "-")]
    pub(crate) access_token: Option<String>,
    /// Send what is no access token for this API all the same: a refresh token, a secret, an ID
    /// token, a token of Microsoft Graph's
    #[arg(long)]
    pub(crate) send_anyway: bool,
    /// Trust the API that the function names, without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Do not read or keep tokens
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// The gate's settings (authsettingsV2; greeting-cli call --help has the line that gets them),
    /// which make findings certain
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_settings: Option<PathBuf>,
    /// Trust this CA too (PEM)
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Seconds to wait for one request
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    pub(crate) timeout: Duration,
    /// Times to try again after 429, 503 or a failed connection; waits for `Retry-After`
    #[arg(long, value_name = "TIMES", default_value = "0", value_parser = clap::value_parser!(u8).range(..=10))]
    pub(crate) retry: u8,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
    #[arg(skip)]
    pub(crate) verbose: bool,
    #[arg(skip)]
    pub(crate) sources: Sources,
}

impl CallArgs {
    /// A value that is set and blank is not said, by a flag either: a script's `--scope "$SCOPE"`.
    fn without_blank(&mut self) {
        for value in [
            &mut self.scope,
            &mut self.tenant,
            &mut self.authority_host,
            &mut self.user,
        ] {
            if value.as_deref().is_some_and(environment::is_blank) {
                *value = None;
            }
        }
        if environment::is_blank(&self.client_id) {
            DEVELOPER_CLIENT.clone_into(&mut self.client_id);
        }
    }
}

/// `logout`
#[derive(Debug, Args)]
pub(crate) struct LogoutArgs {
    /// How the result is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
}

/// `explain`
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, or any AADSTS number [default: all codes are listed]
    #[arg(conflicts_with_all = ["log", "call"])]
    pub(crate) code: Option<String>,
    /// Explain the refusals in a log of the app's owner (`-`: stdin): rows of
    /// AppServiceAuthenticationLogs (JSON, CSV), HTTP logs with sc-substatus, the log stream
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// The refusal of this call, as `call --output json` printed it, by that log
    #[arg(long, value_name = "FILE", requires = "log")]
    pub(crate) call: Option<PathBuf>,
    /// How it is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
}

/// `token inspect`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-cli token inspect - < token.txt
  greeting-cli token inspect --cached
  az account get-access-token --query accessToken -o tsv |
    greeting-cli token inspect --verify
  greeting-cli token inspect --url https://… --output json < token.txt

The token is not sent. Exit status: 0 if nothing would refuse it, 4 if the gate
would, 5 if the function would.")]
pub(crate) struct InspectArgs {
    /// The token, or `-` for stdin
    #[arg(default_value = "-")]
    pub(crate) token: String,
    /// Read the token that was kept last; with --url, the last one for that function
    #[arg(long, conflicts_with = "token")]
    pub(crate) cached: bool,
    /// Compare with this function's challenge (the token is not sent)
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Compare with the gate's settings (authsettingsV2)
    #[arg(long, value_name = "FILE")]
    pub(crate) auth_settings: Option<PathBuf>,
    /// Check the signature against the issuer's published keys
    #[arg(long)]
    pub(crate) verify: bool,
    /// Trust this CA too (PEM)
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Seconds to wait for one request
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "30")]
    pub(crate) timeout: Duration,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
    #[arg(skip)]
    pub(crate) verbose: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err("a whole number of seconds, 1 to 3600".to_owned()),
    }
}

#[cfg(test)]
mod tests;
