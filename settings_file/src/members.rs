//! The settings' properties: their names, and what is made of each.
//!
//! Those of `Microsoft.Web/sites/config 'authsettingsV2'` and `Microsoft.App/containerApps/
//! authConfigs`; what else is named here has its source beside it.
//!
//! <https://learn.microsoft.com/azure/templates/microsoft.web/sites/config-authsettingsv2>
//! <https://learn.microsoft.com/azure/templates/microsoft.app/containerapps/authconfigs>

/// What a property holds, or what is made of it.
pub(crate) enum Member {
    Section(Section),
    Flag,
    Number,
    Text,
    List,
    Name(Names),
    /// Another provider than Microsoft's.
    Provider,
    /// A map of them, by names of the app's own.
    Providers,
    /// Says nothing to a gate: a resource's marks, and the portal's and the platform's own.
    NoEffect,
    /// Not to be had here; why, and what is instead.
    LeftOut(&'static str),
}

pub(crate) type Section = &'static [(&'static str, Member)];

/// The values that a property may have; the first name of each is its own.
pub(crate) type Names = &'static [Named];

pub(crate) struct Named {
    pub(crate) names: &'static [&'static str],
    /// As the middleware writes it, by the SDKs' enumerations.
    pub(crate) number: Option<u64>,
}

const fn named(number: u64, names: &'static [&'static str]) -> Named {
    Named {
        names,
        number: Some(number),
    }
}

/// <https://learn.microsoft.com/dotnet/api/azure.resourcemanager.appservice.models.unauthenticatedclientactionv2>
const ACTIONS: Names = &[
    named(0, &["RedirectToLoginPage"]),
    named(1, &["AllowAnonymous"]),
    // The second names are the file-based form's, and of az with the extension authV2.
    named(2, &["Return401", "RejectWith401"]),
    named(3, &["Return403"]),
    Named {
        names: &["Return404", "RejectWith404"],
        number: None,
    },
];
const EXPIRATIONS: Names = &[
    named(0, &["FixedTime"]),
    // The second name is the file-based form's.
    named(1, &["IdentityProviderDerived", "IdentityDerived"]),
];
const PROXIES: Names = &[
    named(0, &["NoProxy"]),
    named(1, &["Standard"]),
    named(2, &["Custom"]),
];

const CERTIFICATE: &str = "the local gate has no certificate to sign in with: browser sign-in is as without one; a client secret is named by clientSecretSettingName";
const STORE: &str = "the token store is memory here, and ends with the run";

use Member::{Flag, LeftOut, List, Name, NoEffect, Number, Provider, Providers, Text};

pub(crate) const PROPERTIES: Section = &[
    ("platform", Member::Section(PLATFORM)),
    ("globalValidation", Member::Section(GLOBAL_VALIDATION)),
    ("identityProviders", Member::Section(PROVIDERS)),
    ("login", Member::Section(LOGIN)),
    ("httpSettings", Member::Section(HTTP_SETTINGS)),
    // In public templates and in Azure's own answers; Microsoft documents it nowhere.
    ("clearInboundClaimsMapping", Flag),
    ("$schema", NoEffect),
    // The middleware's own file.
    ("legacyProperties", NoEffect),
    (
        "encryptionSettings",
        LeftOut("sessions are sealed with a key of this run"),
    ),
    // A resource's, where somebody took `properties` away and left them.
    ("id", NoEffect),
    ("name", NoEffect),
    ("type", NoEffect),
    ("kind", NoEffect),
    ("location", NoEffect),
    ("tags", NoEffect),
    ("systemData", NoEffect),
    ("resourceGroup", NoEffect),
    ("apiVersion", NoEffect),
];

const PLATFORM: Section = &[
    ("enabled", Flag),
    ("runtimeVersion", NoEffect),
    ("configFilePath", Text),
];

const GLOBAL_VALIDATION: Section = &[
    ("requireAuthentication", Flag),
    ("unauthenticatedClientAction", Name(ACTIONS)),
    ("redirectToProvider", Text),
    ("excludedPaths", List),
];

const PROVIDERS: Section = &[
    ("azureActiveDirectory", Member::Section(MICROSOFT)),
    ("facebook", Provider),
    ("gitHub", Provider),
    ("google", Provider),
    ("twitter", Provider),
    // Its name on Container Apps.
    ("x", Provider),
    ("apple", Provider),
    ("legacyMicrosoftAccount", Provider),
    ("azureStaticWebApps", Provider),
    ("customOpenIdConnectProviders", Providers),
    // Its name in the file-based form.
    ("openIdConnectProviders", Providers),
];

const MICROSOFT: Section = &[
    ("enabled", Flag),
    ("registration", Member::Section(REGISTRATION)),
    ("login", Member::Section(PROVIDER_LOGIN)),
    ("validation", Member::Section(VALIDATION)),
    ("isAutoProvisioned", NoEffect),
];

const REGISTRATION: Section = &[
    ("openIdIssuer", Text),
    ("clientId", Text),
    ("clientSecretSettingName", Text),
    ("clientSecretCertificateThumbprint", LeftOut(CERTIFICATE)),
    ("clientSecretCertificateIssuer", LeftOut(CERTIFICATE)),
    (
        "clientSecretCertificateSubjectAlternativeName",
        LeftOut(CERTIFICATE),
    ),
];

const PROVIDER_LOGIN: Section = &[("loginParameters", List), ("disableWWWAuthenticate", Flag)];

const VALIDATION: Section = &[
    ("allowedAudiences", List),
    (
        "jwtClaimChecks",
        Member::Section(&[("allowedClientApplications", List), ("allowedGroups", List)]),
    ),
    (
        "defaultAuthorizationPolicy",
        Member::Section(&[
            ("allowedApplications", List),
            (
                "allowedPrincipals",
                Member::Section(&[("identities", List), ("groups", List)]),
            ),
        ]),
    ),
];

const LOGIN: Section = &[
    ("routes", Member::Section(&[("logoutEndpoint", Text)])),
    (
        "tokenStore",
        Member::Section(&[
            ("enabled", Flag),
            ("tokenRefreshExtensionHours", Number),
            ("fileSystem", LeftOut(STORE)),
            ("azureBlobStorage", LeftOut(STORE)),
        ]),
    ),
    ("preserveUrlFragmentsForLogins", Flag),
    ("allowedExternalRedirectUrls", List),
    (
        "cookieExpiration",
        Member::Section(&[
            ("convention", Name(EXPIRATIONS)),
            ("timeToExpiration", Text),
        ]),
    ),
    (
        "nonce",
        Member::Section(&[("validateNonce", Flag), ("nonceExpirationInterval", Text)]),
    ),
];

const HTTP_SETTINGS: Section = &[
    ("requireHttps", Flag),
    ("routes", Member::Section(&[("apiPrefix", Text)])),
    (
        "forwardProxy",
        Member::Section(&[
            ("convention", Name(PROXIES)),
            ("customHostHeaderName", Text),
            ("customProtoHeaderName", Text),
        ]),
    ),
];

/// The paths of those that take effect.
pub(crate) fn paths(section: Section, path: &str, into: &mut Vec<String>) {
    for (name, member) in section {
        let path = joined(path, name);
        match member {
            Member::Section(section) => paths(section, &path, into),
            Flag | Number | Text | List | Name(_) => into.push(path),
            Provider | Providers | NoEffect | LeftOut(_) => {}
        }
    }
}

pub(crate) fn joined(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    }
}
