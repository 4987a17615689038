//! The command line.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use local_easy_auth::{BrowserBy, ChallengeForm, ClaimNames};
use local_entra::{Delay, Failures, Shape, Signature, TokenVersion};
use local_events::{Print, TimeShift};

use crate::environment::{Client, Shell};
use crate::package::Target;
use crate::tenant::{AuthorityHost, TenantId};

/// A value of a flag: what it becomes, its name, and its help text.
type Named<T> = (T, &'static str, &'static str);

const PRINTS: [Named<Print>; 3] = [
    (Print::Human, "human", "A line for people"),
    (Print::Json, "json", "A JSON object a line"),
    (Print::Off, "off", "Nothing"),
];
const CHALLENGES: [Named<ChallengeForm>; 3] = [
    (
        ChallengeForm::Linux,
        "linux",
        "As on Linux: no body, `login.microsoftonline.com`'s path",
    ),
    (
        ChallengeForm::Windows,
        "windows",
        "As on Windows: a line of HTML, `login.windows.net`'s path",
    ),
    (
        ChallengeForm::ContainerApps,
        "container-apps",
        "As on Container Apps: the realm alone, and no metadata; sign-out ends at /logout/done",
    ),
];
const BROWSER_BY: [Named<BrowserBy>; 2] = [
    (
        BrowserBy::UserAgent,
        "user-agent",
        "Who names itself as browsers do, as reported",
    ),
    (BrowserBy::Accept, "accept", "Who accepts text/html"),
];
const CLAIM_NAMES: [Named<ClaimNames>; 2] = [
    (
        ClaimNames::Mapped,
        "mapped",
        "Long names for some, as observed on Azure",
    ),
    (ClaimNames::Raw, "raw", "The token's own"),
];
pub(crate) const VERSIONS: [Named<TokenVersion>; 2] = [
    (
        TokenVersion::V1,
        "1",
        "`sts.windows.net`'s shape, the default of a new registration",
    ),
    (
        TokenVersion::V2,
        "2",
        "What requestedAccessTokenVersion 2 gives",
    ),
];
pub(crate) const ALGORITHMS: [Named<Signature>; 5] = [
    (Signature::Good, "rs256", "The authority's own"),
    (Signature::None, "none", "Not signed at all"),
    (
        Signature::Hs256ByPublicKey,
        "hs256",
        "HMAC keyed by the public key, the classic confusion attack",
    ),
    (
        Signature::Rs512,
        "rs512",
        "The authority's key, but another hash than its tokens have",
    ),
    (
        Signature::Ps256,
        "ps256",
        "The authority's key, but another padding",
    ),
];
pub(crate) const KINDS: [Named<Shape>; 5] = [
    (Shape::Access, "access", "An access token"),
    (
        Shape::Id,
        "id",
        "An ID token: for the client, not for the API",
    ),
    (
        Shape::Opaque,
        "opaque",
        "Nothing that can be read, as a refresh token",
    ),
    (
        Shape::Encrypted,
        "encrypted",
        "Five parts, as an encrypted token",
    ),
    (
        Shape::Truncated,
        "truncated",
        "An access token, copied in part",
    ),
];

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
    after_help = "Examples:
  greeting-local demo                     the whole story, then ends
  greeting-local up                       the function on http://localhost:7071, until Ctrl-C
  eval \"$(greeting-local env)\"            point this shell's clients at it
  greeting-local approve ABCD23456        approve a device code
  greeting-local mint --expired           a token that the gate must refuse"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show the whole story: sign in, call the function, and see each refusal explained
    Demo(DemoArgs),
    /// Run authority, Easy Auth and the function until Ctrl-C
    Up(UpArgs),
    /// Show what runs, since when, where, and by which settings
    Status(StatusArgs),
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
    /// Become another program that ends with the process that asks for it
    #[command(hide = true)]
    Launch(LaunchArgs),
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
pub(crate) struct DemoArgs {
    /// How the outcomes are printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
}

