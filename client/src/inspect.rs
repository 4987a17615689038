//! `token inspect`: what a token says, and what would refuse it. Sends it nowhere.

use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use url::Url;

use crate::call::now;
use crate::challenge::Challenge;
use crate::cli::{InspectArgs, Output};
use crate::diagnosis::{self, Expected, Sent, Signature};
use crate::report::{finding_text, json as pretty, printable, say, tell};
use crate::token::{Decoded, Malformed, how_long, utc};
use crate::trust::{self, Trust};
use crate::{http, verify};

/// The claims that people need, in the order that they need them, and what each means.
const CLAIMS: &[(&str, &str)] = &[
    ("name", "who signed in"),
    ("preferred_username", "who signed in"),
    ("upn", "who signed in"),
    ("unique_name", "who signed in"),
    ("email", "who signed in"),
    ("oid", "the user's or program's object id in the tenant"),
    ("sub", "the same person for this API only"),
    ("tid", "the tenant"),
    ("aud", "the API that it is for"),
    ("azp", "the client that asked for it"),
    ("appid", "the client that asked for it"),
    (
        "azpacr",
        "how the client proved itself: 0 not, 1 secret, 2 certificate",
    ),
    (
        "appidacr",
        "how the client proved itself: 0 not, 1 secret, 2 certificate",
    ),
    ("idtyp", "app: a program's own token"),
    ("scp", "what the user lets the client do"),
    ("roles", "what the user or program may do"),
    ("groups", "the user's groups"),
    ("iss", "who issued it"),
    ("ver", "the token's version"),
    ("iat", "issued"),
    ("nbf", "valid from"),
    ("exp", "expires"),
];

/// Prints a token's meaning. Exit 0: nothing would refuse it; 4: the gate would; 5: the function.
pub(crate) async fn run(args: &InspectArgs) -> ExitCode {
    let text = if args.token == "-" {
        if std::io::stdin().is_terminal() {
            tell("Paste the token, then Ctrl-D:");
        }
        let mut text = String::new();
        if std::io::stdin()
            .take(256 * 1024)
            .read_to_string(&mut text)
            .is_err()
        {
            tell("error: stdin is not text");
            return ExitCode::from(2);
        }
        text.trim().to_owned()
    } else {
        tell(
            "warning: a token as an argument stays in the shell's history and is seen by ps; pipe it in instead: greeting-cli token inspect -",
        );
        args.token.trim().to_owned()
    };
    if text.is_empty() {
        tell(
            "error: no token on stdin\n\n  fix  greeting-cli token get URL | greeting-cli token inspect -",
        );
        return ExitCode::from(2);
    }
    let now = now();
    let client = match http::client(args.ca_cert.as_deref(), args.timeout) {
        Ok(client) => client,
        Err(why) => {
            tell(&format!("error: {why}"));
            return ExitCode::from(2);
        }
    };
    let (challenge, trusted) = match &args.url {
        None => (None, false),
        Some(url) => match challenge(&client, url).await {
            Ok(found) => found,
            Err(why) => {
                tell(&format!("error: {why}"));
                return ExitCode::from(7);
            }
        },
    };
    let expected = challenge.as_ref().map(Expected::of).unwrap_or_default();
    let decoded = Decoded::parse(&text);
    let mut signature = Signature::Unchecked;
    if args.verify
        && let Ok(token) = &decoded
    {
        match issuer(token, challenge.as_ref().filter(|_| trusted)) {
            Some((authority, tenant)) => {
                signature = verify::signature(&client, &authority, &tenant, &text).await
            }
            None => tell(
                "warning: the signature was not checked: the issuer is neither Microsoft's nor on this machine",
            ),
        }
    }
    let sent = match &decoded {
        Ok(token) => Sent::Token(Box::new(token.clone())),
        Err(malformed) => Sent::Unreadable(malformed.clone()),
    };
    let (gate, function) = diagnosis::foresee(&sent, &expected, signature, now);
    let exit = match (gate.is_empty(), function.is_empty()) {
        (false, _) => 4,
        (true, false) => 5,
        (true, true) => 0,
    };
    let findings: Vec<_> = gate.into_iter().chain(function).collect();
    match args.output {
        Output::Json => {
            let (header, claims, exp) = match &decoded {
                Ok(token) => (json!(token.header), json!(token.claims), token.time("exp")),
                Err(_) => (Value::Null, Value::Null, None),
            };
            say(&pretty(&json!({
                "header": header,
                "claims": claims,
                "expires_at": exp.and_then(utc),
                "expires_in_seconds": exp.map(|exp| exp.saturating_sub(now)),
                "verified": match signature {
                    Signature::Unchecked => "no",
                    Signature::Valid => "valid",
                    Signature::Wrong | Signature::UnknownKey => "invalid",
                },
                "findings": findings,
            })));
        }
        Output::Human => {
            match &decoded {
                Ok(token) => human(token, now),
                Err(Malformed(why)) => tell(&format!("error: not a token: {why}")),
            }
            for finding in &findings {
                say(&format!("\n{}", finding_text(finding).trim_end()));
            }
            if findings.is_empty() {
                say(match signature {
                    Signature::Valid => "\nnothing would refuse it, and the issuer signed it",
                    _ => "\nnothing in it would be refused (signature not checked: --verify)",
                });
            }
        }
    }
    ExitCode::from(exit)
}

