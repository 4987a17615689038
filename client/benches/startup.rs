//! How long a token takes to be read, from start to end of the process, beside a peer: the
//! Rust program `jwt-cli` (its command is `jwt`).
//!
//! ```text
//! cargo bench -p greeting-cli --bench startup
//! ```
//!
//! Installs the peer into `target/peers` at the first run. Prints medians and their ratio, and
//! judges nothing: machines differ.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A version that is known to have `decode -`.
const PEER: &str = "jwt-cli@6.2.0";
const RUNS: usize = 100;
/// A token of Entra's shape. Nobody signed it.
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6ImtleS0xIn0.eyJhdWQiOiIyZjBiOGEzYy01YjFlLTRlMGUtOWQ1Ny0wYTRhNGYxYzFkMTEiLCJpc3MiOiJodHRwczovL2xvZ2luLm1pY3Jvc29mdG9ubGluZS5jb20vdC92Mi4wIiwiZXhwIjo0MTAwMDAwMDAwLCJzY3AiOiJHcmVldGluZy5SZWFkIiwidmVyIjoiMi4wIn0.c2lnbmF0dXJlLW9mLW5vYm9keQ";

fn main() {
    let peer = match peer() {
        Ok(peer) => peer,
        Err(why) => {
            eprintln!("error: the peer {PEER} is not to be had: {why}");
            std::process::exit(1);
        }
    };
    let mut own = Vec::new();
    let mut others = Vec::new();
    // In turn, so that whatever else the machine does falls on both.
    for _ in 0..RUNS {
        own.push(time(
            Path::new(env!("CARGO_BIN_EXE_greeting-cli")),
            &["token", "inspect", "-"],
        ));
        others.push(time(&peer, &["decode", "-"]));
    }
    let (own, others) = (median(own), median(others));
    println!("greeting-cli token inspect -  {:7.2} ms", millis(own));
    println!(
        "jwt decode -                  {:7.2} ms  ({PEER})",
        millis(others)
    );
    println!(
        "ratio                         {:7.2}     (median of {RUNS} runs each, in turn)",
        millis(own) / millis(others)
    );
}

/// The peer's program, installed where git does not look.
fn peer() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers");
    let program = root.join(format!("bin/jwt{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let installed = Command::new(cargo)
        .args(["install", "--quiet", "--locked", PEER, "--root"])
        .arg(&root)
        .status()
        .map_err(|error| error.to_string())?;
    if installed.success() {
        Ok(program)
    } else {
        Err(format!("cargo install ended with {installed}"))
    }
}

/// One run, from start to end.
fn time(program: &Path, arguments: &[&str]) -> Duration {
    let begun = Instant::now();
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let finished = child.and_then(|mut child| {
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(TOKEN.as_bytes())?;
        }
        child.wait()
    });
    let took = begun.elapsed();
    match finished {
        Ok(status) if status.success() => took,
        outcome => {
            eprintln!("error: {} gave {outcome:?}", program.display());
            std::process::exit(1);
        }
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
