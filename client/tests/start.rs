//! What the program's start does without.
#![cfg(unix)]

/// .cargo/config.toml says it to the build of the cryptography library; whoever builds with the
/// variable set otherwise gets what they ask for.
#[test]
fn point_5_the_processors_jitter_is_measured_only_where_the_build_asks_for_it() {
    let program = std::fs::read(env!("CARGO_BIN_EXE_greeting-cli")).unwrap();
    let has = |name: &str| {
        program
            .windows(name.len())
            .any(|part| part == name.as_bytes())
    };
    assert!(has("aws_lc_"), "the program has its symbols' names");
    let asked = option_env!("AWS_LC_SYS_NO_JITTER_ENTROPY") != Some("1");
    assert_eq!(has("jent_read_entropy"), asked);
}
