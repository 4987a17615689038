//! `greeting-local mint`: a token of the local authority, with any chosen property or defect.

use local_entra::{
    Authority, KeyError, KeyRing, LIFETIME, MintError, MintSpec, Parts, PollInterval,
    RefreshTokens, Signature,
};
use local_events::Clock;
use local_failure::{Failure, Fix};
use local_http::origin;
use local_http::serve::Scheme;
use serde_json::Value;

use crate::cli::MintArgs;
use crate::control::running::Running;
use crate::deploy;
use crate::registrations::LocalTenant;
use crate::say;
use crate::stack::{AUTHORITY_PORT, no_keys};
use crate::state::Home;
use crate::state::ports::Had;
use crate::typed::Typed;

/// Prints the token to stdout. It signs with the keys of the state folder, so no stack need run.
///
/// # Errors
/// Bad arguments, or keys that can't be read.
pub(crate) fn run(args: &MintArgs) -> Result<(), Failure> {
    let home = Home::find(args.state.clone().into(), "mint")?;
    let state = &home.path;
    let now = Clock::default().now();
    let (origin, tenant, keys) = match Running::load(&home, "mint") {
        Ok(running) => {
            let tenant = running.local_tenant("mint")?.clone();
            // Not made anew: the running authority would refuse what another key signs.
            let keys = KeyRing::load(state, now);
            (running.ready.authority_host, tenant, keys)
        }
        Err(killed) if Running::is_told(state) => return Err(killed),
        // Nothing runs: as if it were started here.
        Err(_) => {
            let root = deploy::app_root(None)?.unwrap_or(state.clone());
            let files = deploy::Files::of(&root)?;
            let keys = KeyRing::load_or_create(state, now);
            let port = Had::load(state).authority.unwrap_or(AUTHORITY_PORT);
            let origin = origin::localhost(Scheme::Https, port);
            (origin, LocalTenant::of(&files)?, keys)
        }
    };
    let keys = keys.map_err(|error| match error {
        KeyError::Damaged(_) | KeyError::Missing(_) => Failure::new(
            "the running greeting-local can't be asked for a token",
            error,
            Fix::with(
                "end the stack with Ctrl-C and start it again, it makes a new signing key",
                home.stack.line("up"),
            ),
        ),
        error => no_keys(state, &error),
    })?;
    let directory = tenant.directory()?;
    let authority = Authority::new(Parts {
        directory,
        keys,
        daemon: None,
        pages: origin.clone(),
        origin,
        clock: Clock::default(),
        refresh_tokens: RefreshTokens::default(),
        auto_approve: None,
        poll_interval: PollInterval::ENTRA,
    });
    let token = authority.mint(&spec(args)?).map_err(|error| {
        let fix = match &error {
            MintError::User(_) => format!("its users: {}", authority.sign_in_names()).into(),
            MintError::Key(_) => Fix::with("see", Typed::here().own("mint --help")),
        };
        Failure::new("the token can't be made", error, fix)
    })?;
    say::line(token)
}

/// What these arguments ask for.
///
/// # Errors
/// A claim that is not NAME=VALUE.
pub(crate) fn spec(args: &MintArgs) -> Result<MintSpec, Failure> {
    let mut claims = Vec::new();
    if let Some(issuer) = &args.issuer {
        claims.push(("iss".to_owned(), Value::from(issuer.as_str())));
    }
    if args.no_expiry {
        claims.push(("exp".to_owned(), Value::Null));
    }
    for claim in &args.claim {
        claims.push(named_claim(claim)?);
    }
    let scopes = match (args.no_scope, args.scope.is_empty()) {
        (true, _) => Some(Vec::new()),
        (false, true) => None,
        (false, false) => Some(args.scope.clone()),
    };
    Ok(MintSpec {
        user: args.user.clone(),
        audiences: args.audience.clone(),
        scopes,
        roles: args.role.clone(),
        groups: args.group.clone(),
        app_only: args.app_only,
        client: args.client.clone(),
        tenant: args.tenant.clone(),
        version: args.version,
        starts_in_seconds: if args.not_yet_valid { LIFETIME } else { 0 },
        lifetime_seconds: match args.expires_in {
            Some(seconds) => seconds,
            None if args.expired => -LIFETIME,
            None => LIFETIME,
        },
        signature: signature(args),
        shape: args.kind,
        claims,
    })
}

fn named_claim(claim: &str) -> Result<(String, Value), Failure> {
    let (name, value) = claim.split_once('=').ok_or_else(|| {
        Failure::new(
            format!("--claim {claim} has no `=`"),
            "a claim is NAME=VALUE",
            "for example: --claim tid=other",
        )
    })?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

fn signature(args: &MintArgs) -> Signature {
    let flags = [
        (args.bad_signature, Signature::Forged),
        (args.tampered, Signature::Tampered),
        (args.unknown_key, Signature::UnknownKey),
        (args.no_key_id, Signature::NoKeyId),
    ];
    let by_flag = flags.iter().find(|(set, _)| *set);
    by_flag.map_or(args.alg, |(_, signature)| *signature)
}