/// Where the development CA, the keys and what is running are kept.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// Folder for the development CA and keys [default: greeting-local in the user's state folder]
    #[arg(long, value_name = "DIR", env = "GREETING_LOCAL_STATE")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// `up`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local up
  greeting-local up --port 0 --authority-port 0 --ready-file ready.json
  greeting-local up --settings deploy/authsettingsV2.json --auto-approve alice@greeting.test
  greeting-local up --upstream http://localhost:8000     Easy Auth in front of any app
  greeting-local up --settings auth.json --upstream http://localhost:8000
                                                         with your API's settings in Azure
  greeting-local up --allow-client 5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853
                                                         the local daemon may call, too
  greeting-local up --watch                              build and start again on change
  greeting-local up --detach                             go on in the background, until: stop
  greeting-local up --tenant contoso.onmicrosoft.com --client-id API_CLIENT_ID
                                                         tokens of a real tenant")]
pub(crate) struct UpArgs {
    /// Port of the function app; 0 for any free one [default: local.settings.json's, else 7071]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Port of the authority; 0 for any free one
    #[arg(long, default_value_t = 7443, conflicts_with = "tenant")]
    pub(crate) authority_port: u16,
    /// Function app's folder, with host.json [default: this folder if it has one, else built in]
    #[arg(long, value_name = "DIR")]
    pub(crate) app_root: Option<PathBuf>,
    /// The handler's executable [default: in the app root, beside greeting-local, or built]
    #[arg(long, value_name = "PATH")]
    pub(crate) handler: Option<PathBuf>,
    /// Easy Auth settings, as the properties of authsettingsV2 [default: deploy/authsettingsV2.json
    /// in the app's folder if it has one, else built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,
    /// An app registration, a Microsoft Graph application as az ad app show prints it; more than
    /// once for more. The one with the settings' clientId is the API's [default:
    /// deploy/app-registration.json beside the settings or in the app's folder, else built in], each
    /// other one, as every other in a deploy folder, is another client or API of the tenant
    #[arg(long, value_name = "FILE")]
    pub(crate) registration: Vec<PathBuf>,
    /// Take this client's tokens too, where the settings list the clients that may call; more than
    /// once for more
    #[arg(long, value_name = "ID")]
    pub(crate) allow_client: Vec<uuid::Uuid>,
    /// Put the gate in front of this app (http://host:port) instead of the Functions host
    #[arg(long, value_name = "URL", conflicts_with_all = ["app_root", "handler", "watch"])]
    pub(crate) upstream: Option<String>,
    /// Speak HTTP/2 without TLS to that app, as gRPC needs it
    #[arg(long, requires = "upstream")]
    pub(crate) upstream_http2: bool,
    /// Serve the function over HTTPS, with a certificate of the development CA
    #[arg(long)]
    pub(crate) https: bool,
    /// Build the handler, and start it again, when its sources change
    #[arg(long, visible_alias = "reload")]
    pub(crate) watch: bool,
    /// What is printed for each request, on stderr
    #[arg(long, default_value = "human", value_parser = named(&PRINTS))]
    pub(crate) log: Print,
    /// Write what is running to this file, once the function can be called
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
    /// Set the authority's and the gate's clock ahead by this many seconds, or back
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t,
        allow_negative_numbers = true
    )]
    pub(crate) time_shift: TimeShift,
    /// Approve every sign-in at once, as this user
    #[arg(long, value_name = "USER", conflicts_with = "tenant")]
    pub(crate) auto_approve: Option<String>,
    /// Return once the function can be called; the stack runs on until greeting-local stop
    #[arg(long, conflicts_with = "log")]
    pub(crate) detach: bool,
    /// What --detach starts
    #[arg(long, hide = true, conflicts_with = "detach")]
    pub(crate) detached: bool,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) tenant: TenantArgs,
    // Last: its heading would stand over whatever follows.
    #[command(flatten)]
    pub(crate) behaviour: BehaviourArgs,
}

