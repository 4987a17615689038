//! What Azure decides outside of authsettingsV2: app settings, and the behaviours that are
//! observed rather than documented, each one named switch.

/// Which of the two captured forms a 401 has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChallengeForm {
    /// As on Linux: no body, `login.microsoftonline.com`'s path
    #[default]
    Linux,
    /// As on Windows: a line of HTML, `login.windows.net`'s path
    Windows,
    /// As on Container Apps: the realm alone
    ContainerApps,
}

/// How claims are named in the principal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClaimNames {
    /// Long names for some, as observed on Azure
    #[default]
    Mapped,
    /// The token's own
    Raw,
}

/// Who is a browser, for RedirectToLoginPage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BrowserBy {
    /// Who names itself as browsers do, as reported
    #[default]
    UserAgent,
    /// Who accepts `text/html`
    Accept,
}

/// What the gate does that is not in authsettingsV2.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// The form of the 401.
    pub challenge: ChallengeForm,
    /// How the principal names claims.
    pub claims: ClaimNames,
    /// Who is sent to sign in. Two public reports say that the platform goes by the agent.
    pub browser_by: BrowserBy,
    /// Whether a v1 token passes at an issuer URL that ends in `/v2.0` (reports differ).
    pub accept_v1_tokens: bool,
    /// Whether AllowAnonymous lets an invalid token through as anonymous (one user's report).
    pub anonymous_with_invalid_token: bool,
    /// App setting `WEBSITE_AUTH_AAD_ALLOWED_TENANTS`: tenant ids, for a multi-tenant issuer.
    pub allowed_tenants: Option<Vec<String>>,
    /// App setting `WEBSITE_AUTH_AAD_REQUIRE_CLIENT_SERVICE_PRINCIPAL`: the token needs `oid`.
    pub require_oid: bool,
    /// App setting `WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES`: turns RFC 9728 metadata on.
    pub metadata_scopes: Option<Vec<String>>,
    /// App setting `WEBSITE_AUTH_USE_LEGACY_CLAIMS`: `roles` keeps its short name.
    pub legacy_claims: bool,
    /// App setting `WEBSITE_AUTH_PRESERVE_URL_FRAGMENT`, as `preserveUrlFragmentsForLogins`.
    pub preserve_url_fragments: bool,
    /// App setting `WEBSITE_WARMUP_PATH`: needs no authentication.
    pub warmup_path: Option<String>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            challenge: ChallengeForm::default(),
            claims: ClaimNames::default(),
            browser_by: BrowserBy::default(),
            accept_v1_tokens: false,
            anonymous_with_invalid_token: true,
            allowed_tenants: None,
            require_oid: false,
            metadata_scopes: None,
            legacy_claims: true,
            preserve_url_fragments: false,
            warmup_path: None,
        }
    }
}

/// Azure takes at most this many tenants (documented).
const MAX_TENANTS: usize = 10;

impl Behaviour {
    /// Reads the app settings that Easy Auth reads.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn read(mut self, setting: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let list = |name: &str| {
            setting(name).map(|text| {
                text.split(',')
                    .map(|item| item.trim().to_owned())
                    .filter(|item| !item.is_empty())
                    .collect::<Vec<_>>()
            })
        };
        let flag = |name: &str, default: bool| match setting(name) {
            None => Ok(default),
            Some(text) if ["true", "1"].contains(&text.to_ascii_lowercase().as_str()) => Ok(true),
            Some(text) if ["false", "0"].contains(&text.to_ascii_lowercase().as_str()) => Ok(false),
            Some(text) => Err(format!(
                "app setting {name} is {text:?}: write true or false"
            )),
        };
        self.allowed_tenants = list("WEBSITE_AUTH_AAD_ALLOWED_TENANTS");
        if self
            .allowed_tenants
            .as_ref()
            .is_some_and(|tenants| tenants.len() > MAX_TENANTS)
        {
            return Err(format!(
                "app setting WEBSITE_AUTH_AAD_ALLOWED_TENANTS lists more than {MAX_TENANTS} tenants, which Azure ignores"
            ));
        }
        // Container Apps publish none (azure-container-apps#1736).
        self.metadata_scopes =
            list("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES").filter(|_| !self.is_container_app());
        self.require_oid = flag("WEBSITE_AUTH_AAD_REQUIRE_CLIENT_SERVICE_PRINCIPAL", false)?;
        self.legacy_claims = flag("WEBSITE_AUTH_USE_LEGACY_CLAIMS", true)?;
        self.preserve_url_fragments = flag("WEBSITE_AUTH_PRESERVE_URL_FRAGMENT", false)?;
        self.warmup_path = setting("WEBSITE_WARMUP_PATH");
        if self
            .warmup_path
            .as_ref()
            .is_some_and(|path| !path.starts_with('/'))
        {
            return Err(
                "app setting WEBSITE_WARMUP_PATH is no path: write one such as /warmup".to_owned(),
            );
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Behaviour, String> {
        Behaviour::default().read(|asked| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn app_settings_are_read() {
        let default = Behaviour::default().read(|_| None).unwrap();
        assert!(default.legacy_claims && !default.require_oid && default.metadata_scopes.is_none());
        let scopes = read("WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES", "a, b").unwrap();
        assert_eq!(scopes.metadata_scopes.unwrap(), ["a", "b"]);
        let name = "WEBSITE_AUTH_AAD_REQUIRE_CLIENT_SERVICE_PRINCIPAL";
        assert!(read(name, "True").unwrap().require_oid);
        assert!(read(name, "ja").unwrap_err().contains(name));
        assert!(
            !read("WEBSITE_AUTH_USE_LEGACY_CLAIMS", "False")
                .unwrap()
                .legacy_claims
        );
        let eleven = ["t"; 11].join(",");
        assert!(read("WEBSITE_AUTH_AAD_ALLOWED_TENANTS", &eleven).is_err());
        let two = read("WEBSITE_AUTH_AAD_ALLOWED_TENANTS", "a,b,").unwrap();
        assert_eq!(two.allowed_tenants.unwrap(), ["a", "b"]);
    }

    #[test]
    fn point_23_the_setting_keeps_fragments() {
        let name = "WEBSITE_AUTH_PRESERVE_URL_FRAGMENT";
        assert!(read(name, "true").unwrap().preserve_url_fragments);
        assert!(!read(name, "0").unwrap().preserve_url_fragments);
        let warmup = read("WEBSITE_WARMUP_PATH", "/warm").unwrap();
        assert_eq!(warmup.warmup_path.as_deref(), Some("/warm"));
        assert!(read("WEBSITE_WARMUP_PATH", "warm").is_err());
        let settings = crate::Settings::parse(r#"{"platform":{"enabled":false}}"#, "t").unwrap();
        let behaviour = read(name, "true").unwrap();
        let clock = local_events::Clock::default();
        let rules = crate::Rules::new(settings, behaviour, reqwest::Client::new(), clock);
        assert!(rules.settings.login.preserve_url_fragments_for_logins);
    }
}
