use super::*;

#[test]
fn what_az_says_is_what_is_told() {
    let said = |text: &str| ToolFailure::Said(text.into());
    let gone = ToolFailure::NotStarted {
        at: "/usr/bin/az".into(),
        said: "az: not found".into(),
    };
    for (failure, code) in [
        (ToolFailure::NotOnPath, "az-missing"),
        (gone, "az-failed"),
        (
            said("ERROR: Please run 'az login' to setup account."),
            "az-signed-out",
        ),
        (
            said("Interactive authentication is needed. Please run:\naz login"),
            "az-signed-out",
        ),
        (
            said("AADSTS65001: The user has not consented. Please run: az login --scope x"),
            "consent-required",
        ),
        (
            said("AADSTS1002012: The provided value for scope is not valid."),
            "scope-not-defined",
        ),
        // A file of its own that is missing, not az itself.
        (
            said("ERROR: [Errno 2] No such file or directory: '/home/a/.azure/az.json'"),
            "az-failed",
        ),
        (
            said("'python' is not recognized as an internal or external command"),
            "az-failed",
        ),
        (
            said("ERROR: The command requires the extension: not found on PATH"),
            "az-failed",
        ),
        (said("out of memory"), "az-failed"),
        (ToolFailure::Silent { seconds: 30 }, "az-failed"),
        (
            ToolFailure::Strange("expires_on field not found".into()),
            "az-failed",
        ),
    ] {
        let finding = az_failure(&failure, "t", "s/X");
        assert_eq!(finding.code.as_str(), code, "{failure:?}");
    }
}

#[test]
fn a_traceback_is_told_by_its_end() {
    let said = "Traceback (most recent call last):\n  File \"x\", line 1\n    import azure\nModuleNotFoundError: No module named 'azure'";
    assert_eq!(words(said), "ModuleNotFoundError: No module named 'azure'");
    assert_eq!(words("ERROR: a\n\nb\n"), "ERROR: a b");
}

/// Each form that azd has had.
#[test]
fn azd_is_read_in_each_of_its_forms() {
    for (said, words, suggestion) in [
        (
            r#"{"type":"consoleMessage","timestamp":"t","data":{"message":"\nERROR: not logged in, run `azd auth login` to login\n"}}"#,
            "not logged in, run `azd auth login` to login",
            None,
        ),
        (
            "{\"type\":\"consoleMessage\",\"timestamp\":\"t\",\"data\":{\"message\":\"\\n\"}}\n{\"error\":\"fetching token: AADSTS90002: Tenant 'test' not found.\\n\",\"message\":\"Authentication with Azure failed.\",\"suggestion\":\"Run 'azd auth login' to sign in again.\"}\n",
            "fetching token: AADSTS90002: Tenant 'test' not found.",
            Some("Run 'azd auth login' to sign in again."),
        ),
        (
            r#"{"error":"login expired","suggestion":"Suggestion: run `azd auth login`"}"#,
            "login expired",
            Some("run `azd auth login`"),
        ),
        (
            "ERROR: unknown flag: --scope",
            "ERROR: unknown flag: --scope",
            None,
        ),
        ("", "", None),
    ] {
        let read = Azd::read(said);
        assert_eq!(read.words, words);
        assert_eq!(read.suggestion.as_deref(), suggestion);
    }
}
