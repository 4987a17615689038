//! `greeting-local mint`: a token of the local authority, with any chosen property or defect.

use serde_json::Value;

use crate::authority::{
    Authority, Clock, Directory, KeyRing, MintAlgorithm, MintSpec, Parts, TokenVersion,
};
use crate::cli::{Algorithm, MintArgs, Version};
use crate::deploy;
use crate::failure::Failure;
use crate::say;
use crate::state::{self, Running};

/// Where the authority would be, when none runs: `up`'s default.
const DEFAULT_ORIGIN: &str = "https://localhost:7443";
/// An access token's life in seconds; Entra's is 60 to 90 minutes.
const LIFETIME: i64 = 3600;

/// Prints the token to stdout. It signs with the keys of the state folder, so no stack need run.
///
/// # Errors
/// Bad arguments, or keys that can't be read.
pub(crate) fn run(args: &MintArgs) -> Result<(), Failure> {
    let state = state::folder(args.state.state_dir.as_deref())?;
    let (origin, root) = match Running::load(&state) {
        Ok(running) => {
            let running = running.with_authority("mint")?;
            (running.ready.authority_host, running.root)
        }
        // Nothing runs: as if it were started here.
        Err(_) => {
            let root = deploy::app_root(None)?.unwrap_or(state.clone());
            (DEFAULT_ORIGIN.to_owned(), root)
        }
    };
    let files = deploy::Files::of(&root)?;
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(
            "the token can't be made",
            error,
            "see: greeting-local mint --help",
        )
    };
    let directory = Directory::new(
        deploy::TENANT_ID,
        deploy::TENANT_DOMAIN,
        &files.app_registration(),
        &files.client_registration(),
    )
    .map_err(|error| failed(&error))?;
    let clock = Clock::default();
    let keys = KeyRing::load_or_create(&state, clock.now()).map_err(|error| failed(&error))?;
    let authority = Authority::new(Parts {
        directory,
        keys,
        daemon: None,
        origin,
        clock,
        refresh_store: None,
        auto_approve: None,
    });
    let token = authority
        .mint(&spec(args)?)
        .map_err(|error| failed(&error))?;
    say::line(token);
    Ok(())
}

fn spec(args: &MintArgs) -> Result<MintSpec, Failure> {
    let claims = args
        .claim
        .iter()
        .map(|claim| {
            let (name, value) = claim.split_once('=').ok_or_else(|| {
                Failure::new(
                    format!("--claim {claim} has no `=`"),
                    "a claim is NAME=VALUE",
                    "for example: --claim tid=other",
                )
            })?;
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
            Ok((name.to_owned(), value))
        })
        .collect::<Result<Vec<_>, Failure>>()?;
    let scopes = match (args.no_scope, args.scope.is_empty()) {
        (true, _) => Some(Vec::new()),
        (false, true) => None,
        (false, false) => Some(args.scope.clone()),
    };
    Ok(MintSpec {
        user: args.user.clone(),
        audience: args.audience.clone(),
        scopes,
        roles: args.role.clone(),
        app_only: args.app_only,
        version: match args.version {
            Version::One => TokenVersion::V1,
            Version::Two => TokenVersion::V2,
        },
        lifetime_seconds: if args.expired { -LIFETIME } else { LIFETIME },
        algorithm: match args.alg {
            Algorithm::Rs256 => MintAlgorithm::Rs256,
            Algorithm::None => MintAlgorithm::None,
            Algorithm::Hs256 => MintAlgorithm::Hs256ByPublicKey,
            Algorithm::Rs512 => MintAlgorithm::Rs512,
            Algorithm::Ps256 => MintAlgorithm::Ps256,
        },
        bad_signature: args.bad_signature,
        unknown_key: args.unknown_key,
        tampered: args.tampered,
        claims,
    })
}
