//! az and azd, which gave no token.

use super::{API, TENANT, no_token};
use crate::diagnosis::{ToolFailure, az_failure, azd_failure, key_store_fails, key_store_silent};
use crate::report::Report;

pub(super) fn examples() -> Vec<(&'static str, Report)> {
    let az = |failure: ToolFailure| {
        no_token(az_failure(
            &failure,
            TENANT,
            &format!("api://{API}/Greeting.Read"),
        ))
    };
    let azd = |failure: ToolFailure| no_token(azd_failure(&failure));
    let said = |text: &str| ToolFailure::Said(text.into());
    let not_started = |at: &str, said: &str| ToolFailure::NotStarted {
        at: at.into(),
        said: said.into(),
    };
    let silent = ToolFailure::Silent { seconds: 30 };
    vec![
        ("az-missing", az(ToolFailure::NotOnPath)),
        // Installed, beside not installed.
        (
            "az-failed interpreter",
            az(not_started(
                "/usr/bin/az",
                "/bin/sh: 1: /opt/az/bin/python3: not found",
            )),
        ),
        (
            "az-failed Errno 2",
            az(said(
                "ERROR: [Errno 2] No such file or directory: '/home/alice/.azure/azureProfile.json'",
            )),
        ),
        ("az-failed silent", az(silent.clone())),
        (
            "az-failed strange",
            az(ToolFailure::Strange(
                "expires_on field not found. Please use Azure CLI 2.54.0 or newer.".into(),
            )),
        ),
        (
            "az-signed-out",
            az(said("ERROR: Please run 'az login' to setup account.")),
        ),
        (
            "az-signed-out again",
            az(said(
                "ERROR: Interactive authentication is needed. Please run:\naz login --scope api://x/.default",
            )),
        ),
        (
            "scope-not-defined service principal",
            az(said(
                "ERROR: AADSTS1002012: The provided value for scope api://x/Greeting.Read is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).",
            )),
        ),
        ("az-failed", az(said("MemoryError: out of memory"))),
        ("key-store-silent", no_token(key_store_silent())),
        (
            "key-store-silent locked",
            no_token(key_store_fails("the collection is locked")),
        ),
        ("azd-missing", azd(ToolFailure::NotOnPath)),
        (
            "azd-failed",
            azd(said(
                r#"{"type":"consoleMessage","timestamp":"2026-11-24T07:00:00Z","data":{"message":"\nERROR: not logged in, run `azd auth login` to login\n"}}"#,
            )),
        ),
        (
            "azd-failed suggestion",
            azd(said(
                r#"{"error":"fetching token: failed to authenticate:\n(invalid_tenant) AADSTS90002: Tenant 'contoso' not found.\n","message":"Authentication with Azure failed.","suggestion":"Run 'azd auth login' to sign in again."}"#,
            )),
        ),
        ("azd-failed silent", azd(silent)),
        (
            "azd-failed interpreter",
            azd(not_started("/usr/local/bin/azd", "azd: Exec format error")),
        ),
    ]
}
