//! What `env` has clients trust: the system's roots and the development CA.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod harness;

use std::path::{Path, PathBuf};

use harness::Up;
use serde_json::json;

/// A root of this system's, as far as the program sees.
fn root() -> rcgen::Certificate {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["root".to_owned()]).unwrap();
    params.self_signed(&key).unwrap()
}

fn up(ssl_cert_file: &Path) -> Up {
    let named = ssl_cert_file.to_str().unwrap();
    // Blank is unset: the folder would be read as well.
    let environment = [("SSL_CERT_FILE", named), ("SSL_CERT_DIR", "")];
    Up::with_environment(&json!({}), &[], &environment)
}

/// What `env` names by this variable.
fn named(up: &Up, variable: &str) -> PathBuf {
    let output = up.run("env", &["--shell", "bash"]);
    let printed = String::from_utf8(output.stdout).unwrap();
    let start = format!("export {variable}='");
    let mut lines = printed.lines();
    let value = lines.find_map(|line| line.strip_prefix(&start));
    value.unwrap().trim_end_matches('\'').into()
}

fn certificates(path: &Path) -> Vec<reqwest::Certificate> {
    reqwest::Certificate::from_pem_bundle(&std::fs::read(path).unwrap()).unwrap()
}

#[tokio::test]
async fn env_names_the_systems_roots_and_the_ca_where_a_file_replaces_them() {
    let folder = tempfile::tempdir().unwrap();
    let (root, system) = (root(), folder.path().join("roots.pem"));
    std::fs::write(&system, root.pem()).unwrap();
    let up = up(&system);
    let ca = up.text("ca_cert");
    for variable in ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"] {
        let bundle = named(&up, variable);
        let text = std::fs::read_to_string(&bundle).unwrap();
        assert!(
            text.contains(&root.pem().replace('\r', "")),
            "{variable}: {text}"
        );
        let trusting = reqwest::Client::builder()
            .tls_certs_only(certificates(&bundle))
            .no_proxy()
            .build()
            .unwrap();
        let answer = trusting.get(up.text("authority_host")).send().await;
        assert_eq!(answer.unwrap().status(), 200, "{variable}");
    }
    // Node.js adds to its own.
    assert_eq!(named(&up, "NODE_EXTRA_CA_CERTS"), Path::new(ca));
    assert_eq!(certificates(Path::new(ca)).len(), 1);
    let java = std::fs::read(Path::new(ca).with_file_name("java-truststore")).unwrap();
    let der: &[u8] = root.der();
    assert!(java.windows(der.len()).any(|part| part == der));
    assert!(!up.printed().contains("root certificates"));
}

#[test]
fn a_system_without_roots_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let up = up(&folder.path().join("gone.pem"));
    let said = format!("{}{}", up.printed(), up.said());
    let line = "no root certificates of this system were found";
    assert!(said.contains(line), "{said}");
    assert!(said.contains("gone.pem"), "{said}");
    assert_eq!(certificates(&named(&up, "SSL_CERT_FILE")).len(), 1);
}

/// A shell that is pointed at a stack starts the next one.
#[test]
fn no_other_development_ca_stays_trusted() {
    let first = Up::start(&[]);
    let second = up(&named(&first, "SSL_CERT_FILE"));
    let bundle = std::fs::read_to_string(named(&second, "SSL_CERT_FILE")).unwrap();
    let holds = |of: &Up| bundle.contains(&std::fs::read_to_string(of.text("ca_cert")).unwrap());
    assert!(holds(&second) && !holds(&first));
}
