//! `greeting-local mint`'s arguments.

use clap::Args;
use local_entra::{Shape, Signature, TokenVersion};

use super::{Named, StateArgs, named};

pub(crate) const VERSIONS: [Named<TokenVersion>; 2] = [
    (
        TokenVersion::V1,
        "1",
        "`sts.windows.net`'s shape, the default of a new registration",
    ),
    (
        TokenVersion::V2,
        "2",
        "What requestedAccessTokenVersion 2 gives",
    ),
];
pub(crate) const ALGORITHMS: [Named<Signature>; 5] = [
    (Signature::Good, "rs256", "The authority's own"),
    (Signature::None, "none", "Not signed at all"),
    (
        Signature::Hs256ByPublicKey,
        "hs256",
        "HMAC keyed by the public key, the classic confusion attack",
    ),
    (
        Signature::Rs512,
        "rs512",
        "The authority's key, but another hash than its tokens have",
    ),
    (
        Signature::Ps256,
        "ps256",
        "The authority's key, but another padding",
    ),
];
pub(crate) const KINDS: [Named<Shape>; 5] = [
    (Shape::Access, "access", "An access token"),
    (
        Shape::Id,
        "id",
        "An ID token: for the client, not for the API",
    ),
    (
        Shape::Opaque,
        "opaque",
        "Nothing that can be read, as a refresh token",
    ),
    (
        Shape::Encrypted,
        "encrypted",
        "Five parts, as an encrypted token",
    ),
    (
        Shape::Truncated,
        "truncated",
        "An access token, copied in part",
    ),
];

/// `mint`
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  greeting-local mint |
    greeting-cli call http://localhost:7071/api/greeting --access-token -
  greeting-local mint --expired                401: expired
  greeting-local mint --expires-in -60         200: 5 min of skew are allowed
  greeting-local mint --audience https://graph.microsoft.com
                                               401: for another API
  greeting-local mint --tenant 11111111-2222-3333-4444-555555555555
  greeting-local mint --kind id                401: that is for the client
  greeting-local mint --app-only --role Greeting.Read.All
                                               403: a role is not a scope
  greeting-local mint --client 872cd9fa-d31f-45e0-9eab-6e460a02d1f1
                                               403: up --allow-client takes it
  greeting-local mint --claim 'groups=[\"a\",\"b\"]' --claim oid=null \\
    --claim 'exp=\"soon\"'

greeting-cli call sends an ID token, and a token of one of Microsoft's APIs,
only with --send-anyway.

Times are by this machine's clock, also where the stack runs with --time-shift.
The control room, at the authority's address, mints the same and says what gate
and function would answer.")]
pub(crate) struct MintArgs {
    #[arg(
        long,
        help = "The user that the token is for [default: alice@greeting.test, or the first of deploy/users.json]"
    )]
    pub(crate) user: Option<String>,
    /// The `aud` claim, more than once for a list [default: the API]
    #[arg(long)]
    pub(crate) audience: Vec<String>,
    /// A delegated scope, more than once for more [default: those of the API's registration]
    #[arg(long)]
    pub(crate) scope: Vec<String>,
    /// No scope at all
    #[arg(long, conflicts_with = "scope")]
    pub(crate) no_scope: bool,
    /// A daemon's token: no user, no scope
    #[arg(long, conflicts_with_all = ["user", "scope"])]
    pub(crate) app_only: bool,
    /// An app role, more than once for more
    #[arg(long)]
    pub(crate) role: Vec<String>,
    /// A group, by id or by its name in deploy/users.json, more than once for more: the claim
    /// `groups`, or over 200 of them `_claim_names` [default: the user's, where the API's
    /// groupMembershipClaims show them]
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Vec<String>,
    /// The client's id, as `azp` or `appid` [default: greeting-cli's, or one that the settings list]
    #[arg(long, value_name = "ID")]
    pub(crate) client: Option<String>,
    /// Another tenant's id, in `tid` and in the issuer
    #[arg(long, value_name = "ID")]
    pub(crate) tenant: Option<String>,
    /// The `iss` claim [default: this authority]
    #[arg(long, value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// Token version [default: what the API's registration asks for]
    #[arg(long, value_parser = named(&VERSIONS))]
    pub(crate) version: Option<TokenVersion>,
    /// The token expired an hour ago
    #[arg(long)]
    pub(crate) expired: bool,
    /// The token is valid only in an hour
    #[arg(long, conflicts_with = "expired")]
    pub(crate) not_yet_valid: bool,
    /// Without `exp`
    #[arg(long, conflicts_with_all = ["expired", "expires_in"])]
    pub(crate) no_expiry: bool,
    /// Seconds until the token expires; negative: it has expired [default: 3600]
    #[arg(
        long,
        value_name = "SECONDS",
        conflicts_with = "expired",
        allow_negative_numbers = true
    )]
    pub(crate) expires_in: Option<i64>,
    /// Signature algorithm
    #[arg(long, default_value = "rs256", value_parser = named(&ALGORITHMS))]
    pub(crate) alg: Signature,
    /// Sign with another key, under the authority's key id
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) bad_signature: bool,
    /// Change the claims after signing
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) tampered: bool,
    /// Sign with a key that the authority does not publish
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) unknown_key: bool,
    /// Leave out the key id (`kid`)
    #[arg(long, group = "signature", conflicts_with = "alg")]
    pub(crate) no_key_id: bool,
    /// What kind of token
    #[arg(long, default_value = "access", value_parser = named(&KINDS))]
    pub(crate) kind: Shape,
    /// Set a claim, as JSON or text; `null` removes it
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) claim: Vec<String>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
}
