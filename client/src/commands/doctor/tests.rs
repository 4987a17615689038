use super::*;
use crate::snapshots;

#[test]
fn links_are_told_so() {
    let mut checks = Checks::default();
    checks.ok(
        "name",
        "contoso-greeting.azurewebsites.net is 192.0.2.1, 2001:db8::1",
    );
    checks.ok("TCP", "192.0.2.1:443");
    checks.ok("TLS", "the certificate is trusted");
    checks.failed("clock", diagnosis::clock_skew(1_795_500_000, 1_795_507_200));
    checks.ok(
        "authority",
        "https://login.microsoftonline.com, tenant 6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d93",
    );
    checks.skip(&["token", "accepted"], "there is no authority to ask");
    assert!(!checks.sound());
    let human = |marks| anstream::adapter::strip_str(&checks.human(marks)).to_string();
    let json = pretty(&json!({"ok": checks.sound(), "checks": checks.0}));
    let told = format!(
        "{}\n--- ASCII\n{}\n--- JSON\n{json}",
        human(["✓", "✗"]),
        human(["ok", "!!"])
    );
    snapshots::is_current("doctor", &told);
}

/// Not sound: the last step skipped, or one failure among successes.
#[test]
fn sound_is_every_link() {
    let mut checks = Checks::default();
    assert!(!checks.sound());
    checks.ok("name", "");
    checks.skip(&["TLS"], "plain http");
    assert!(!checks.sound());
    checks.ok("scope", "Hello");
    assert!(checks.sound());
}
