//! Connections that have no request.

use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::*;
use crate::tls::DevelopmentCa;

/// Limits that end what they are to end soon.
fn impatient() -> Limits {
    Limits {
        head: Duration::from_millis(500),
        idle: Duration::from_millis(500),
        ..Limits::default()
    }
}

/// Whether the other side closes.
async fn is_closed<S: AsyncRead + Unpin>(stream: &mut S) -> bool {
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(TOO_LONG, stream.read_to_end(&mut rest)).await;
    closed.is_ok()
}

#[tokio::test]
async fn point_3_a_connection_without_a_request_is_closed() {
    let (address, _stop) = start(refusing(), impatient()).await;
    let settings = "\0\0\0\u{4}\0\0\0\0\0";
    for said in [
        "",
        "P",
        "PRI * HTTP/2.0",
        &format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{settings}"),
        "GET / HTTP/1.1\r\nHost: ",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        assert!(is_closed(&mut stream).await, "{said:?}");
    }
}

#[tokio::test]
async fn point_3_too_many_connections_close_the_longest_idle() {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let (address, _stop) = start(refusing(), limits).await;
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(get).await.unwrap();
        assert!(answer(&mut stream).await.contains(" 200 "));
        streams.push(stream);
    }
    assert!(is_closed(&mut streams[0]).await);
    streams[1].write_all(get).await.unwrap();
    assert!(answer(&mut streams[1]).await.contains(" 200 "));
}

/// A place that an idle connection could give is given, even if it became idle later.
#[tokio::test]
async fn point_3_a_connection_that_becomes_idle_makes_place() {
    let (answer_now, wait) = watch::channel(false);
    let (begun, mut first_begun) = watch::channel(false);
    let slow: Service = Arc::new(move |_| {
        let (begun, mut wait) = (begun.clone(), wait.clone());
        Box::pin(async move {
            begun.send_replace(true);
            drop(wait.wait_for(|now| *now).await);
            text(StatusCode::OK, "answer")
        })
    });
    let limits = Limits {
        connections: 1,
        ..Limits::default()
    };
    let (address, _stop) = start(slow, limits).await;
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(get).await.unwrap();
    first_begun.wait_for(|begun| *begun).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(get).await.unwrap();
    answer_now.send_replace(true);
    assert!(answer(&mut first).await.contains(" 200 "));
    assert!(answer(&mut second).await.contains(" 200 "));
}

#[tokio::test]
async fn point_3_a_silent_tls_connection_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let ca = DevelopmentCa::load_or_create(folder.path()).unwrap();
    let listeners = Loopback::bind(0).await.unwrap().limited(impatient());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, listeners.port));
    let (_stop, stopped) = watch::channel(false);
    let tls = ca.acceptor(&[b"h2", b"http/1.1"], None).unwrap();
    tokio::spawn(listeners.serve(Some(tls), refusing(), stopped));
    // Before the handshake.
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert!(is_closed(&mut silent).await);
    // After it, in either protocol.
    let mut roots = RootCertStore::empty();
    let pem = CertificateDer::from_pem_file(ca.certificate_path()).unwrap();
    roots.add(pem).unwrap();
    for protocol in [&b"h2"[..], b"http/1.1"] {
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        // On a busy machine the handshake may take too long, which is the same end.
        if let Ok(mut stream) = connecting.await {
            assert!(is_closed(&mut stream).await, "{protocol:?}");
        }
    }
}

/// Says that this process is the test below's.
const FEW: &str = "TEST_OF_FEW_DESCRIPTORS";

/// Run by the test below, in a process that may open few files.
#[cfg(unix)]
#[tokio::test]
#[ignore = "a part of point_3_running_out_of_descriptors_is_not_the_end"]
async fn serves_with_few_descriptors() {
    if std::env::var_os(FEW).is_none() {
        return;
    }
    let limits = Limits {
        connections: 256,
        ..Limits::default()
    };
    let (address, _stop) = start(refusing(), limits).await;
    // The test's own output is captured.
    let out = std::fs::OpenOptions::new().write(true).open("/dev/stderr");
    std::io::Write::write_all(&mut out.unwrap(), format!("{address}\n").as_bytes()).unwrap();
    let mut end = Vec::new();
    tokio::io::stdin().read_to_end(&mut end).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn point_3_running_out_of_descriptors_is_not_the_end() {
    use std::process::Stdio;
    let test = "serve::tests::connections::serves_with_few_descriptors";
    let mut server = tokio::process::Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored"])
        .env(FEW, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = tokio::io::BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    tokio::io::AsyncBufReadExt::read_line(&mut lines, &mut line)
        .await
        .unwrap();
    let address: SocketAddr = line.trim().parse().unwrap();
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(TcpStream::connect(address).await.unwrap());
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    let get = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(get).await.unwrap();
    assert!(answer(&mut stream).await.contains(" 200 "));
}
