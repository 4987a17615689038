//! The handler, built for where it will run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use local_failure::{Failure, Fix};

use super::AppFiles;
use super::elf::Target;
use crate::programs;

/// The package that is built, and its program.
pub(super) const HANDLER: &str = "greeting-server";

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
    const ELSEWHERE: &str =
        "run it in a checkout of this project, or name a built handler:\n--handler PATH";
    let failed = |why: String| Failure::new(WHAT, why, ways_on(target));
    if app.executable != HANDLER {
        let why = format!(
            "host.json runs {}, and only {HANDLER} can be built here",
            app.executable
        );
        return Err(Failure::new(
            WHAT,
            why,
            "name a built handler: --handler PATH",
        ));
    }
    let checkout = app
        .root
        .clone()
        .filter(|root| root.join("server/Cargo.toml").is_file())
        .or_else(programs::checkout)
        .ok_or_else(|| Failure::new(WHAT, "there is no checkout to build it from", ELSEWHERE))?;
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
fn ways_on(target: &Target) -> String {
    let mut ways = format!(
        "correct what cargo says above. Where the target is missing:\nrustup target add {target}\n"
    );
    if let Some(architecture) = target.triple.strip_suffix("-unknown-linux-gnu") {
        let musl = format!("{architecture}-unknown-linux-musl");
        ways.push_str(&format!(
            "where the C library's static archive is, on Fedora:\nsudo dnf install glibc-static\nor, without that archive:\nrustup target add {musl}\ngreeting-local package --target {musl} --out greeting.zip\n"
        ));
    }
    ways.push_str("or name a built handler: --handler PATH");
    ways
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

    #[test]
    fn point_14_what_to_do_about_a_failed_build_is_lines_that_paste() {
        let ways = |triple: &str| {
            let target = triple.parse().unwrap();
            Failure::new("what", "why", ways_on(&target)).to_string()
        };
        let gnu = ways("x86_64-unknown-linux-gnu");
        for line in [
            "rustup target add x86_64-unknown-linux-gnu",
            "sudo dnf install glibc-static",
            "greeting-local package --target x86_64-unknown-linux-musl --out greeting.zip",
        ] {
            let is_whole = gnu.lines().any(|own| own.trim_start() == line);
            assert!(is_whole, "{line}: {gnu}");
        }
        let musl = ways("aarch64-unknown-linux-musl");
        assert!(!musl.contains("dnf"), "{musl}");
        for text in [gnu, musl] {
            assert!(text.contains("--handler PATH"), "{text}");
            // A line to paste is exempt.
            let mut told = text.lines().filter(|line| !line.contains("--target"));
            assert!(told.all(|line| line.len() <= 80), "{text}");
        }
    }
}
