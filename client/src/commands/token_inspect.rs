//! `token inspect`: what a token says, and what would refuse it. Does not send it.

mod claims;
mod text;

use std::process::ExitCode;

use azure_core::credentials::Secret;
use command_line::characters::writable;
use serde_json::{Value, json};
use url::Url;

use crate::auth_settings::Settings;
use crate::cli::{InspectArgs, Output};
use crate::clock::{how_long, now, utc};
use crate::credential::cache::Cache;
use crate::credential::provided::{pasted, token_in};
use crate::diagnosis::{self, Expected, Finding, Sent, Signature};
use crate::discovery::challenge::Challenge;
use crate::discovery::metadata::discover;
use crate::discovery::trust::Authority;
use crate::failure::Failure;
use crate::http::{self, Clients, without_query};
use crate::session::function_url;
use crate::signature;
use crate::terminal::{json as pretty, printable, say, tell};
use crate::token::Decoded;

/// A token with less than this left is about to expire: clients renew it then, in seconds.
const SOON: i64 = 300;

/// What a token was compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Against {
    /// What a gate expects.
    Gate,
    /// The token by itself.
    Nothing,
}

impl Against {
    fn of(expected: &Expected) -> Self {
        match expected.resource {
            Some(_) => Self::Gate,
            None => Self::Nothing,
        }
    }
}

/// What is known about a token.
struct Inspected {
    against: Against,
    sent: Sent,
    signature: Signature,
    gate: Vec<Finding>,
    function: Vec<Finding>,
    now: i64,
}

/// Prints a token's meaning. Exit 0: nothing would refuse it; 4: the gate would; 5: the function.
///
/// # Errors
/// There is no token, or nothing to compare it with.
pub(crate) async fn run(args: &InspectArgs) -> Result<ExitCode, Failure> {
    let inspected = inspect(args).await?;
    inspected.print(args.output)?;
    Ok(ExitCode::from(inspected.exit()))
}

/// Whether nobody but this machine is asked. Most tokens are read so.
pub(crate) fn is_offline(args: &InspectArgs) -> bool {
    args.url.is_none() && !args.verify
}

/// Whether it waits for nobody but who writes the token.
pub(crate) fn is_of_its_own(args: &InspectArgs) -> bool {
    is_offline(args) && !args.cached
}

async fn inspect(args: &InspectArgs) -> Result<Inspected, Failure> {
    // Reading certificates takes longer than all the rest.
    let clients = (!is_offline(args))
        .then(|| Clients::new(args.ca_cert.as_deref(), args.timeout))
        .transpose()?;
    let settings = args
        .auth_settings
        .as_deref()
        .map(Settings::load)
        .transpose()?;
    let url = args.url.as_deref().map(function_url).transpose()?;
    let challenge = match (&url, &clients) {
        (Some(url), Some(clients)) => challenge(clients, url, args).await?,
        _ => None,
    };
    let token = if args.cached {
        cached(challenge.as_ref()).await?
    } else {
        brought(&args.token)?
    };
    let expected = challenge.as_ref().map(Expected::of).unwrap_or_default();
    let expected = expected.with(settings.as_ref());
    let text = token.secret();
    let sent = match Decoded::parse(text) {
        Ok(token) => Sent::Token(Box::new(token)),
        Err(unreadable) => Sent::Unreadable(unreadable),
    };
    let mut signature = Signature::Unchecked;
    if args.verify
        && let (Sent::Token(token), Some(clients)) = (&sent, &clients)
    {
        let claimed = url.as_ref().zip(challenge.as_ref());
        signature = verified(clients, claimed, token, text).await;
    }
    let now = now();
    let whole = |finding: Finding| match &url {
        Some(url) => finding.with_url(&without_query(url)),
        None => finding,
    };
    let (gate, function) = diagnosis::foresee(&sent, &expected, signature, now);
    Ok(Inspected {
        against: Against::of(&expected),
        sent,
        signature,
        gate: gate.into_iter().map(whole).collect(),
        function: function.into_iter().map(whole).collect(),
        now,
    })
}

/// From the argument or stdin.
fn brought(argument: &str) -> Result<Secret, Failure> {
    let text = if argument == "-" {
        pasted()
    } else {
        tell(
            "warning: a token as an argument stays in the shell's history and other users can see it (ps); pipe it in instead: greeting-cli token inspect -",
        );
        argument.to_owned()
    };
    if text.trim().is_empty() {
        return Err(Failure::NoTokenOnStdin);
    }
    Ok(Secret::new(token_in(&text)))
}

