//! Finding the programs that run beside this one: the handler, and the CLI that `demo` drives.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::SystemTime;

use command_line::characters::writable;
use local_child::Launcher;
use local_events::{Stream, print};
use local_failure::{Failure, Fix};
use serde_json::Value;

/// The hidden subcommand.
pub(crate) const LAUNCH: &str = "launch";
/// The profile of the build that this program is itself.
const RELEASE: bool = !cfg!(debug_assertions);

/// What is built at once where one of them is missing.
const PROGRAMS: [&str; 2] = ["greeting-cli", "greeting-server"];

/// Starts programs so that they end with this one, by its hidden subcommand.
///
/// # Errors
/// The operating system does not say what this program is.
pub(crate) fn launcher() -> Result<Launcher, Failure> {
    Launcher::this_program(LAUNCH).map_err(|error| {
        Failure::new(
            "greeting-local does not find its own program",
            error,
            "start it by its full path",
        )
    })
}

/// The program `name`: in `app_root`, else beside this program, else built with cargo.
///
/// # Errors
/// It is nowhere, and there is no checkout to build it from, or the build failed.
pub(crate) async fn find(name: &str, app_root: Option<&Path>) -> Result<PathBuf, Failure> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    if let Some(path) = app_root
        .map(|root| root.join(&file))
        .filter(|path| path.is_file())
    {
        return Ok(path);
    }
    let own = std::env::current_exe().and_then(std::fs::canonicalize).ok();
    let checkout = own.as_deref().and_then(checkout_of);
    let beside = own
        .as_deref()
        .and_then(Path::parent)
        // Test programs stand one folder below the others.
        .map(|folder| {
            if folder.ends_with("deps") {
                folder.join("..")
            } else {
                folder.to_owned()
            }
        })
        .map(|folder| folder.join(&file))
        .filter(|path| path.is_file());
    match (beside, checkout) {
        (Some(path), None) => Ok(path),
        (Some(path), Some(checkout)) if !is_stale(&path, &checkout, name) => Ok(path),
        (_, Some(checkout)) => build(name, &checkout).await,
        (None, None) => Err(Failure::new(
            format!("{file} was not found"),
            format!(
                "it is not in the function app's folder{}, not beside greeting-local, and there is no checkout to build it from",
                app_root
                    .map(|root| format!(" ({})", root.display()))
                    .unwrap_or_default()
            ),
            "put it beside greeting-local, or name the handler with --handler",
        )),
    }
}

/// The checkout that this program was built in, if it was not installed from one.
pub(crate) fn checkout() -> Option<PathBuf> {
    checkout_of(
        &std::env::current_exe()
            .and_then(std::fs::canonicalize)
            .ok()?,
    )
}

/// The checkout that `own` was built in: cargo's target folder stands in it, or the current
/// folder is in it.
fn checkout_of(own: &Path) -> Option<PathBuf> {
    let is_checkout = |folder: &&Path| {
        folder.join("server/Cargo.toml").is_file() && folder.join("local/Cargo.toml").is_file()
    };
    own.ancestors()
        .find(is_checkout)
        .map(Path::to_owned)
        .or_else(|| {
            // CARGO_TARGET_DIR may be anywhere; an installed program builds nothing.
            let in_target = own
                .ancestors()
                .any(|folder| folder.join("CACHEDIR.TAG").is_file());
            let current = std::env::current_dir().ok()?;
            in_target.then(|| current.ancestors().find(is_checkout).map(Path::to_owned))?
        })
}

/// Whether a source of `program` is newer than it: cargo builds only what it is given, so
/// an edit to the handler would else go unseen by `cargo run --bin greeting-local`.
fn is_stale(program: &Path, checkout: &Path, name: &str) -> bool {
    let folder = if name == "greeting-cli" {
        "client"
    } else {
        "server"
    };
    let Some(built) = modified(program) else {
        return true;
    };
    holds_newer(&checkout.join(folder).join("src"), built)
}

fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|meta| meta.modified()).ok()
}

fn holds_newer(folder: &Path, than: SystemTime) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .any(|path| match path.is_dir() {
            true => holds_newer(&path, than),
            false => modified(&path).is_some_and(|changed| changed > than),
        })
}

/// Builds the programs with cargo, whose progress is shown, and says where cargo put `name`.
async fn build(name: &str, checkout: &Path) -> Result<PathBuf, Failure> {
    let failed = |why: String| {
        Failure::new(
            format!("{name} could not be built"),
            why,
            Fix::with("see what cargo says", format!("cargo build --bin {name}")),
        )
    };
    print(
        Stream::Err,
        writable(&format!("building {} …", PROGRAMS.join(" and "))),
    );
    let mut command =
        tokio::process::Command::new(environment::variable("CARGO").unwrap_or("cargo".into()));
    command
        .args(["build", "--message-format", "json-render-diagnostics"])
        // Both at once, and chosen by program and not by package: then cargo takes the features of
        // all default members, as `cargo run --bin greeting-local` did, and compiles no library twice.
        .args(PROGRAMS.iter().flat_map(|program| ["--bin", program]))
        .args(RELEASE.then_some("--release"))
        .current_dir(checkout)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    // Not `output()`: tokio's takes stderr too, and cargo's errors would go unseen.
    let building = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let output = building
        .wait_with_output()
        .await
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("cargo ended with {}", output.status)));
    }
    executable(&output.stdout, name).ok_or_else(|| failed("cargo named no executable".to_owned()))
}

/// Where cargo put `name`, by its messages.
pub(crate) fn executable(messages: &[u8], name: &str) -> Option<PathBuf> {
    String::from_utf8_lossy(messages)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_edit_in_any_folder_of_the_sources_is_seen() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("client/src/diagnosis");
        std::fs::create_dir_all(&inner).unwrap();
        let program = root.path().join("greeting-cli");
        std::fs::write(&program, "").unwrap();
        let built = modified(&program).unwrap();
        let is_stale = || is_stale(&program, root.path(), "greeting-cli");
        for path in [
            root.path().join("client/src/main.rs"),
            inner.join("gate.rs"),
        ] {
            let source = std::fs::File::create(&path).unwrap();
            let age = Duration::from_secs(60);
            source.set_modified(built - age).unwrap();
            assert!(!is_stale(), "{path:?}");
            source.set_modified(built + age).unwrap();
            assert!(is_stale(), "{path:?}");
            source.set_modified(built - age).unwrap();
        }
    }
}
