//! What has to be known before a token is asked for: said, or learnt of the function.

use super::{Known, Session};
use crate::credential::Request;
use crate::diagnosis::{self, Code, Sent};
use crate::http::Answer;
use crate::provenance::Source;
use crate::report::Report;

/// The authority of whoever says nothing else.
const PUBLIC_CLOUD: &str = "https://login.microsoftonline.com";

impl Session {
    /// Authority, tenant and scope: what was said, else what the function's challenge says, as far
    /// as it may be believed.
    ///
    /// # Errors
    /// The report that ends the command.
    pub(crate) async fn learn(&self) -> Result<Known, Box<Report>> {
        self.safe_to_send()?;
        if self.says_all()
            && let Some(known) = self.known()
        {
            return Ok(known);
        }
        let answer = match self.get(None).await {
            Ok(answer) => answer,
            Err(unreached) => return Err(Box::new(self.unreachable(&unreached))),
        };
        let Some(challenge) = self.challenge(&answer).await else {
            return match self.known() {
                Some(known) => Ok(known),
                None => Err(Box::new(self.nothing_discovered(&answer).await)),
            };
        };
        if let Err(finding) = self.believe(&challenge) {
            return Err(Box::new(self.no_token(*finding, Some(challenge))));
        }
        let told = |said: &Option<String>, challenge: &str| {
            said.clone().unwrap_or_else(|| challenge.to_owned())
        };
        let scope = challenge.scope();
        let request = self.request(
            told(&self.args.authority_host, &challenge.authority),
            told(&self.args.tenant, &challenge.tenant),
            told(&self.args.scope, &scope),
            match challenge.scope {
                Some(_) => "the function's metadata",
                None => "the function's challenge",
            },
        );
        Ok(Known {
            request,
            challenge: Some(challenge),
        })
    }

    /// Whether authority, tenant and scope are said, so that nothing is asked of the function.
    pub(crate) fn says_all(&self) -> bool {
        let args = &self.args;
        args.authority_host.is_some() && args.tenant.is_some() && args.scope.is_some()
    }

    /// What was said, where that is enough to ask for a token.
    fn known(&self) -> Option<Known> {
        let (scope, tenant) = (self.args.scope.clone()?, self.args.tenant.clone()?);
        let named = self.args.authority_host.clone();
        let authority = named.unwrap_or_else(|| PUBLIC_CLOUD.to_owned());
        Some(Known {
            request: self.request(authority, tenant, scope, "default"),
            challenge: None,
        })
    }

    /// The answer to a call without a token taught nothing.
    async fn nothing_discovered(&self, answer: &Answer) -> Report {
        let mut report = self.explain(&Sent::Nothing, answer, None, None).await;
        if answer.status == 401 {
            // No token was meant to be sent yet.
            report
                .findings
                .retain(|finding| finding.code != Code::NoToken);
            if report.findings.is_empty() {
                report.findings.push(diagnosis::no_challenge(answer));
            }
        }
        report
    }

    fn request(
        &self,
        authority: String,
        tenant: String,
        scope: String,
        else_from: &str,
    ) -> Request {
        let request = Request {
            authority: authority.trim_end_matches('/').to_owned(),
            tenant,
            client_id: self.args.client_id.clone(),
            scope,
        };
        let given = |id: &str| match self.args.sources.get(id) {
            Source::Flag => "flag",
            Source::Environment => "environment",
            _ if id == "client_id" => "default",
            _ => else_from,
        };
        for (name, id, value) in [
            ("authority", "authority_host", &request.authority),
            ("tenant", "tenant", &request.tenant),
            ("client", "client_id", &request.client_id),
            ("scope", "scope", &request.scope),
        ] {
            self.verbose(|| format!("* {name:<9} {value} ({})", given(id)));
        }
        request
    }
}
