//! What a proxy says to CONNECT. The HTTP client throws it away.

use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Method, Request, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use super::Proxy;

/// It has answered once already; a second answer is quick, or not worth waiting for.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of its page is read, in bytes.
const PAGE: usize = 4096;

/// Asks an http proxy once more for a way to `url`. Its status and the first line of its page.
/// None: another kind of proxy, or no answer.
pub(crate) async fn answer(proxy: &Proxy, url: &Url) -> Option<String> {
    if proxy.scheme != "http" {
        return None;
    }
    tokio::time::timeout(PATIENCE, asked(proxy, url))
        .await
        .ok()
        .flatten()
}

async fn asked(proxy: &Proxy, url: &Url) -> Option<String> {
    let host = proxy.host.trim_matches(['[', ']']);
    let stream = TcpStream::connect((host, proxy.port)).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let connection = tokio::spawn(connection);
    let to = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&to)
        .header("Host", &to);
    // As the client did: with the user and password of the variable.
    let uri: Uri = url.as_str().parse().ok()?;
    if let Some(used) = Matcher::from_system().intercept(&uri)
        && let Some(basic) = used.basic_auth()
    {
        request = request.header("Proxy-Authorization", basic);
    }
    let request = request.body(Empty::<Bytes>::new()).ok()?;
    let response = sender.send_request(request).await.ok()?;
    let status = response.status();
    let header = |name: &str| {
        let value = response.headers().get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    // What it wants to be signed in with (RFC 9110 section 11.7.1), and what program it is.
    let notes: Vec<String> = [
        ("Proxy-Authenticate", header("proxy-authenticate")),
        ("Server", header("server")),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some(format!("{name}: {}", value?)))
    .collect();
    let page = if status.is_success() {
        // What follows is the tunnel.
        Vec::new()
    } else {
        beginning(response.into_body()).await
    };
    connection.abort();
    let mut said = status.to_string();
    if !notes.is_empty() {
        said.push_str(&format!(" ({})", notes.join(", ")));
    }
    if let Some(line) = first_line(&String::from_utf8_lossy(&page)) {
        said.push_str(&format!(": {line}"));
    }
    Some(said)
}

async fn beginning(mut page: Incoming) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < PAGE
        && let Some(Ok(frame)) = page.frame().await
    {
        if let Some(data) = frame.data_ref() {
            bytes.extend_from_slice(data);
        }
    }
    bytes.truncate(PAGE);
    bytes
}

/// The first line of a page with words in it, without its tags.
fn first_line(page: &str) -> Option<String> {
    let mut text = String::new();
    let mut in_tag = false;
    for c in page.chars() {
        match c {
            '<' => {
                in_tag = true;
                text.push('\n');
            }
            '>' if in_tag => in_tag = false,
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_of_a_page_are_its_line() {
        for (page, line) in [
            ("", None),
            ("\n denied by policy 7 \nmore", Some("denied by policy 7")),
            ("<html><head>\n<title>Blocked</title>", Some("Blocked")),
            ("<style", None),
            ("1 > 0", Some("1 > 0")),
        ] {
            assert_eq!(first_line(page).as_deref(), line, "{page}");
        }
    }
}