fn human(token: &Decoded, now: i64) {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or(item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    };
    let line = |name: &str, value: &str, meaning: &str| {
        let said = format!("{name:<20}  {}", printable(value));
        say(format!("{said:<62}  {meaning}").trim_end());
    };
    for (name, meaning) in CLAIMS {
        let Some(value) = token.claims.get(*name) else {
            continue;
        };
        match (*name, value.as_i64()) {
            ("iat" | "nbf" | "exp", Some(at)) => line(name, &moment(at, now), meaning),
            ("aud", _) => match token
                .audiences()
                .first()
                .and_then(|aud| trust::first_party(aud))
            {
                Some(api) => line(name, &text(value), api),
                None => line(name, &text(value), meaning),
            },
            _ => line(name, &text(value), meaning),
        }
    }
    let others: Vec<&str> = token
        .claims
        .keys()
        .map(String::as_str)
        .filter(|name| !CLAIMS.iter().any(|(known, _)| known == name))
        .collect();
    if !others.is_empty() {
        line("also", &others.join(" "), "--output json has them whole");
    }
    line(
        "signed",
        &format!(
            "{} by key {}",
            text(token.header.get("alg").unwrap_or(&Value::Null)),
            text(token.header.get("kid").unwrap_or(&Value::Null))
        ),
        "",
    );
}

/// Local time and how far away.
fn moment(at: i64, now: i64) -> String {
    let Ok(moment) = jiff::Timestamp::from_second(at) else {
        return at.to_string();
    };
    let local = TimeZone::system().to_datetime(moment);
    let away = if at > now {
        format!("in {}", how_long(at.saturating_sub(now)))
    } else {
        format!("{} ago", how_long(now.saturating_sub(at)))
    };
    format!("{} ({away})", local.strftime("%Y-%m-%d %H:%M:%S"))
}

/// What a function expects, asked without a token; and whether its authority is believed.
async fn challenge(
    client: &reqwest::Client,
    url: &str,
) -> Result<(Option<Challenge>, bool), String> {
    let url = Url::parse(url).map_err(|error| format!("{url:?} is not a URL: {error}"))?;
    let answer = http::get(client, &url, None)
        .await
        .map_err(|unreached| format!("{url} was not reached: {}", unreached.why))?;
    let challenge = answer
        .challenges
        .iter()
        .find_map(|header| Challenge::parse(header));
    let trusted = challenge
        .as_ref()
        .is_some_and(|challenge| trust::judge(&url, challenge) != Trust::ForeignAuthority);
    Ok((challenge, trusted))
}

/// Where the keys are: the function's authority, else the token's own issuer where that is one
/// that anybody may ask (Microsoft's, or this machine's).
fn issuer(token: &Decoded, challenge: Option<&Challenge>) -> Option<(String, String)> {
    if let Some(challenge) = challenge {
        return Some((challenge.authority.clone(), challenge.tenant.clone()));
    }
    let issuer = Url::parse(token.text("iss")?).ok()?;
    let tenant = issuer
        .path_segments()?
        .next()
        .filter(|tenant| !tenant.is_empty())?
        .to_owned();
    let authority = match issuer.host_str()? {
        "sts.windows.net" => "https://login.microsoftonline.com".to_owned(),
        _ => issuer.origin().ascii_serialization(),
    };
    let claimed = Challenge {
        authority: authority.clone(),
        tenant: tenant.clone(),
        resource: "-".into(),
        v2: true,
    };
    let known = trust::is_loopback(&issuer) || trust::judge(&issuer, &claimed) == Trust::Ask;
    known.then_some((authority, tenant))
}
