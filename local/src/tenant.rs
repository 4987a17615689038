//! `up --tenant`: a real Entra ID tenant in place of the local authority, the local gate in front
//! of the local function. Tokens are checked with the keys that the tenant publishes; nothing of
//! it is changed, and nothing but its public documents is read.

use std::fmt;
use std::str::FromStr;

use local_easy_auth::Settings;
use local_failure::Failure;
use url::Url;
use uuid::Uuid;

use crate::deploy::{Place, Template};

/// The Azure CLI's client id: public, in every tenant, and pre-authorized by
/// `deploy/app-registration.json`.
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// One tenant's id or verified domain.
#[derive(Debug, Clone)]
pub(crate) struct TenantId(String);

impl FromStr for TenantId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
        let is_one = Uuid::try_parse(text).is_ok() || text.contains('.');
        if text.starts_with(['.', '-']) || !text.chars().all(plain) || !is_one {
            return Err(
                "write the id or a domain of one tenant, such as contoso.onmicrosoft.com; az account show --query tenantId prints the id"
                    .to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }
}

/// An authority's origin.
#[derive(Debug, Clone)]
pub(crate) struct AuthorityHost(Url);

impl AuthorityHost {
    /// Without a trailing slash.
    fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    fn host(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

impl FromStr for AuthorityHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        Url::parse(&text)
            .ok()
            .filter(|url| {
                url.scheme() == "https"
                    && url.has_host()
                    && url.path() == "/"
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none()
            })
            .map(Self)
            .ok_or_else(|| {
                "write an https origin, such as https://login.microsoftonline.us".to_owned()
            })
    }
}

/// A real tenant, and who this app and its client are in it.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    id: String,
    host: AuthorityHost,
    client_id: Option<String>,
    cli_client_id: String,
}

impl Tenant {
    /// The tenant `id` of the authority `host`, the app's id there, and its client's: the Azure CLI,
    /// where none is named.
    pub(crate) fn new(
        id: &TenantId,
        host: &AuthorityHost,
        client_id: Option<Uuid>,
        cli_client_id: Option<Uuid>,
    ) -> Self {
        let guid = |id: Uuid| id.hyphenated().to_string();
        Self {
            id: id.0.clone(),
            host: host.clone(),
            client_id: client_id.map(guid),
            cli_client_id: cli_client_id.map_or(AZURE_CLI.to_owned(), guid),
        }
    }

    /// Reads the settings with this tenant's values; they name it, and it alone.
    ///
    /// # Errors
    /// The client id is not known, the settings are another tenant's, or they can't be used.
    pub(crate) fn settings(&self, template: &Template) -> Result<Settings, Failure> {
        if self.client_id.is_none() && template.text.contains("<client-id>") {
            return Err(Failure::new(
                "the API's client id is not known",
                format!("{} has the placeholder <client-id>", template.name),
                "name it with --client-id: the application (client) id of the API's registration, which deploy/register.sh prints",
            ));
        }
        let text = self.place("").filled(template)?;
        let settings = Settings::parse(&text, &template.name)?;
        let registration = &settings.provider().registration;
        let refused = |why: String, fix: &str| {
            let what = format!("{} is not for tenant {}", template.name, self.id);
            Err(Failure::new(what, why, fix))
        };
        let issuer = settings.issuer();
        let expected = format!("{}/{}", self.host.origin(), self.id);
        if !issuer
            .strip_suffix("/v2.0")
            .unwrap_or(issuer)
            .eq_ignore_ascii_case(&expected)
        {
            return refused(
                format!("openIdIssuer is {issuer}"),
                "write https://<authority-host>/<tenant-id>/v2.0 there, or correct --tenant and --authority-host",
            );
        }
        match &self.client_id {
            Some(id) if !registration.client_id.eq_ignore_ascii_case(id) => refused(
                format!("clientId is {}, --client-id {id}", registration.client_id),
                "write <client-id> there, or leave --client-id out",
            ),
            _ => Ok(settings),
        }
    }

