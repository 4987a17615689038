//! What the fuzz targets run, and what must hold of every input. A panic is a finding.

use azure_core::credentials::Secret;

use crate::conformance::capture::Capture;
use crate::conformance::compare::differences;
use crate::conformance::judge::of_probes;
use crate::conformance::normal::{Names, Normalising};
use crate::credential::cache::{Stored, seal, unseal};
use crate::discovery::challenge::{Challenge, Scheme, Version, schemes};
use crate::oauth::endpoint::{AuthorityError, Granted, tokens};
use crate::scope::{is_plain, of_resource};

/// A `WWW-Authenticate` header.
pub fn challenge(data: &[u8]) {
    let Ok(header) = std::str::from_utf8(data) else {
        return;
    };
    let list = schemes(header);
    // What was read is read again from the RFC's own form.
    let written: Vec<String> = list.iter().map(written).collect();
    assert_eq!(schemes(&written.join(", ")), list, "{written:?}");
    let Some(challenge) = Challenge::parse(header) else {
        return;
    };
    for name in [&challenge.tenant, &challenge.resource] {
        assert!(
            is_plain(name) && !name.contains(char::is_whitespace),
            "{name}"
        );
    }
    // Of one API, whatever else is named: the one that a person is asked about.
    let one = of_resource("x", &challenge.resource);
    let api = one.strip_suffix('x').unwrap_or(&one);
    for scope in challenge.scope().split_ascii_whitespace() {
        assert!(scope.starts_with(api) && is_plain(scope), "{scope}");
    }
    let version = match challenge.version {
        Version::V1 => "",
        Version::V2 => "/v2.0",
    };
    let easy_auth = format!(
        "Bearer realm=\"r\" authorization_uri=\"{}/{}/oauth2{version}/authorize\" resource_id=\"{}\"",
        challenge.authority, challenge.tenant, challenge.resource
    );
    let challenge = Challenge {
        scope: None,
        ..challenge
    };
    if challenge.authority != "null" {
        assert_eq!(Challenge::parse(&easy_auth), Some(challenge), "{easy_auth}");
    }
}

fn written(scheme: &Scheme) -> String {
    let parameters: Vec<String> = scheme
        .parameters
        .iter()
        .map(|(name, value)| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{name}=\"{value}\"")
        })
        .collect();
    let token68 = scheme.token68.iter().cloned();
    let parts: Vec<String> = token68.chain(parameters).collect();
    format!("{} {}", scheme.name, parts.join(", "))
}

/// The body of a token endpoint's answer.
pub fn token_response(data: &[u8]) {
    if let Ok(refusal) = serde_json::from_slice::<AuthorityError>(data) {
        assert!(refusal.to_string().starts_with(&refusal.error));
    }
    let Ok(granted) = serde_json::from_slice::<Granted>(data) else {
        return;
    };
    let Ok(mut tokens) = tokens(granted) else {
        return;
    };
    let secrets = [
        Some(&tokens.access.token),
        tokens.refresh.as_ref(),
        tokens.id.as_ref(),
    ];
    for secret in secrets.into_iter().flatten() {
        assert!(!secret.secret().trim().is_empty(), "an empty token is none");
    }
    let shown = format!("{tokens:?}");
    let other = || Secret::new("another");
    tokens.access.token = other();
    tokens.refresh = tokens.refresh.map(|_| other());
    tokens.id = tokens.id.map(|_| other());
    assert!(
        shown == format!("{tokens:?}"),
        "what is shown depends on a secret"
    );
}

/// The file that keeps tokens between runs.
pub fn cache_file(data: &[u8]) {
    const KEY: [u8; 32] = [7; 32];
    let Ok(stored) = serde_json::from_slice::<Stored>(data) else {
        return;
    };
    match stored {
        // Only who has the key can have sealed it.
        Stored::Sealed(sealed) => assert!(unseal(&KEY, &sealed).is_none()),
        Stored::Plain(entries) => {
            let sealed = seal(&KEY, &entries).unwrap_or_default();
            let again = unseal(&KEY, &sealed).unwrap_or_default();
            let json = |value| serde_json::json!(value).to_string();
            assert!(
                json(&entries) == json(&again),
                "what is kept is not what is read"
            );
            assert!(unseal(&[8; 32], &sealed).is_none());
        }
    }
}

/// A capture of `conform`'s, or a text of a gate's.
pub fn capture(data: &[u8]) {
    if let Ok(capture) = Capture::parse(data) {
        let verdicts = || of_probes(&capture);
        assert_eq!(verdicts(), verdicts(), "a verdict is one thing");
        let differences = differences(&capture, &capture);
        // The first of two answers to one probe is the one that counts.
        let mut probes: Vec<_> = capture.answers.iter().map(|seen| &seen.probe).collect();
        probes.sort();
        let twice = probes.windows(2).any(|two| two[0] == two[1]);
        assert!(differences.is_empty() || twice, "{differences:?}");
        let written = serde_json::to_vec(&capture).unwrap_or_default();
        assert!(Capture::parse(&written).is_ok_and(|again| again == capture));
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut normalising = Normalising::new(Names {
        hosts: vec!["localhost:7071".into(), "localhost".into()],
        authority: Some("localhost:7443".into()),
        tenant: Some("t".into()),
        client: Some("api://r".into()),
    });
    let once = normalising.text(text);
    assert_eq!(normalising.text(&once), once, "normalised twice");
}
