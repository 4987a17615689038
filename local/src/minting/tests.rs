use clap::Parser;
use proptest::prelude::*;

use super::*;
use crate::cli::{Cli, Command};
use crate::commands::mint::spec as read;

#[test]
fn the_command_is_quoted_where_a_shell_would_read_it() {
    let spec = MintSpec {
        scopes: Some(vec!["it's".to_owned()]),
        lifetime_seconds: -LIFETIME,
        ..MintSpec::default()
    };
    assert_eq!(
        command(&spec, &StackRef::default()),
        r#"greeting-local mint "--scope=it's" --expired"#
    );
    let two = StackRef::new(None, "two".parse().ok());
    assert_eq!(
        command(&MintSpec::default(), &two),
        "greeting-local mint --name two"
    );
}

/// What `greeting-local mint` makes of these arguments.
fn parsed(arguments: &[String]) -> MintSpec {
    let line = ["greeting-local", "mint"].map(str::to_owned);
    let cli = Cli::try_parse_from(line.iter().chain(arguments)).unwrap();
    let Command::Mint(args) = cli.command else {
        panic!("not mint: {arguments:?}");
    };
    read(&args).unwrap()
}

/// A word that could be a flag, a number, quotes or JSON.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9:/._-]{1,12}",
        "[^\u{0}]{1,12}",
        Just("--state-dir=/x".to_owned()),
        Just("--help".to_owned()),
        Just("null".to_owned()),
        Just("7".to_owned()),
    ]
}

fn words() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(word(), 0..3)
}

fn specs() -> impl Strategy<Value = MintSpec> {
    let times = prop_oneof![
        Just((0, LIFETIME)),
        Just((0, -LIFETIME)),
        Just((LIFETIME, LIFETIME)),
        any::<i32>().prop_map(|seconds| (0, i64::from(seconds))),
    ];
    let signatures = prop::sample::select(vec![
        Signature::Good,
        Signature::Forged,
        Signature::UnknownKey,
        Signature::NoKeyId,
        Signature::Tampered,
        Signature::None,
        Signature::Hs256ByPublicKey,
        Signature::Rs512,
        Signature::Ps256,
    ]);
    let shapes = prop::sample::select(KINDS.map(|(shape, _, _)| shape).to_vec());
    let versions = prop::option::of(prop::sample::select(
        VERSIONS.map(|(version, _, _)| version).to_vec(),
    ));
    let who = (
        prop::option::of(word()),
        prop::option::of(word()),
        prop::option::of(word()),
        prop::option::of(word()),
        any::<bool>(),
    );
    let what = (words(), words(), words(), prop::option::of(words()));
    (who, what, times, signatures, shapes, versions).prop_map(
        |(who, what, times, signature, shape, version)| {
            let (user, client, tenant, issuer, app_only) = who;
            let (audiences, roles, groups, scopes) = what;
            MintSpec {
                // A daemon's token has neither.
                user: user.filter(|_| !app_only),
                scopes: scopes.filter(|_| !app_only),
                audiences,
                roles,
                groups,
                app_only,
                client,
                tenant,
                version,
                starts_in_seconds: times.0,
                lifetime_seconds: times.1,
                signature,
                shape,
                claims: issuer
                    .map(|issuer| ("iss".to_owned(), Value::from(issuer)))
                    .into_iter()
                    .collect(),
            }
        },
    )
}

proptest! {
    #[test]
    fn arguments_are_read_back_as_the_spec_that_they_are_from(spec in specs()) {
        prop_assert_eq!(parsed(&arguments(&spec)), spec);
    }
}

#[test]
fn claims_are_read_back() {
    let spec = MintSpec {
        claims: vec![
            ("exp".to_owned(), Value::Null),
            ("groups".to_owned(), serde_json::json!(["a", "b"])),
            ("text".to_owned(), Value::from("7")),
        ],
        ..MintSpec::default()
    };
    assert_eq!(parsed(&arguments(&spec)), spec);
}