/// A real tenant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Tokens of a real tenant, instead of the local authority's")]
pub(crate) struct TenantArgs {
    /// The tenant, by its id or a domain; its keys are fetched, nothing in it is changed
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<TenantId>,
    /// The API's application (client) id there [default: the settings' clientId]
    #[arg(long, value_name = "ID", requires = "tenant")]
    pub(crate) client_id: Option<uuid::Uuid>,
    /// The public client that people sign in as there [default: the Azure CLI]
    #[arg(long, value_name = "ID", requires = "tenant")]
    pub(crate) cli_client_id: Option<uuid::Uuid>,
    /// The tenant's authority, in another cloud than Azure's public one
    #[arg(
        long,
        value_name = "URL",
        requires = "tenant",
        default_value = "https://login.microsoftonline.com"
    )]
    pub(crate) authority_host: AuthorityHost,
}

/// Where Azure's behaviour is observed, not documented, or differs between platforms.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where Azure's behaviour differs or is not documented")]
pub(crate) struct BehaviourArgs {
    /// The platform: the form of its 401, and what else differs
    #[arg(long, default_value = "linux", value_parser = named(&CHALLENGES))]
    pub(crate) challenge: ChallengeForm,
    /// How the principal names claims
    #[arg(long, default_value = "mapped", value_parser = named(&CLAIM_NAMES))]
    pub(crate) claim_names: ClaimNames,
    /// Who is a browser, and sent to sign in by RedirectToLoginPage
    #[arg(long, default_value = "user-agent", value_parser = named(&BROWSER_BY))]
    pub(crate) browser_by: BrowserBy,
    /// Accept v1 tokens at an issuer URL that ends in /v2.0
    #[arg(long)]
    pub(crate) accept_v1_tokens: bool,
    /// With AllowAnonymous, answer an invalid token with 401 instead of passing it on
    #[arg(long)]
    pub(crate) refuse_invalid_tokens: bool,
    /// Take each list of jwtClaimChecks that the settings don't have for an empty one: 403 for
    /// every valid token, as was seen on Azure
    #[arg(long)]
    pub(crate) stored_empty_lists: bool,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    /// The registrations decide
    On,
    /// Not at all
    Off,
}

/// `policy`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local policy                          prints the policy
  greeting-local policy --consent off            AADSTS65001 for everybody
  greeting-local policy --device-code off        Conditional Access blocks it: AADSTS53003
  greeting-local policy --refresh-reuse off      a refresh token is used once
  greeting-local policy --refuse AADSTS50076     every sign-in fails: MFA is required
  greeting-local policy --refuse none
  greeting-local policy --time-shift 3600        in an hour: access tokens have ended
  greeting-local policy --time-shift 7776000     in 90 days: refresh tokens have, too
  greeting-local policy --time-shift 0
  greeting-local policy --delay 2s               each answer takes two seconds longer
  greeting-local policy --fail 503:0.2           a fifth of all answers fail, with Retry-After
  greeting-local policy --fail 429:1             each one does
  greeting-local policy --delay none --fail none

--delay and --fail are about discovery, keys, device codes and tokens, the gate's own requests for
keys included. Pages and these commands answer as before.")]
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
    after_help = "Tokens issued before stay valid: the old key is published until they have expired.

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
  greeting-local log --output json | jq 'select(.status == 401) | .reason'
  greeting-local log --output json | jq 'select(.source == \"authority\" and .grant)'")]
