//! The handler, built for where it will run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use local_failure::Failure;

use super::AppFiles;
use super::elf::Target;
use crate::programs;

/// The package that is built, and its program.
pub(super) const HANDLER: &str = "greeting-server";

/// What to do about a handler that can't be packaged.
pub(crate) fn hint(target: &Target) -> String {
    format!(
        "build it so: RUSTFLAGS='-C target-feature=+crt-static' cargo build --profile dist --target {target} -p {HANDLER}"
    )
}

/// Builds the handler, static and the same on every machine with this toolchain.
///
/// # Errors
/// There is no checkout to build it from, or cargo fails.
pub(crate) fn handler(app: &AppFiles, target: &Target) -> Result<PathBuf, Failure> {
    let failed = |why: String| {
        Failure::new(
            "the handler could not be built",
            why,
            format!(
                "run it in a checkout, with the target installed (rustup target add {target}){}, or name a built handler with --handler",
                static_libc(target)
            ),
        )
    };
    if app.executable != HANDLER {
        return Err(failed(format!(
            "host.json runs {}, and only {HANDLER} can be built here",
            app.executable
        )));
    }
    let checkout = app
        .root
        .clone()
        .filter(|root| root.join("server/Cargo.toml").is_file())
        .or_else(programs::checkout)
        .ok_or_else(|| failed("there is no checkout to build it from".to_owned()))?;
    let output = cargo(&checkout, target)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("cargo ended with {}", output.status)));
    }
    programs::executable(&output.stdout, HANDLER)
        .ok_or_else(|| failed("cargo named no executable".to_owned()))
}

/// A static handler is linked with the C library's archive, which some distributions keep apart.
fn static_libc(target: &Target) -> &'static str {
    if target.triple.ends_with("-gnu") {
        " and the C library's static archive (Fedora: dnf install glibc-static), or without that archive for x86_64-unknown-linux-musl (rustup target add, --target)"
    } else {
        ""
    }
}

fn cargo(checkout: &Path, target: &Target) -> Command {
    let mut cargo = Command::new(environment::variable("CARGO").unwrap_or("cargo".into()));
    cargo
        .current_dir(checkout)
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args([
            "--profile",
            "dist",
            "--target",
            &target.triple,
            "-p",
            HANDLER,
        ])
        .env("CARGO_ENCODED_RUSTFLAGS", flags(checkout))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    cargo
}

/// rustc's flags, as cargo takes them: separated by U+001F. They replace `RUSTFLAGS`: what is
/// deployed does not depend on whose shell built it.
fn flags(checkout: &Path) -> String {
    let mut flags = vec!["-Ctarget-feature=+crt-static".to_owned()];
    // Panic messages name source files; without this, by the builder's own folders.
    let cargo_home = environment::variable("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(etcetera::home_dir().ok()?.join(".cargo")));
    for (path, name) in [
        (Some(checkout.to_owned()), "greeting"),
        (cargo_home, "cargo"),
    ] {
        if let Some(path) = path {
            flags.push(format!("--remap-path-prefix={}={name}", path.display()));
        }
    }
    flags.join("\u{1f}")
}
