//! A claims challenge: the sign-in is repeated with the claims that the API wants, once.

use azure_core::credentials::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::send::{self, Origin};
use super::{Called, Known, Session, explain};
use crate::cli::CredentialKind;
use crate::credential::{Credential, Person};
use crate::diagnosis::{self, Code};
use crate::terminal::{printable, quoted, tell};

/// What gave the token that the API does not take.
pub(crate) struct Given {
    pub(crate) credential: Credential,
    /// The token of an earlier run, if there was one.
    pub(crate) earlier: Option<Secret>,
    pub(crate) token: Secret,
}

impl Given {
    /// Whether somebody is there to sign in: on a terminal, or who has just signed in.
    fn has_person(&self, session: &Session) -> bool {
        let is_new = self.earlier.as_ref().map(Secret::secret) != Some(self.token.secret());
        session.person == Person::Present || is_new
    }
}

/// The same, unless the API wants claims that a new sign-in can bring.
pub(crate) async fn meet(session: &Session, known: &Known, given: Given, called: Called) -> Called {
    let answer = called.reply.as_ref().map(|reply| &reply.answer);
    let Some(claims) = answer.and_then(diagnosis::claims_wanted) else {
        return called;
    };
    let claims = claims.to_string();
    let by = match given.credential {
        Credential::DeviceCode => CredentialKind::DeviceCode,
        Credential::Browser => CredentialKind::Browser,
        Credential::AzureCli => return with_fix(called, by_az(known, &claims)),
        Credential::Azd => return called,
    };
    if !given.has_person(session) {
        return called;
    }
    let source = session.token_source(&known.request);
    let may_be_sent_again = session.request.may_arrive_twice();
    if !may_be_sent_again && source.cache.is_none() {
        return called;
    }
    tell(&format!(
        "the API wants a sign-in that meets {}; signing in again",
        printable(&claims)
    ));
    let token = match source.meeting(&claims, by).get().await {
        Ok(token) => token,
        Err(finding) => {
            return explain::no_token(session, *finding, known.challenge.clone()).into();
        }
    };
    if !may_be_sent_again {
        return with_fix(
            called,
            "you have signed in with these claims, and the request was not sent again: run the same command again".to_owned(),
        );
    }
    let again = send::send(session, &token, Origin::AskedFor, known.challenge.clone()).await;
    with_fix(
        again,
        "the token of a sign-in with these claims does not meet them: the API's owner, or the tenant's Conditional Access policies, say what does".to_owned(),
    )
}

/// az passes on what its cached sign-in gives; a new one takes the claims as the challenge has them.
fn by_az(known: &Known, claims: &str) -> String {
    let request = &known.request;
    format!(
        "az logout && az login --tenant {} --scope {} --claims-challenge {}; then the same command again",
        quoted(&request.tenant),
        quoted(&request.scope),
        STANDARD.encode(claims)
    )
}

fn with_fix(mut called: Called, fix: String) -> Called {
    let mut findings = called.report.findings.iter_mut();
    if let Some(finding) = findings.find(|it| it.code == Code::ClaimsRequired) {
        finding.fix = fix;
    }
    called
}