pub(crate) struct LogArgs {
    /// Print new requests as they come, until Ctrl-C
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// How each request is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `status`
#[derive(Debug, Args)]
#[command(
    after_help = "The exit status is 0 where a stack runs whose handler has not ended, else 1.

Examples:
  greeting-local status
  greeting-local status --output json | jq -r .function_url"
)]
pub(crate) struct StatusArgs {
    /// How it is printed
    #[arg(long, value_enum, default_value = "human")]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `stop`
#[derive(Debug, Args)]
#[command(
    after_help = "It returns once the stack is gone: its ports are free then.

Examples:
  greeting-local stop
  greeting-local stop --state-dir ./state"
)]
pub(crate) struct StopArgs {
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `env`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eval \"$(greeting-local env)\"                            bash, zsh
  greeting-local env --shell fish | source
  greeting-local env --shell powershell | Out-String | Invoke-Expression
  eval \"$(greeting-local env --for az)\"                   then: az login …
  greeting-local env --for msal-python                     what to write in a program")]
pub(crate) struct EnvArgs {
    /// The shell's syntax [default: by SHELL; PowerShell on Windows]
    #[arg(long, value_enum)]
    pub(crate) shell: Option<Shell>,
    /// What this client needs, and its exact commands
    #[arg(long = "for", value_enum, value_name = "CLIENT")]
    pub(crate) client: Option<Client>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `approve`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local approve                       the only one that waits; else lists them
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

/// `mint`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local mint | greeting-cli call http://localhost:7071/api/greeting --access-token -
  greeting-local mint --expired                              401: expired
  greeting-local mint --expires-in -60                       200: five minutes of skew are allowed
  greeting-local mint --audience https://graph.microsoft.com 401: for another API
  greeting-local mint --tenant 11111111-2222-3333-4444-555555555555
  greeting-local mint --kind id                              401: an ID token is for the client
  greeting-local mint --app-only --role Greeting.Read.All    403: a role is not a scope
  greeting-local mint --client 872cd9fa-d31f-45e0-9eab-6e460a02d1f1
                                                             403: up --allow-client takes it
  greeting-local mint --claim 'groups=[\"a\",\"b\"]' --claim oid=null --claim 'exp=\"soon\"'

greeting-cli call sends an ID token, and a token of one of Microsoft's APIs, only with
--send-anyway.

Times are by this machine's clock, also where the stack runs with --time-shift. The control room, at
the authority's address, mints the same and says what gate and function would answer.")]
pub(crate) struct MintArgs {
    #[arg(
        long,
        help = "The user that the token is for [default: alice@greeting.test, or the first of deploy/users.json]"
    )]
    pub(crate) user: Option<String>,
    /// The `aud` claim, more than once for a list [default: the API]
    #[arg(long)]
    pub(crate) audience: Vec<String>,
    /// A delegated scope, more than once for more [default: those of the API's registration]
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// No scope at all
    #[arg(long, conflicts_with = "scope")]
    pub(crate) no_scope: bool,
    /// A daemon's token: no user, no scope
    #[arg(long, conflicts_with_all = ["user", "scope"])]
    pub(crate) app_only: bool,
    /// An app role, more than once for more
    #[arg(long)]
    pub(crate) role: Vec<String>,
    /// A group, by id or by its name in deploy/users.json, more than once for more: the claim
    /// `groups`, or over 200 of them `_claim_names` [default: the user's, where the API's
    /// groupMembershipClaims show them]
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// The client's id, as `azp` or `appid` [default: greeting-cli's, or one that the settings list]
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// Another tenant's id, in `tid` and in the issuer
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// The `iss` claim [default: this authority]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// Token version [default: what the API's registration asks for]
    #[arg(long, value_parser = named(&VERSIONS))]
    pub(crate) version: Option<TokenVersion>,
    /// The token expired an hour ago
    #[arg(long)]
    pub(crate) expired: bool,
    /// The token is valid only in an hour
    #[arg(long, conflicts_with = "expired")]
    pub(crate) not_yet_valid: bool,
    /// Without `exp`
    #[arg(long, conflicts_with_all = ["expired", "expires_in"])]
    pub(crate) no_expiry: bool,
    /// Seconds until the token expires; negative: it has expired [default: 3600]
    #[arg(
        long,
        value_name = "SECONDS",
        conflicts_with = "expired",
        allow_negative_numbers = true
    )]
    pub(crate) expires_in: Option<i64>,
    /// Signature algorithm
    #[arg(long, default_value = "rs256", value_parser = named(&ALGORITHMS))]
    pub(crate) alg: Signature,
    /// Sign with another key, under the authority's key id
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) bad_signature: bool,
    /// Change the claims after signing
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) tampered: bool,
    /// Sign with a key that the authority does not publish
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) unknown_key: bool,
    /// Leave out the key id (`kid`)
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) no_key_id: bool,
    /// What kind of token
    #[arg(long, default_value = "access", value_parser = named(&KINDS))]
    pub(crate) kind: Shape,
    /// Set a claim, as JSON or text; `null` removes it
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) claim: Vec<String>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}

/// `package`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local package                                  builds the handler, writes greeting.zip
  greeting-local package --out target/greeting.zip
  greeting-local package --target x86_64-unknown-linux-musl
  greeting-local package --handler greeting-server        one that is built already")]
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
