//! What is in force and not in the file: because a flag says so, or because Azure stores it so.

use super::{ALLOWED_APPLICATIONS, ALLOWED_CLIENT_APPLICATIONS, Settings};

/// What is stored where the file has no list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StoredLists {
    /// No list: anybody may call.
    #[default]
    AsInTheFile,
    /// An empty list, which lets nobody in (observed on Azure).
    EmptyWhereAbsent,
}

impl Settings {
    /// Stores `jwtClaimChecks` as Azure was seen to: a list that the file does not have is an empty
    /// one. Says so.
    pub fn store_lists(&mut self, stored: StoredLists) -> Vec<String> {
        if stored == StoredLists::AsInTheFile {
            return Vec::new();
        }
        let validation = &mut self.identity_providers.azure_active_directory.validation;
        let checks = &mut validation.jwt_claim_checks;
        let mut stored = Vec::new();
        for (list, name) in [
            (
                &mut checks.allowed_client_applications,
                "allowedClientApplications",
            ),
            (&mut checks.allowed_groups, "allowedGroups"),
        ] {
            if list.is_none() {
                *list = Some(Vec::new());
                stored.push(name);
            }
        }
        vec![match stored.as_slice() {
            [] => "--stored-empty-lists: the file has both lists of jwtClaimChecks, so it changes nothing".to_owned(),
            names => format!(
                "--stored-empty-lists: the file has no jwtClaimChecks.{}; stored as an empty list, as was seen on Azure",
                names.join(" and no ")
            ),
        }]
    }

    /// Adds clients to each list that would refuse them, and says so.
    pub fn allow_clients(&mut self, clients: &[String]) -> Vec<String> {
        let validation = &mut self.identity_providers.azure_active_directory.validation;
        let stored = &mut validation.default_authorization_policy.allowed_applications;
        let stored = Some(stored).filter(|list| !list.is_empty());
        let checks = &mut validation.jwt_claim_checks;
        let mut lists = [
            (stored, ALLOWED_APPLICATIONS),
            (
                checks.allowed_client_applications.as_mut(),
                ALLOWED_CLIENT_APPLICATIONS,
            ),
        ];
        let mut said = Vec::new();
        for client in clients {
            let mut named = Vec::new();
            for (list, name) in &mut lists {
                let Some(list) = list else { continue };
                if !list.iter().any(|item| item.eq_ignore_ascii_case(client)) {
                    list.push(client.clone());
                    named.push(*name);
                }
            }
            said.push(if named.is_empty() {
                format!("--allow-client {client}: the settings allow it anyway")
            } else {
                format!(
                    "--allow-client {client}: added to {}, here only; Azure refuses it until the file has it",
                    named.join(" and ")
                )
            });
        }
        said
    }
}
