//! `conform`: what is asked, by which tokens, and what is kept.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{CallArgs, CredentialKind, Output, Sources, seconds};
use crate::known_clients::DEVELOPER_CLIENT;

/// `conform`
#[derive(Debug, Args)]
pub(crate) struct ConformArgs {
    /// URL of the function
    #[arg(env = "GREETING_URL", required_unless_present = "compare")]
    pub(crate) url: Option<String>,
    /// Ask nothing: judge this capture, or show what differs between two
    #[arg(long, value_name = "FILE", num_args = 1..=2)]
    pub(crate) compare: Vec<PathBuf>,
    /// Write the answers to this new file, without names, ids and times
    #[arg(long, value_name = "FILE", conflicts_with = "compare")]
    pub(crate) capture: Option<PathBuf>,
    /// `-`: read signed tokens from stdin, as a JSON object by name (valid, expired, v1, …)
    #[arg(long, value_name = "-", conflicts_with_all = ["app_secret", "compare"])]
    pub(crate) tokens: Option<String>,
    /// `-`: read the secret of the app --client-id from stdin, and ask an app-only token by it
    #[arg(long, value_name = "-", conflicts_with = "compare")]
    pub(crate) app_secret: Option<String>,
    /// A path that the gate excludes from authentication, as its settings have it
    #[arg(long, value_name = "PATH", conflicts_with = "compare")]
    pub(crate) excluded: Option<String>,
    /// The app behind the gate is the echo app, which answers with what it saw
    #[arg(long, conflicts_with = "compare")]
    pub(crate) echo: bool,
    /// Send it, and trust the API that the function names, without asking
    #[arg(long)]
    pub(crate) yes: bool,
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
    /// Where the valid token comes from
    #[arg(long, value_enum, env = "GREETING_CREDENTIAL", default_value = "auto")]
    pub(crate) credential: CredentialKind,
    /// The user whose token is used, where several have signed in [default: the last]
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// Do not read or keep tokens
    #[arg(long)]
    pub(crate) no_cache: bool,
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
    #[arg(skip)]
    pub(crate) sources: Sources,
}

impl ConformArgs {
    /// The same for a call to this URL, by which its valid token is got.
    pub(crate) fn call(&self, url: String) -> CallArgs {
        let mut call = CallArgs {
            url,
            scope: self.scope.clone(),
            tenant: self.tenant.clone(),
            client_id: self.client_id.clone(),
            authority_host: self.authority_host.clone(),
            credential: self.credential,
            user: self.user.clone(),
            access_token: None,
            send_anyway: false,
            yes: self.yes,
            no_cache: self.no_cache,
            auth_settings: None,
            ca_cert: self.ca_cert.clone(),
            timeout: self.timeout,
            retry: 0,
            output: self.output,
            verbose: self.verbose,
            sources: self.sources.clone(),
        };
        call.without_blank();
        call
    }
}
