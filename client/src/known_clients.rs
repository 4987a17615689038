//! The clients that every tenant knows.

/// The Azure SDKs' developer sign-on client (the Azure CLI's), which the API pre-authorizes.
pub(crate) const DEVELOPER_CLIENT: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// The clients that every tenant knows.
const CLIENTS: &[(&str, &str)] = &[
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Azure CLI"),
    ("1950a258-227b-4e31-a9cf-717495945fc2", "Azure PowerShell"),
    ("aebc6443-996d-45c2-90f0-388ff96faa56", "Visual Studio Code"),
    ("872cd9fa-d31f-45e0-9eab-6e460a02d1f1", "Visual Studio"),
];

/// The name of a client of Microsoft.
pub(crate) fn client_name(id: &str) -> Option<&'static str> {
    CLIENTS
        .iter()
        .find(|(known, _)| *known == id)
        .map(|(_, name)| *name)
}
