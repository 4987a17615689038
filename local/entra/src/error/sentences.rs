//! What each refusal says: Entra's words, to the letter where they are known, since clients and
//! people match on them. Where Entra has no code for a refusal, there is none, and the words are
//! this program's.

use axum::http::StatusCode;

use super::{AuthorityError, UserAssertion};
use crate::TENANT_NAME;

/// The OAuth error, the AADSTS number, and the first line of the description.
type Parts = (&'static str, Option<u32>, String);

fn entra(error: &'static str, code: u32, sentence: impl Into<String>) -> Parts {
    (error, Some(code), sentence.into())
}

/// Entra's form of a moment in a sentence: seven digits of a second.
fn moment(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds)
        .map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%S.0000000Z").to_string())
        .unwrap_or_default()
}

impl AuthorityError {
    /// Of what a caller wrote it repeats what can't be a secret: Entra repeats all of it, and
    /// programs log what they are answered.
    pub(super) fn parts(&self) -> Parts {
        let (error, code, sentence) = self.whole();
        (error, code, secret_forms::words(&sentence))
    }

    #[rustfmt::skip] // a table: one line a refusal
    fn whole(&self) -> Parts {
        match self {
            Self::TenantUnknown(tenant) => entra("invalid_request", 90002, format!("Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.")),
            Self::ClientUnknown(id) => entra("unauthorized_client", 700_016, format!("Application with identifier '{id}' was not found in the directory '{TENANT_NAME}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.")),
            Self::ClientNil(id) => entra("unauthorized_client", 700_038, format!("{id} is not a valid application identifier.")),
            Self::PublicClientOff => entra("invalid_client", 7_000_218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
            Self::ParameterMissing(name) => entra("invalid_request", 900_144, format!("The request body must contain the following parameter: '{name}'.")),
            Self::ParameterTwice(name) => entra("invalid_request", 9_000_411, format!("The request is not properly formatted. The parameter '{name}' is duplicated.")),
            Self::Malformed => entra("invalid_grant", 9_002_313, "Invalid request. Request is malformed or invalid."),
            Self::TooLarge => entra("invalid_request", 9_002_313, "Invalid request. Request is malformed or invalid."),
            Self::MethodNotPost(method) => entra("invalid_request", 900_561, format!("The endpoint only accepts POST requests. Received a {method} request.")),
            Self::GrantUnsupported(grant) => entra("unsupported_grant_type", 70003, format!("The app requested an unsupported grant type '{grant}'.")),
            Self::ResourceUnknown { resource, tenant } => entra("invalid_resource", 500_011, format!("The resource principal named {resource} was not found in the tenant named {tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.")),
            Self::ResourceMismatch => entra("invalid_target", 9_010_010, "The resource parameter provided in the request doesn't match with the requested scopes."),
            Self::SeveralResources(scope) => entra("invalid_request", 28_000, format!("Provided value for the input parameter scope is not valid because it contains more than one resource. Scope {scope} is not valid.")),
            Self::ScopeInvalid(scope) => entra("invalid_scope", 70011, format!("The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.")),
            Self::DefaultCombined(scope) => entra("invalid_scope", 70011, format!("The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid. .default scope can't be combined with resource-specific scopes.")),
            Self::ScopeUndefined { client, scope, resource } => entra("invalid_client", 650_053, format!("The application '{client}' asked for scope '{scope}' that doesn't exist on the resource '{resource}'. Contact the app vendor.")),
            Self::ScopeNotDefault(scope) => entra("invalid_scope", 1_002_012, format!("The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).")),
            Self::TokenForItself { client, name } => entra("invalid_request", 90_009, format!("Application '{client}'({name}) is requesting a token for itself. This scenario is supported only if resource is specified using the GUID based App Identifier.")),
            Self::ConsentRequired { client, name } => entra("invalid_grant", 65001, format!("The user or administrator has not consented to use the application with ID '{client}' named '{name}'. Send an interactive authorization request for this user and resource.")),
            Self::UserDisabled => entra("invalid_grant", 50057, "The user account is disabled."),
            Self::AuthorizationPending => entra("authorization_pending", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
            // RFC 8628's word; Entra's own list of errors does not have it, so the sentence is that of a poll.
            Self::SlowDown => entra("slow_down", 70016, "OAuth 2.0 device flow error. Authorization is pending. Continue polling."),
            // The word is documented; the number is the table's for a person's no, without a capture.
            Self::Declined => entra("authorization_declined", 65_004, "User declined to consent to access the app."),
            Self::CodeExpired => entra("expired_token", 70020, "The provided value for the input parameter 'device_code' is not valid. This device code has expired."),
            Self::CodeUnknown => entra("bad_verification_code", 70018, "Invalid verification code due to User typing in wrong user code for device code flow. Authorization isn't approved."),
            Self::GrantUnknown => entra("invalid_grant", 70_000, "Provided grant is invalid or malformed."),
            Self::RefreshExpired { issued } => entra("invalid_grant", 700_082, format!("The refresh token has expired due to inactivity. The token was issued on {} and was inactive for 90.00:00:00.", moment(*issued))),
            Self::RefreshOver { issued } => entra("invalid_grant", 700_084, format!("The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended. It is now expired and a new sign in request must be sent by the SPA to the sign in page. The token was issued on {}.", moment(*issued))),
            Self::RefreshRevoked => entra("invalid_grant", 50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password."),
            Self::RedirectMissing => entra("invalid_request", 900_971, "No reply address provided."),
            Self::RedirectMismatch { redirect, client } => entra("invalid_request", 50011, format!("The redirect URI '{redirect}' specified in the request does not match the redirect URIs configured for the application '{client}'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.")),
            Self::ResponseType(kind) => response_type(kind),
            Self::ResponseMode(mode) => entra("invalid_request", 70_007, format!("'{mode}' is not a supported value of 'response_mode' when requesting a token.")),
            Self::ChallengeSize => entra("invalid_request", 501_491, "Invalid size of Code_Challenge parameter."),
            Self::ChallengeMethod => entra("invalid_request", 50_149, "Invalid Code_Challenge_method parameter."),
            Self::ChallengeMissing => entra("invalid_request", 9_002_325, "Proof Key for Code Exchange is required for cross-origin authorization code redemption."),
            Self::OriginMissing => entra("invalid_request", 9_002_327, "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests."),
            Self::OriginUnexpected(origin) => entra("invalid_request", 9_002_326, format!("Cross-origin token redemption is permitted only for the 'Single-Page Application' client-type. Request origin: '{origin}'.")),
            Self::TokenType(kind) => ("invalid_request", None, format!("greeting-local issues bearer tokens only: a token of type '{kind}' has a key in it (proof of possession), and is not built. Ask without token_type. Entra gives one.")),
            Self::TokenUse(token_use) => ("invalid_request", None, format!("greeting-local knows one requested_token_use, on_behalf_of, and not '{token_use}'.")),
            Self::UserAssertion(assertion) => user_assertion(assertion),
            Self::AuthorizationCodeUsed => entra("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."),
            Self::AuthorizationCodeExpired => entra("invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."),
            Self::VerifierWrong => entra("invalid_grant", 501_481, "The Code_Verifier does not match the code_challenge supplied in the authorization request."),
            Self::VerifierMissing => entra("invalid_grant", 50_148, "The code_verifier does not match the code_challenge supplied in the authorization request for PKCE."),
            Self::SecretWrong(client) => entra("invalid_client", 7_000_215, format!("Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'.")),
            Self::SecretExpired(client) => entra("invalid_client", 7_000_222, format!("The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.")),
            Self::SecretFromPublicClient => entra("invalid_client", 700_025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
            Self::ProofMissing => entra("invalid_request", 7_000_216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."),
            Self::AssertionMalformed => entra("invalid_client", 50027, "JWT token is invalid or malformed."),
            Self::AssertionKeyUnknown => entra("invalid_client", 700_027, "The certificate with identifier used to sign the client assertion is not registered on application."),
            Self::AssertionAudience(audience) => entra("invalid_client", 700_023, format!("Client assertion audience claim does not match Realm issuer: '{audience}'.")),
            Self::AssertionTime => entra("invalid_client", 700_024, "Client assertion is not within its valid time range."),
            Self::LoginRequired => entra("login_required", 50_058, "A silent sign-in request was sent but no user is signed in."),
            Self::Policy { code, resource } => match crate::policy::refusal(*code) {
                Some((code, error, sentence)) => entra(error, code, sentence.replace("<resource>", resource)),
                None => entra("invalid_grant", *code, ""),
            },
            Self::Failing(StatusCode::TOO_MANY_REQUESTS) => entra("temporarily_unavailable", 90055, "There are too many incoming requests. This exception is thrown for blocked tenants."),
            Self::Temporary | Self::Failing(_) => entra("temporarily_unavailable", 90033, "A transient error has occurred. Please try again."),
        }
    }
}

#[rustfmt::skip] // a table: one line a refusal
fn user_assertion(assertion: &UserAssertion) -> Parts {
    let signature = |why: &str| entra("invalid_grant", 50_013, format!("Assertion failed signature validation. [Reason - {why}]"));
    match assertion {
        UserAssertion::Malformed => entra("invalid_request", 50_027, "JWT token is invalid or malformed."),
        UserAssertion::KeyUnknown => signature("The key was not found."),
        UserAssertion::SignatureWrong => signature("Key was found, but use of the key to verify the signature failed."),
        UserAssertion::Time { now, expires } => entra("invalid_grant", 500_133, format!("Assertion is not within its valid time range. Ensure that the access token is not expired before using it for user assertion, or request a new token. Current time: {}, expiry time of assertion {}.", moment(*now), moment(*expires))),
        UserAssertion::Audience { audience, client, name } => entra("invalid_grant", 500_131, format!("Assertion audience does not match the Client app presenting the assertion. The audience in the assertion was '{audience}' and the expected audience is '{client}' or one of the Application Uris of this application with App ID '{client}'({name}). The downstream client must request a token for the expected audience (the application that made the OBO request) and this application should use that token as the assertion.")),
        UserAssertion::IdToken => entra("invalid_grant", 240_002, "Input id_token cannot be used as 'urn:ietf:params:oauth:grant-type:jwt-bearer' grant."),
        UserAssertion::AppOnly(client) => entra("unauthorized_client", 7_000_114, format!("Application '{client}' is not allowed to make application on-behalf-of calls.")),
        UserAssertion::UserUnknown => entra("invalid_grant", 70_000, "Provided grant is invalid or malformed."),
    }
}

fn response_type(kind: &str) -> Parts {
    let is = |wanted: &str| kind.split_ascii_whitespace().any(|part| part == wanted);
    let error = "unsupported_response_type";
    if is("id_token") {
        let sentence = "response_type 'id_token' is not enabled for the application.";
        return entra(error, 700_054, sentence);
    }
    if is("token") {
        let sentence = "response_type 'token' is not enabled for the application.";
        return entra(error, 700_051, sentence);
    }
    // The sentence is the OpenID Connect page's; the number is the table's for this error.
    let sentence = "The provided value for the input parameter 'response_type' is not allowed for this client. Expected value is 'code'";
    entra(error, 70_005, sentence)
}