    /// What the placeholders stand for here; `client_id` is the settings' own where no argument
    /// names it.
    pub(crate) fn place(&self, client_id: &str) -> Place {
        Place {
            authority_host: self.host.host(),
            tenant_id: self.id.clone(),
            client_id: self.client_id.clone().unwrap_or(client_id.to_owned()),
            cli_client_id: self.cli_client_id.clone(),
        }
    }

    /// The tenant's documents could not be had.
    pub(crate) fn not_reached(&self, why: &str) -> Failure {
        Failure::new(
            format!("the keys of {self} can't be fetched"),
            why,
            "check --tenant (status 400 or 404: there is no such tenant) and the network; a proxy is named by HTTPS_PROXY, a proxy's own CA by SSL_CERT_FILE",
        )
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host.origin(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6d3c1f0a-8b52-4e7d-9f41-2c5a7be01d94";
    const API: &str = "2f0b8a3c-5b1e-4e0e-9d57-0a4a4f1c1d12";

    fn tenant(client_id: Option<&str>) -> Tenant {
        Tenant {
            id: ID.into(),
            host: "login.microsoftonline.us".parse().unwrap(),
            client_id: client_id.map(str::to_owned),
            cli_client_id: AZURE_CLI.into(),
        }
    }

    fn template(issuer: &str, client_id: &str) -> Template {
        let text = format!(
            r#"{{"identityProviders": {{"azureActiveDirectory": {{"registration":
                {{"openIdIssuer": "{issuer}", "clientId": "{client_id}"}}}}}}}}"#
        );
        Template {
            name: "s.json".into(),
            path: None,
            text: text.into(),
        }
    }

    #[test]
    fn one_tenant_is_named() {
        for good in [ID, "contoso.onmicrosoft.com"] {
            assert!(good.parse::<TenantId>().is_ok(), "{good}");
        }
        for bad in [
            "common",
            "organizations",
            "consumers",
            "",
            "a/b.c",
            "..",
            "x y.z",
            "-a.b",
        ] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_authority_is_an_https_origin() {
        for (text, origin) in [
            (
                "login.microsoftonline.us",
                "https://login.microsoftonline.us",
            ),
            (
                "https://login.partner.microsoftonline.cn/",
                "https://login.partner.microsoftonline.cn",
            ),
            ("https://localhost:7443", "https://localhost:7443"),
        ] {
            assert_eq!(text.parse::<AuthorityHost>().unwrap().origin(), origin);
        }
        for bad in [
            "http://login.example",
            "https://a/tenant",
            "https://u@a",
            "https://a?b",
            "",
        ] {
            assert!(bad.parse::<AuthorityHost>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_settings_are_this_tenants() {
        let placeholders = template("https://<authority-host>/<tenant-id>/v2.0", "<client-id>");
        let settings = tenant(Some(API)).settings(&placeholders).unwrap();
        assert_eq!(
            settings.issuer(),
            format!("https://login.microsoftonline.us/{ID}/v2.0")
        );
        assert_eq!(settings.provider().registration.client_id, API);

        let own = format!("https://login.microsoftonline.us/{ID}");
        assert!(tenant(None).settings(&template(&own, API)).is_ok());
        for (client_id, template, says) in [
            (None, &placeholders, "--client-id"),
            (
                None,
                &template("https://login.microsoftonline.us/common/v2.0", API),
                "common",
            ),
            (
                None,
                &template(&format!("https://login.microsoftonline.com/{ID}/v2.0"), API),
                "microsoftonline.com",
            ),
            (Some(API), &template(&own, "other"), "clientId is other"),
        ] {
            let failure = tenant(client_id)
                .settings(template)
                .err()
                .unwrap()
                .to_string();
            assert!(failure.contains(says), "{failure}");
        }
    }
}
