//! `call`: a token, the function, and what became of it.

use std::process::ExitCode;

use super::bad_usage;
use crate::cli::{CallArgs, CredentialKind};
use crate::diagnosis::{Code, Finding, Sent};
use crate::report::Report;
use crate::session::{Known, Session};

/// `call`
pub(crate) async fn run(args: CallArgs) -> ExitCode {
    let (session, report) = match Session::new(args) {
        Ok(session) => {
            let report = session.call().await;
            (session, report)
        }
        Err(usage) => return bad_usage(&usage),
    };
    report.print(session.args.output);
    ExitCode::from(report.exit())
}

impl Session {
    async fn call(&self) -> Report {
        let provided = match self.provided() {
            Ok(provided) => provided,
            Err(finding) => return self.no_token(finding, None),
        };
        if let Some(token) = provided {
            return self.send(&token, None).await;
        }
        if self.args.credential == CredentialKind::None {
            return match self.get(None).await {
                Ok(answer) => self.explain(&Sent::Nothing, &answer, None, None).await,
                Err(unreached) => self.unreachable(&unreached),
            };
        }
        let known: Known = match self.learn().await {
            Ok(known) => known,
            Err(report) => return *report,
        };
        // Nobody is asked to sign in for a function that is not there.
        if self.says_all()
            && self.seeker(&known.request).kept().await.is_none()
            && let Err(unreached) = self.get(None).await
        {
            return self.unreachable(&unreached);
        }
        match self.token(&known).await {
            Ok(token) => {
                let report = self.send(&token, known.challenge.clone()).await;
                // Nothing but a new sign-in mends such a token, such as after the issuer's keys
                // were replaced; kept, it would be refused until its end.
                let useless = |finding: &Finding| USELESS.contains(&finding.code);
                if report.status == Some(401) && report.findings.iter().any(useless) {
                    self.seeker(&known.request).forget(&token).await;
                }
                report
            }
            Err(finding) => self.no_token(*finding, known.challenge),
        }
    }
}

/// The causes of a 401 that a kept token can't outlive.
const USELESS: [Code; 4] = [
    Code::BadSignature,
    Code::UnknownKey,
    Code::Unsigned,
    Code::WrongAlgorithm,
];
