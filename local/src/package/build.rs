//! The handler, built for where it will run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use local_failure::{Failure, Fix};

use super::AppFiles;
use super::elf::Target;
use crate::programs;
use crate::typed::Typed;

/// The package that is built, and its program.
pub(super) const HANDLER: &str = "greeting-server";

/// A handler that is built already.
const NAME_ONE: &str = "name a built handler: --handler PATH";
const OR_NAME_ONE: &str = "or name a built handler: --handler PATH";

/// What to do about a handler that can't be packaged.
pub(crate) fn hint(target: &Target) -> Fix {
    Fix::with(
        "build it so",
        format!(
            "RUSTFLAGS='-C target-feature=+crt-static' cargo build --profile dist --target {target} -p {HANDLER}"
        ),
    )
}

/// Builds the handler, static and the same on every machine with this toolchain.
///
/// # Errors
/// There is no checkout to build it from, or cargo fails.
pub(crate) fn handler(app: &AppFiles, target: &Target) -> Result<PathBuf, Failure> {
    const WHAT: &str = "the handler could not be built";
    let failed = |why: String| Failure::new(WHAT, why, ways_on(target));
    if app.executable != HANDLER {
        let why = format!(
            "host.json runs {}, and only {HANDLER} can be built here",
            app.executable
        );
        return Err(Failure::new(WHAT, why, NAME_ONE));
    }
    let checkout = app
        .root
        .clone()
        .filter(|root| root.join("server/Cargo.toml").is_file())
        .or_else(programs::checkout)
        .ok_or_else(|| {
            let elsewhere = Fix::from("run it in a checkout of this project").and(OR_NAME_ONE);
            Failure::new(WHAT, "there is no checkout to build it from", elsewhere)
        })?;
    let output = cargo(&checkout, target)
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("cargo ended with {}", output.status)));
    }
    programs::executable(&output.stdout, HANDLER)
        .ok_or_else(|| failed("cargo named no executable".to_owned()))
}

/// What to do where cargo has failed, and said why on stderr. A static handler is linked with the C
/// library's archive, which some distributions keep apart.
fn ways_on(target: &Target) -> Fix {
    let add = |triple: &str| format!("rustup target add {triple}");
    let mut ways = Fix::from("correct what cargo says above").and(Fix::with(
        "where the target is missing",
        add(&target.triple),
    ));
    if let Some(architecture) = target.triple.strip_suffix("-unknown-linux-gnu") {
        let musl = format!("{architecture}-unknown-linux-musl");
        let package = format!("package --target {musl} --out greeting.zip");
        ways = ways
            .and(Fix::with(
                "where the C library's static archive is, on Fedora",
                "sudo dnf install glibc-static",
            ))
            .and(Fix::with("or, without that archive", add(&musl)))
            .and(Fix::command(Typed::here().own(&package)));
    }
    ways.and(OR_NAME_ONE)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::say;

    #[test]
    fn point_14_what_to_do_about_a_failed_build_is_lines_that_paste() {
        let ways = |triple: &str, columns| {
            let target = triple.parse().unwrap();
            say::failure(&Failure::new("what", "why", ways_on(&target)), columns)
        };
        for columns in [Some(40), Some(80), None] {
            let gnu = ways("x86_64-unknown-linux-gnu", columns);
            for line in [
                "rustup target add x86_64-unknown-linux-gnu",
                "sudo dnf install glibc-static",
                "greeting-local package --target x86_64-unknown-linux-musl --out greeting.zip",
            ] {
                // Behind its words where there is room, and never broken.
                assert!(gnu.lines().any(|own| own.ends_with(line)), "{line}: {gnu}");
            }
            let musl = ways("aarch64-unknown-linux-musl", columns);
            assert!(!musl.contains("dnf"), "{musl}");
            assert!(musl.contains("--handler"), "{musl}");
        }
    }
}
