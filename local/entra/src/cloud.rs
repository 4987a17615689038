//! Microsoft's clouds, by the names that clients call: who signs people in, and what manages
//! resources. Sign-in hosts and their aliases are those of Entra's instance discovery
//! (`/common/discovery/instance`), which MSAL has in its sources too (`AuthorityMetadata`).

use serde_json::{Value, json};

/// One of Microsoft's clouds.
#[derive(Debug, PartialEq, Eq)]
pub struct Cloud {
    /// The hosts that sign people in. The first one is in issuers and addresses.
    pub sign_in: &'static [&'static str],
    /// The resource managers' hosts.
    pub resource_manager: &'static [&'static str],
    /// By which clients keep what they got (`preferred_cache`).
    cache: &'static str,
    /// Who issues v1 tokens, before the tenant's id.
    v1_issuer: &'static str,
    /// `cloud_instance_name`, `cloud_graph_host_name` and `msgraph_host` of the metadata.
    pub(crate) named: [&'static str; 3],
}

/// Every cloud whose sign-in hosts clients know. The first one is the public cloud.
pub static CLOUDS: [Cloud; 3] = [
    Cloud {
        sign_in: &[
            "login.microsoftonline.com",
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
        ],
        resource_manager: &["management.azure.com", "management.core.windows.net"],
        cache: "login.windows.net",
        v1_issuer: "https://sts.windows.net",
        named: [
            "microsoftonline.com",
            "graph.windows.net",
            "graph.microsoft.com",
        ],
    },
    Cloud {
        sign_in: &["login.microsoftonline.us", "login.usgovcloudapi.net"],
        resource_manager: &[
            "management.usgovcloudapi.net",
            "management.core.usgovcloudapi.net",
        ],
        cache: "login.microsoftonline.us",
        v1_issuer: "https://sts.windows.net",
        named: [
            "microsoftonline.us",
            "graph.windows.net",
            "graph.microsoft.us",
        ],
    },
    Cloud {
        sign_in: &["login.partner.microsoftonline.cn", "login.chinacloudapi.cn"],
        resource_manager: &[
            "management.chinacloudapi.cn",
            "management.core.chinacloudapi.cn",
        ],
        cache: "login.partner.microsoftonline.cn",
        v1_issuer: "https://sts.chinacloudapi.cn",
        named: [
            "partner.microsoftonline.cn",
            "graph.chinacloudapi.cn",
            "microsoftgraph.chinacloudapi.cn",
        ],
    },
];

impl Cloud {
    /// The cloud whose issuers begin with this origin.
    pub(crate) fn of_origin(origin: &str) -> Option<&'static Self> {
        CLOUDS.iter().find(|cloud| cloud.origin() == origin)
    }

    /// Where its tokens are issued.
    pub fn origin(&self) -> String {
        format!("https://{}", self.host())
    }

    /// The host of that origin.
    pub fn host(&self) -> &'static str {
        self.sign_in.first().copied().unwrap_or_default()
    }

    pub(crate) fn v1_issuer(&self) -> &'static str {
        self.v1_issuer
    }

    fn instance(&self) -> Value {
        json!({
            "preferred_network": self.host(),
            "preferred_cache": self.cache,
            "aliases": self.sign_in,
        })
    }
}

/// What instance discovery says of every cloud.
pub(crate) fn instances() -> Vec<Value> {
    CLOUDS.iter().map(Cloud::instance).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloud_is_found_by_its_issuers_origin_alone() {
        let found = |origin| Cloud::of_origin(origin).map(|cloud| cloud.v1_issuer);
        assert_eq!(
            found("https://login.microsoftonline.com"),
            Some("https://sts.windows.net")
        );
        assert_eq!(found("https://login.windows.net"), None);
        assert_eq!(found("https://login.microsoftonline.com:7443"), None);
        assert_eq!(found("https://localhost:7443"), None);
    }
}
