//! `httpSettings`: how requests reach the gate.

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How requests reach the gate.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct HttpSettings {
    /// Redirects http to https; loopback without --https is exempt.
    pub require_https: bool,
    pub routes: HttpRoutes,
    pub forward_proxy: ForwardProxy,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            require_https: true,
            routes: HttpRoutes::default(),
            forward_proxy: ForwardProxy::default(),
        }
    }
}

/// `httpSettings.routes`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct HttpRoutes {
    /// Where the gate's own pages are.
    pub api_prefix: String,
}

impl Default for HttpRoutes {
    fn default() -> Self {
        Self {
            api_prefix: "/.auth".to_owned(),
        }
    }
}

/// Which headers of a proxy in front name the URL that the caller asked for.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ForwardProxy {
    pub convention: ProxyConvention,
    /// For Custom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_host_header_name: Option<String>,
    /// For Custom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_proto_header_name: Option<String>,
}

impl ForwardProxy {
    /// Those for Custom, by name.
    pub(super) fn custom_names(&self) -> [(&'static str, Option<&str>); 2] {
        [
            (
                "customHostHeaderName",
                self.custom_host_header_name.as_deref(),
            ),
            (
                "customProtoHeaderName",
                self.custom_proto_header_name.as_deref(),
            ),
        ]
    }
}

/// `httpSettings.forwardProxy.convention`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[cfg_attr(test, derive(JsonSchema))]
pub enum ProxyConvention {
    /// No header is read.
    #[default]
    NoProxy,
    /// X-Forwarded-Host and X-Forwarded-Proto.
    Standard,
    /// The two headers that are named.
    Custom,
}
