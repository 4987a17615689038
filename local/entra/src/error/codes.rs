//! The AADSTS codes that are answered here: where each is known from, and what Entra sends beside
//! the sentence.

/// Where it is known that Entra answers with a code, to such a request and in such words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Microsoft's page: "Microsoft Entra authentication and authorization error codes", or the
    /// page of the flow.
    Documented,
    /// Somebody has published Entra's whole answer.
    Captured,
    /// Told in words.
    Reported,
}

/// What is known of a code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code {
    pub number: u32,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "what a test and a reader want to know")
    )]
    pub known: Known,
    /// `error_uri`: captures have it for some codes only.
    pub page: Page,
    /// `suberror`, by which clients decide whether a person has to be asked.
    pub suberror: Option<&'static str>,
}

/// Whether Entra names a page in `error_uri`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    Named,
    None,
}

const fn code(number: u32, known: Known) -> Code {
    Code {
        number,
        known,
        page: Page::None,
        suberror: None,
    }
}

const fn with_page(code: Code) -> Code {
    Code {
        page: Page::Named,
        ..code
    }
}

const fn suberror(code: Code, suberror: &'static str) -> Code {
    Code {
        suberror: Some(suberror),
        ..code
    }
}

use Known::{Captured, Documented, Reported};

/// Every code that is answered here, by number.
pub(crate) const CODES: &[Code] = &[
    code(28_000, Captured), // msal-js#1487, aad_oauth#328
    code(50_011, Captured),
    code(50_013, Captured), // msal-dotnet#1317, ms-identity-javascript-tutorial#140
    code(50_020, Documented),
    code(50_027, Documented),
    suberror(with_page(code(50_034, Captured)), "bad_token"), // 2021-08-04
    code(50_053, Documented),
    // By msal-js's list of the suberrors that want a person.
    suberror(code(50_055, Documented), "user_password_expired"),
    code(50_057, Documented),
    code(50_058, Captured),
    suberror(with_page(code(50_076, Captured)), "basic_action"), // msal-js#5491
    suberror(code(50_079, Captured), "basic_action"), // on-behalf-of page; the suberror by 50076
    code(50_105, Documented),
    code(50_148, Captured), // django-allauth#2916, msal-js#7649
    code(50_149, Documented),
    suberror(with_page(code(50_173, Captured)), "bad_token"), // 2021-10-29
    code(50_194, Documented),
    code(53_000, Documented),
    suberror(with_page(code(53_003, Captured)), "message_only"), // 2023, 7 Mar 2025
    code(54_005, Documented),
    suberror(code(65_001, Captured), "consent_required"), // azure-docs#39189; 23 Jan 2025
    code(65_004, Documented),
    code(65_005, Documented),
    code(70_000, Captured), // 1 Mar 2025
    code(70_003, Captured),
    code(70_005, Documented),
    code(70_007, Captured), // azure-docs#10191
    code(70_008, Documented),
    code(70_011, Captured),
    code(70_016, Captured),
    code(70_018, Documented),
    code(70_020, Captured), // azure-cli#22251
    code(90_002, Documented),
    code(90_009, Captured), // modelcontextprotocol/typescript-sdk#2718
    code(90_033, Documented),
    code(90_055, Documented),
    code(90_094, Documented),
    code(240_002, Documented), // in these words: msal-dotnet#2611
    with_page(code(500_011, Captured)),
    code(500_131, Captured), // company-communicator#214
    code(500_133, Captured), // 23 Jun 2026
    code(501_481, Captured), // msal-js#2694, #7425
    code(501_491, Captured),
    code(650_053, Captured), // active-directory-aspnetcore-webapp-openidconnect-v2#554
    code(650_056, Documented),
    code(650_057, Documented),
    code(700_016, Captured),
    code(700_023, Reported),
    code(700_024, Reported),
    code(700_025, Captured), // email-oauth2-proxy#363, canonical/authd#1881
    code(700_027, Documented),
    code(700_038, Captured),
    code(700_051, Reported),
    code(700_054, Captured), // react-aad#158, by form_post
    code(700_082, Captured),
    code(700_084, Documented),
    with_page(code(900_144, Captured)),
    code(900_561, Documented),
    code(900_971, Documented),
    code(1_002_012, Captured), // azure-docs#99862
    code(7_000_114, Captured), // msal-dotnet#2130
    with_page(code(7_000_215, Captured)),
    code(7_000_216, Reported),
    with_page(code(7_000_218, Captured)),
    code(7_000_222, Documented),
    code(9_000_411, Reported),
    with_page(code(9_002_313, Captured)),
    code(9_002_325, Captured),
    with_page(code(9_002_326, Captured)), // umi-request#299, vipps-ecom-api#246
    code(9_002_327, Captured),            // next-auth#9414
    code(9_010_010, Captured),            // azure-devops-mcp#1531, claude-ai-mcp#514
];

/// What is known of the code.
pub(crate) fn of(number: u32) -> Option<Code> {
    CODES.iter().copied().find(|code| code.number == number)
}