/// The token that was kept last, for this function's API where one is named.
async fn cached(challenge: Option<&Challenge>) -> Result<Secret, Failure> {
    let entries = match Cache::open() {
        Some(cache) => cache.all().await,
        None => Vec::new(),
    };
    let found = entries.into_iter().rfind(|entry| {
        challenge.is_none_or(|challenge| {
            entry.key.scope == challenge.scope() && entry.key.authority == challenge.authority
        })
    });
    let entry = found.ok_or(Failure::NoKeptToken)?;
    let user = entry.user.as_deref().unwrap_or("an unnamed user");
    tell(&printable(&format!(
        "the token of {user} for {}, from {}",
        entry.key.scope, entry.key.credential
    )));
    Ok(entry.access_token)
}

async fn verified(
    clients: &Clients,
    claimed: Option<(&Url, &Challenge)>,
    token: &Decoded,
    text: &str,
) -> Signature {
    let issuer = match claimed {
        Some((url, challenge))
            if Authority::of(&challenge.authority, url) != Authority::Foreign =>
        {
            Some((challenge.authority.clone(), challenge.tenant.clone()))
        }
        Some(_) => None,
        // The token names its issuer; only Microsoft's and this machine's are asked.
        None => token
            .text("iss")
            .and_then(|issuer| Url::parse(issuer).ok())
            .and_then(|issuer| signature::issuer(token, &issuer)),
    };
    let Some((authority, tenant)) = issuer else {
        tell(
            "warning: the signature was not checked: the issuer is neither Microsoft's nor on this machine",
        );
        return Signature::Unchecked;
    };
    let signature = signature::signature(clients, &authority, &tenant, text).await;
    if signature == Signature::Unchecked {
        tell(&printable(&format!(
            "warning: the signature was not checked: {authority} gave no keys for {tenant}"
        )));
    }
    signature
}

/// What a function expects, asked without a token.
async fn challenge(
    clients: &Clients,
    url: &Url,
    args: &InspectArgs,
) -> Result<Option<Challenge>, Failure> {
    if args.verbose {
        tell(&format!("> GET {} no token", without_query(url)));
    }
    let answer = http::get(clients, url, None)
        .await
        .map_err(|unreached| Failure::NotReached {
            url: without_query(url),
            finding: Box::new(diagnosis::unreached(url, &unreached)),
            why: unreached.why,
        })?;
    let told = |line: &str| {
        if args.verbose {
            tell(&printable(line));
        }
    };
    for line in answer.told() {
        told(&line);
    }
    let challenge = discover(clients, url, &answer, told).await;
    if challenge.is_none() {
        tell(&format!(
            "warning: {} names no API and no tenant to compare with",
            without_query(url)
        ));
    }
    Ok(challenge)
}

impl Inspected {
    fn exit(&self) -> u8 {
        match (self.gate.is_empty(), self.function.is_empty()) {
            (false, _) => 4,
            (true, false) => 5,
            (true, true) => 0,
        }
    }

    /// What will refuse it soon.
    fn warning(&self) -> Option<String> {
        let Sent::Token(token) = &self.sent else {
            return None;
        };
        let left = token.time("exp")?.saturating_sub(self.now);
        (0..SOON)
            .contains(&left)
            .then(|| format!("expires in {}", how_long(left)))
    }

    fn print(&self, output: Output) -> Result<(), Failure> {
        match output {
            Output::Json => say(&pretty(&self.json()))?,
            Output::Human => {
                if let Sent::Unreadable(unreadable) = &self.sent {
                    tell(&format!("error: not an access token: {}", unreadable.why()));
                }
                say(&writable(self.human(&time_zone::system()).trim_end()))?;
            }
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let token = match &self.sent {
            Sent::Token(token) => Some(token),
            _ => None,
        };
        let exp = token.and_then(|token| token.time("exp"));
        let findings: Vec<&Finding> = self.gate.iter().chain(&self.function).collect();
        json!({
            "header": token.map(|token| &token.header),
            "claims": token.map(|token| &token.claims),
            "expires_at": exp.and_then(utc),
            "expires_in_seconds": exp.map(|exp| exp.saturating_sub(self.now)),
            "verified": match self.signature {
                Signature::Unchecked => "no",
                Signature::Valid => "valid",
                Signature::Wrong | Signature::UnknownKey => "invalid",
            },
            "warnings": self.warning().into_iter().collect::<Vec<_>>(),
            "findings": findings,
        })
    }
}

#[cfg(test)]
mod tests;
