//! `greeting-local up`'s arguments.

use std::path::PathBuf;

use clap::Args;
use local_easy_auth::{Behaviour, BrowserBy, ChallengeForm, ClaimNames, StoredLists};
use local_events::{Detail, Print, TimeShift};
use local_http::public_host::PublicHost;

use super::{Named, StateArgs, named};
use crate::say::Layout;
use crate::tenant::{AuthorityHost, TenantId};

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
/// `up`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local up
  greeting-local up -v             say all that is in force, print every request
  greeting-local up --port 0 --authority-port 0 --ready-file ready.json
  greeting-local up --settings deploy/authsettingsV2.json \\
    --auto-approve alice@greeting.test
  greeting-local up --upstream http://localhost:8000
                                   Easy Auth in front of any app
  greeting-local up --settings auth.json --upstream http://localhost:8000
                                   with your API's settings in Azure
  greeting-local up --allow-client 5a9e2f64-7c1d-4b8e-a0f3-9d6b41c7e853
                                   the local daemon may call, too
  greeting-local up --watch        build and start again on change
  greeting-local up --detach       go on in the background, until: stop
  greeting-local up --name two     a second stack, beside the first
  greeting-local up --listen 0.0.0.0 --public-host greeting-local
                                   for the other containers of a network
  greeting-local up --tenant contoso.onmicrosoft.com --client-id API_CLIENT_ID
                                   tokens of a real tenant")]
pub(crate) struct UpArgs {
    /// Say all at start: the files in force, the apps, who can sign in, the CA, a call without env;
    /// then print polls, discovery and key fetches too
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// Port of the function app; 0 for any free one [default: local.settings.json's, else 7071;
    /// with --name, one of its own]
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Port of the authority; 0 for any free one [default: 7443; with --name, one of its own]
    #[arg(long, conflicts_with = "tenant")]
    pub(crate) authority_port: Option<u16>,
    /// Listen on this IPv4 address too (0.0.0.0: all), for other containers or machines; with
    /// --public-host
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<std::net::Ipv4Addr>,
    /// The DNS name by which they call this one: certificate and issuer carry it; with --listen
    #[arg(long, value_name = "NAME")]
    pub(crate) public_host: Option<PublicHost>,
    /// Write the certificate that clients have to trust to this file too, readable by all
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
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
    pub(crate) detached: Option<Layout>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) tenant: TenantArgs,
    // Last: its heading would stand over whatever follows.
    #[command(flatten)]
    pub(crate) behaviour: BehaviourArgs,
}

impl UpArgs {
    /// Which events a person is shown.
    pub(crate) fn shown_events(&self) -> Detail {
        match self.verbose {
            true => Detail::Everything,
            false => Detail::Decisions,
        }
    }
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

impl BehaviourArgs {
    /// The gate's, as they say.
    pub(crate) fn of_the_gate(&self) -> Behaviour {
        Behaviour {
            challenge: self.challenge,
            claims: self.claim_names,
            browser_by: self.browser_by,
            accept_v1_tokens: self.accept_v1_tokens,
            anonymous_with_invalid_token: !self.refuse_invalid_tokens,
            ..Behaviour::default()
        }
    }

    /// How lists that the settings don't have are taken.
    pub(crate) fn stored_lists(&self) -> StoredLists {
        if self.stored_empty_lists {
            StoredLists::EmptyWhereAbsent
        } else {
            StoredLists::AsInTheFile
        }
    }
}

/// The ids of `--allow-client`, as tokens carry them.
pub(crate) fn client_ids(ids: &[uuid::Uuid]) -> Vec<String> {
    ids.iter().map(|id| id.hyphenated().to_string()).collect()
}
