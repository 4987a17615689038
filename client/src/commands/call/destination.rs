//! Where the answer goes: to a terminal, byte for byte to a pipe or a file, or into JSON.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderMap;

use crate::cli::{Output, RequestArgs};
use crate::diagnosis::without_tokens;
use crate::failure::{Failure, Usage};
use crate::http::Reply;
use crate::report::{Content, Encoding, Outcome, Report};
use crate::terminal::{Unwritten, printable, say, tell, written};

/// The longest body that is held in memory, in bytes: JSON and a terminal get it whole.
const LONGEST_HELD: usize = 64 * 1024 * 1024;

/// Whether the answer's headers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Headers {
    Left,
    Printed,
}

/// Where the body goes.
#[derive(Debug)]
enum To {
    Stdout,
    Terminal,
    File(PathBuf, File, Before),
}

/// What was at a file's path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Nothing,
    Something,
}

/// Where an answer goes.
#[derive(Debug)]
pub(super) struct Destination {
    output: Output,
    headers: Headers,
    to: To,
}

impl Destination {
    /// Makes sure that the answer can be written where it shall go.
    ///
    /// # Errors
    /// The file can't be written.
    pub(super) fn open(args: &RequestArgs, output: Output) -> Result<Self, Usage> {
        let to = match &args.file {
            Some(path) if path == Path::new("-") => To::Stdout,
            Some(path) => file(path)?,
            None if io::stdout().is_terminal() => To::Terminal,
            None => To::Stdout,
        };
        Ok(Self {
            output,
            headers: if args.include {
                Headers::Printed
            } else {
                Headers::Left
            },
            to,
        })
    }

    /// Prints the answer of a success, and the report.
    ///
    /// # Errors
    /// The answer broke off, or could not be written.
    pub(super) async fn deliver(self, report: Report, reply: Option<Reply>) -> Result<(), Failure> {
        let Self {
            output,
            headers,
            mut to,
        } = self;
        let report = report.with_commands();
        let Some(mut reply) = reply else {
            to.remove_new();
            return Ok(report.print(output)?);
        };
        if report.outcome != Outcome::Ok {
            to.remove_new();
        }
        match output {
            Output::Json => {
                let content = content(&mut reply, headers, &mut to, report.outcome).await?;
                let greeting = match (report.outcome, content.body_encoding) {
                    (Outcome::Ok, Some(Encoding::Utf8)) => content.body.clone(),
                    _ => None,
                };
                let report = Report {
                    greeting,
                    content,
                    ..report
                };
                report.print(output)?;
            }
            Output::Human => {
                if headers == Headers::Printed {
                    head(&reply, &to, report.outcome)?;
                }
                if report.outcome == Outcome::Ok {
                    to.take(&mut reply).await?;
                }
                report.print(output)?;
            }
        }
        Ok(())
    }
}

/// A file that can be written. What it holds stays until there is an answer for it.
fn file(path: &Path) -> Result<To, Usage> {
    let unwritable = |error| Usage::AnswerFile {
        path: path.to_owned(),
        error,
    };
    let new = File::options().write(true).create_new(true).open(path);
    match new {
        Ok(file) => {
            interrupted::remove(Some(path.to_owned()));
            Ok(To::File(path.to_owned(), file, Before::Nothing))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = File::options().write(true).open(path).map_err(unwritable)?;
            Ok(To::File(path.to_owned(), file, Before::Something))
        }
        Err(error) => Err(unwritable(error)),
    }
}

impl To {
    /// No answer is written: a file that was not there is not there.
    fn remove_new(&self) {
        if let Self::File(path, _, Before::Nothing) = self {
            let _ = std::fs::remove_file(path);
            interrupted::remove(None);
        }
    }

