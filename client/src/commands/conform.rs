//! `conform`: asks a gate the probes, and shows where it is not as the table says.

mod asking;
mod keeping;
mod matrix;
mod tokens;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use self::keeping::Keeping;
use crate::cli::ConformArgs;
use crate::conformance::capture::Capture;
use crate::conformance::refusal::Refusal;
use crate::discovery::trust::may_carry_token;
use crate::failure::Failure;
use crate::session::learn::Stopped;
use crate::session::{Session, explain};

/// `conform`
pub(crate) async fn run(args: ConformArgs) -> Result<ExitCode, Failure> {
    match (args.compare.as_slice(), &args.url) {
        ([one], _) => Ok(matrix::show(&read(one)?, None, args.output)?),
        ([one, other], _) => Ok(matrix::compare(&read(one)?, &read(other)?, args.output)?),
        (_, Some(url)) => asked(&args, url.clone()).await,
        (_, None) => Err(Refusal::NotStdin("URL").into()),
    }
}

async fn asked(args: &ConformArgs, url: String) -> Result<ExitCode, Failure> {
    for (flag, value) in [
        ("--tokens", &args.tokens),
        ("--app-secret", &args.app_secret),
    ] {
        if value.as_deref().is_some_and(|value| value != "-") {
            return Err(Refusal::NotStdin(flag).into());
        }
    }
    let session = Session::new(args.call(url))?;
    if !may_carry_token(&session.url) {
        return refused(explain::stopped(&session, Stopped::InTheClear).await, args);
    }
    let keeping = Keeping::check(args.capture.as_deref())?;
    let brought = tokens::of_stdin(args)?;
    asking::agree(args, &session)?;
    let asked = match asking::ask_all(args, &session, brought).await {
        Ok(asked) => asked,
        Err(unreached) => return refused(explain::unreachable(&session, &unreached), args),
    };
    let capture = asked.capture(args)?;
    keeping.write(&capture)?;
    Ok(matrix::show(
        &capture,
        args.capture.as_deref(),
        args.output,
    )?)
}

fn refused(report: crate::report::Report, args: &ConformArgs) -> Result<ExitCode, Failure> {
    let report = report.with_commands();
    report.print(args.output)?;
    Ok(ExitCode::from(report.exit()))
}

fn read(path: &Path) -> Result<Capture, Refusal> {
    let path: PathBuf = path.to_owned();
    match ::state_folder::read_named(&path) {
        Ok(text) => Capture::parse(&text).map_err(|why| Refusal::NoCapture { path, why }),
        Err(error) => Err(Refusal::NotRead { path, error }),
    }
}
