//! `call`'s own arguments: what is sent, and where the answer goes.

use std::path::PathBuf;

use clap::Args;
use reqwest::Method;

use super::CallArgs;

/// `call`
#[derive(Debug, Args)]
pub(crate) struct CallCommand {
    #[command(flatten)]
    pub(crate) to: CallArgs,
    #[command(flatten)]
    pub(crate) request: RequestArgs,
}

/// The request beside its URL and its token, and what becomes of the answer.
#[derive(Debug, Default, Args)]
pub(crate) struct RequestArgs {
    /// Method [default: GET, with --data POST]
    #[arg(short = 'X', long = "request", value_name = "METHOD", value_parser = method)]
    pub(crate) method: Option<Method>,
    /// Body: the text, a file's bytes, or stdin's. Content-Type is application/json for JSON,
    /// else text/plain or application/octet-stream, unless -H says another
    #[arg(short, long, value_name = "TEXT|@FILE|-")]
    pub(crate) data: Option<String>,
    /// Header, more than once for more; @FILE has one a line, and keeps a key out of the list of
    /// processes. Never Authorization
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE|@FILE")]
    pub(crate) headers: Vec<String>,
    /// Write the body of a success to this file (`-`: to stdout, whatever it is)
    #[arg(short = 'o', long = "output-file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Print the answer's status and headers first
    #[arg(short, long)]
    pub(crate) include: bool,
}

/// A method as it is registered: `post` is POST, though methods have a case (RFC 9110 section 9.1).
fn method(text: &str) -> Result<Method, String> {
    const REGISTERED: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let registered = REGISTERED.iter().find(|it| it.eq_ignore_ascii_case(text));
    let name = registered.copied().unwrap_or(text);
    match Method::from_bytes(name.as_bytes()) {
        // It opens a tunnel through a proxy.
        Ok(Method::CONNECT) => Err("CONNECT calls no function".to_owned()),
        // Section 9.3.8: what sends it must leave out what the answer should not repeat.
        Ok(Method::TRACE) => {
            Err("the answer to TRACE repeats the request, and its token".to_owned())
        }
        Ok(method) => Ok(method),
        Err(_) => Err("no method: one word, such as POST".to_owned()),
    }
}
