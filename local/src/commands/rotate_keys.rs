//! `greeting-local rotate-keys`.

use local_failure::Failure;

use crate::cli::RotateKeysArgs;
use crate::control::client;
use crate::control::rotate_keys::PATH;
use crate::control::running::Found;
use crate::say;

/// Has the running authority sign with a new key.
///
/// # Errors
/// Nothing runs, or no key can be made.
pub(crate) async fn run(args: RotateKeysArgs) -> Result<(), Failure> {
    let found = Found::of(args.state.into(), "rotate-keys")?;
    let answer = client::post("rotate-keys", &found, PATH, &()).await?;
    let kid = answer
        .text()
        .await
        .map_err(|error| client::not_reached(&found.home, &error))?;
    say::line(format_args!("signing with {kid}"))?;
    say::line("the previous key stays published until the tokens that it signed have expired")
}
