//! `greeting-local env`: the lines that point a shell's clients at the running stack.

use crate::cli::EnvArgs;
use crate::failure::Failure;
use crate::say;
use crate::state::{self, Running};

/// Prints `export` lines for the running stack.
///
/// # Errors
/// Nothing runs.
pub(crate) fn run(args: &EnvArgs) -> Result<(), Failure> {
    let ready = Running::load(&state::folder(args.state.state_dir.as_deref())?)?.ready;
    let ca = ready.ca_cert.display().to_string();
    // Each client trusts the development CA by a variable of its own.
    for (name, value) in [
        ("GREETING_URL", &ready.function_url),
        ("GREETING_SCOPE", &ready.scope),
        ("AZURE_AUTHORITY_HOST", &ready.authority_host),
        ("AZURE_TENANT_ID", &ready.tenant_id),
        ("AZURE_CLIENT_ID", &ready.cli_client_id),
        ("SSL_CERT_FILE", &ca),
        ("REQUESTS_CA_BUNDLE", &ca),
        ("NODE_EXTRA_CA_CERTS", &ca),
        ("CURL_CA_BUNDLE", &ca),
    ] {
        say::line(format_args!("export {name}={}", quoted(value)));
    }
    Ok(())
}

/// A word that a POSIX shell reads back as `value`, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_shell_reads_back_what_was_quoted() {
        assert_eq!(super::quoted("a b"), "'a b'");
        assert_eq!(super::quoted("it's $HOME"), r"'it'\''s $HOME'");
    }
}