    /// Writes the body as it came; on a terminal what steers it is left out.
    async fn take(&mut self, reply: &mut Reply) -> Result<(), Failure> {
        match self {
            Self::Terminal => on_terminal(&reply.whole(LONGEST_HELD).await?).map_err(Into::into),
            // The program's own stdout takes escape sequences out.
            Self::Stdout => match pass_on(reply, &mut io::stdout()).await {
                Err(Failure::Unwritten(error)) => Ok(written(Err(error))?),
                other => other,
            },
            Self::File(path, file, _) => {
                interrupted::remove(None);
                let begin = |file: &File| match file.metadata()?.is_file() {
                    true => file.set_len(0),
                    // A device or a pipe has no length.
                    false => Ok(()),
                };
                let outcome = match begin(file) {
                    Ok(()) => pass_on(reply, file).await,
                    Err(error) => Err(Failure::Unwritten(error)),
                };
                outcome.map_err(|failure| match failure {
                    Failure::Unwritten(error) => Failure::AnswerNotWritten {
                        path: path.clone(),
                        error,
                    },
                    other => other,
                })
            }
        }
    }
}

async fn pass_on(reply: &mut Reply, to: &mut impl Write) -> Result<(), Failure> {
    let mut part = reply.take_beginning();
    let mut after = 0;
    loop {
        to.write_all(&part).map_err(Failure::Unwritten)?;
        after += part.len() as u64;
        match reply.next(after).await? {
            Some(next) => part = next,
            None => return to.flush().map_err(Failure::Unwritten),
        }
    }
}

fn on_terminal(bytes: &[u8]) -> Result<(), Unwritten> {
    match std::str::from_utf8(bytes) {
        Ok("") => Ok(()),
        Ok(text) if !text.contains('\0') => {
            let lines: Vec<String> = text.lines().map(printable).collect();
            say(&lines.join("\n"))
        }
        _ => {
            tell(&format!(
                "note: the answer is {} bytes that are not text: -o FILE keeps them, -o - prints them",
                bytes.len()
            ));
            Ok(())
        }
    }
}

/// Status line and headers, as HTTP writes them; on a terminal as lines.
fn head(reply: &Reply, to: &To, outcome: Outcome) -> Result<(), Unwritten> {
    let end = if matches!(to, To::Stdout) {
        "\r\n"
    } else {
        "\n"
    };
    let mut text = format!("{:?} {}{end}", reply.version, reply.status);
    for (name, value) in named(&reply.headers, outcome) {
        // Writing into a String can't fail.
        let _ = write!(text, "{name}: {}{end}", printable(&value));
    }
    text.push_str(end);
    let mut stdout = io::stdout();
    written(
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush()),
    )
}

fn named(headers: &HeaderMap, outcome: Outcome) -> Vec<(String, String)> {
    let value = |value: &[u8]| shown(String::from_utf8_lossy(value).into_owned(), outcome);
    let each = headers.iter();
    each.map(|(name, it)| (name.to_string(), value(it.as_bytes())))
        .collect()
}

/// Who refuses may repeat what it was sent. A success is the caller's own.
fn shown(text: String, outcome: Outcome) -> String {
    match outcome {
        Outcome::Ok => text,
        _ => without_tokens(&text),
    }
}

/// The answer as JSON has it.
async fn content(
    reply: &mut Reply,
    headers: Headers,
    to: &mut To,
    outcome: Outcome,
) -> Result<Content, Failure> {
    let content = Content {
        headers: (headers == Headers::Printed).then(|| named(&reply.headers, outcome)),
        ..Content::default()
    };
    if outcome == Outcome::Ok && matches!(to, To::File(..)) {
        to.take(reply).await?;
        let To::File(path, ..) = to else {
            return Ok(content);
        };
        return Ok(Content {
            body_file: Some(path.clone()),
            ..content
        });
    }
    let (body, encoding) = match String::from_utf8(reply.whole(LONGEST_HELD).await?) {
        Ok(text) => (shown(text, outcome), Encoding::Utf8),
        Err(error) => (STANDARD.encode(error.as_bytes()), Encoding::Base64),
    };
    Ok(Content {
        body: Some(body),
        body_encoding: Some(encoding),
        ..content
    })
}

/// Ctrl-C: a file that was made for an answer that did not come is taken away.
pub(crate) mod interrupted {
    use std::path::PathBuf;
    use std::sync::{Mutex, PoisonError};

    static NEW: Mutex<Option<PathBuf>> = Mutex::new(None);

    pub(super) fn remove(path: Option<PathBuf>) {
        *NEW.lock().unwrap_or_else(PoisonError::into_inner) = path;
    }

    pub(crate) fn interrupted() {
        let path = NEW.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(path) = path {
            let _ = std::fs::remove_file(path);
        }
    }
}
