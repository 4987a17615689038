//! `greeting-local policy`: what an administrator changes while the stack runs.

use local_failure::Failure;

use crate::cli::{PolicyArgs, Switch};
use crate::control::client;
use crate::control::policy::{Change, InForce, PATH};
use crate::control::running::Found;
use crate::say;

/// Changes the running authority's policy, and prints what it is now.
///
/// # Errors
/// Nothing runs, or the code is not known.
pub(crate) async fn run(args: PolicyArgs) -> Result<(), Failure> {
    let refuse = args
        .refuse
        .as_deref()
        .map(|text| {
            text.parse().map_err(|_| {
                Failure::new(
                    format!("--refuse {text} is no code"),
                    "a code is AADSTS and digits, or none",
                    "for example: --refuse AADSTS50076",
                )
            })
        })
        .transpose()?;
    let on = |switch: Option<Switch>| switch.map(|switch| switch == Switch::On);
    let change = Change {
        consent: on(args.consent),
        device_code: on(args.device_code),
        refresh_reuse: on(args.refresh_reuse),
        resource_slash: on(args.resource_slash),
        refuse,
        time_shift: args.time_shift,
        delay: args.delay,
        failures: args.fail,
    };
    let found = Found::of(args.state.into(), "policy")?;
    let answer = client::post("policy", &found, PATH, &change).await?;
    let in_force: InForce = answer
        .json()
        .await
        .map_err(|error| client::not_reached(&found.home, &error))?;
    for (name, value) in in_force.lines() {
        say::line(format_args!("{name:14} {value}"))?;
    }
    Ok(())
}
