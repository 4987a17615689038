//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::diagnosis::Source;

/// The Azure SDKs' developer sign-on client (the Azure CLI's), which the API pre-authorizes.
pub(crate) const DEVELOPER_CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// Call a function behind Easy Auth, and read why it refuses.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:
  greeting-cli call https://contoso-greeting.azurewebsites.net/api/greeting
  az account get-access-token --scope api://<client-id>/Greeting.Read --query accessToken -o tsv |
    greeting-cli call https://… --access-token -
  greeting-cli token inspect - < token.txt

Exit status: 0 ok, 2 usage, 3 no token, 4 refused with 401, 5 refused with 403, 6 any other
answer, 7 not reached."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the command line, and where each value of it came from. Ends the process on a
    /// mistake, with 2, as clap does.
    pub(crate) fn read() -> Self {
        let matches = Self::command().get_matches();
        let mut cli = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let Command::Call(args)
        | Command::Login(args)
        | Command::Doctor(args)
        | Command::Token(TokenCommand::Get(args)) = &mut cli.command
        {
            args.sources = Sources::of(&matches);
        }
        cli
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
    Call(CallArgs),
    /// Get or read a token
    #[command(subcommand)]
    Token(TokenCommand),
    /// Sign in now, for later calls
    Login(CallArgs),
    /// Forget every token that was kept
    Logout,
    /// Check each link between here and the greeting
    Doctor(CallArgs),
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// `token …`
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Print an access token for the function, and nothing else
    Get(CallArgs),
    /// Read a token: what it says, and what would refuse it
    Inspect(InspectArgs),
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
    /// The Azure CLI if it is signed in, else a device code; a local authority: device code
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

/// `call` and `token get`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-cli call http://localhost:7071/api/greeting
  greeting-cli call https://… --credential azure-cli --output json
  greeting-local mint --expired | greeting-cli call http://localhost:7071/api/greeting --access-token -")]
pub(crate) struct CallArgs {
    /// The function
    #[arg(env = "GREETING_URL")]
    pub(crate) url: String,
    /// Scope to ask for [default: from the function's challenge]
    #[arg(long, env = "GREETING_SCOPE")]
    pub(crate) scope: Option<String>,
    /// Tenant id or domain [default: from the challenge]
    #[arg(long, env = "AZURE_TENANT_ID")]
    pub(crate) tenant: Option<String>,
    /// The client that signs in
    #[arg(long, env = "AZURE_CLIENT_ID", default_value = DEVELOPER_CLIENT)]
    pub(crate) client_id: String,
    /// The authority, such as https://login.microsoftonline.com [default: from the challenge]
    #[arg(long, env = "AZURE_AUTHORITY_HOST")]
    pub(crate) authority_host: Option<String>,
    /// Where the token comes from
    #[arg(long, value_enum, env = "GREETING_CREDENTIAL", default_value = "auto")]
    pub(crate) credential: CredentialKind,
    /// `-`: read an access token from stdin (never an argument: others can see those)
    #[arg(long, value_name = "-")]
    pub(crate) access_token: Option<String>,
    /// Believe the API that the function names, without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Neither read nor keep tokens of earlier runs
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Trust this CA too (PEM)
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Seconds that one request may take
    #[arg(long, value_parser = seconds, default_value = "30")]
    pub(crate) timeout: Duration,
    /// Try again this often after 429, 503 or a failed connection, when `Retry-After` says
    #[arg(long, value_name = "TIMES", default_value = "0", value_parser = clap::value_parser!(u8).range(..=10))]
    pub(crate) retry: u8,
    /// Say where each value came from, and what was sent and answered (no secret)
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
    #[arg(skip)]
    pub(crate) sources: Sources,
}

/// `token inspect`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The token, or `-` for stdin
    #[arg(default_value = "-")]
    pub(crate) token: String,
    /// Take the expectations from this function's challenge (the token is not sent)
    #[arg(long)]
    pub(crate) url: Option<String>,
    /// Check the signature against the issuer's published keys
    #[arg(long)]
    pub(crate) verify: bool,
    /// Trust this CA too (PEM)
    #[arg(long, value_name = "FILE", env = "SSL_CERT_FILE")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Seconds that one request may take
    #[arg(long, value_parser = seconds, default_value = "30")]
    pub(crate) timeout: Duration,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err("a whole number of seconds, 1 to 3600".to_owned()),
    }
}
