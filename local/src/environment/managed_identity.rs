//! An app's managed identity, for any process: what App Service says in an app's environment.

use super::Line;
use crate::control::running::ManagedIdentity;

/// The lines for it, before those for every client.
pub(crate) fn lines(identity: &ManagedIdentity) -> Vec<Line> {
    let variables = identity.variables();
    let set = variables.map(|(name, value)| Line::Set(name.to_string(), value.to_string()));
    // DefaultAzureCredential would ask for the user-assigned identity of that id.
    let unset = Line::Unset("AZURE_CLIENT_ID".to_owned());
    set.into_iter().chain([unset]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Shell;
    use super::super::form::for_shell;
    use super::*;

    #[test]
    fn managed_identity_lines_are_statements_of_each_shell() {
        let identity = ManagedIdentity {
            endpoint: "http://localhost:3/msi/token".into(),
            header: "AB".into(),
        };
        for (shell, set, unset) in [
            (
                Shell::Bash,
                "export IDENTITY_HEADER='AB'",
                "unset AZURE_CLIENT_ID",
            ),
            (
                Shell::Fish,
                "set -gx IDENTITY_HEADER 'AB'",
                "set -e AZURE_CLIENT_ID; or true",
            ),
            (
                Shell::Powershell,
                "$env:IDENTITY_HEADER = 'AB'",
                "Remove-Item Env:AZURE_CLIENT_ID -ErrorAction Ignore",
            ),
        ] {
            assert_eq!(for_shell(shell, &lines(&identity))[1..], [set, unset]);
        }
    }
}
