//! `call`: gets a token, calls the function, and explains a refusal.

use std::process::ExitCode;

use crate::cli::{CallArgs, CredentialKind};
use crate::diagnosis::{Code, Finding, Sent};
use crate::failure::Failure;
use crate::report::Report;
use crate::session::send::{self, Origin};
use crate::session::{Session, explain, learn};

/// `call`
pub(crate) async fn run(args: CallArgs) -> Result<ExitCode, Failure> {
    let session = Session::new(args)?;
    let report = call(&session).await;
    report.print(session.args.output)?;
    Ok(ExitCode::from(report.exit()))
}

async fn call(session: &Session) -> Report {
    let provided = match session.provided() {
        Ok(provided) => provided,
        Err(finding) => return explain::no_token(session, finding, None),
    };
    if let Some(token) = provided {
        return send::send(session, &token, Origin::Brought, None).await;
    }
    if session.args.credential == CredentialKind::None {
        return match session.get(None).await {
            Ok(answer) => explain::explain(session, &Sent::Nothing, &answer, None, None).await,
            Err(unreached) => explain::unreachable(session, &unreached),
        };
    }
    let known = match learn::learn(session).await {
        Ok(known) => known,
        Err(stopped) => return explain::stopped(session, *stopped).await,
    };
    // No sign-in is started for a function that does not answer.
    if learn::says_all(session)
        && session.token_source(&known.request).kept().await.is_none()
        && let Err(unreached) = session.get(None).await
    {
        return explain::unreachable(session, &unreached);
    }
    match session.token(&known).await {
        Ok(token) => {
            let challenge = known.challenge.clone();
            let report = send::send(session, &token, Origin::AskedFor, challenge).await;
            // Only a new sign-in helps, for example after the issuer's keys were replaced; a
            // token that is kept would be refused until it expires.
            let useless = |finding: &Finding| USELESS.contains(&finding.code);
            if report.status == Some(401) && report.findings.iter().any(useless) {
                session.token_source(&known.request).forget(&token).await;
            }
            report
        }
        Err(finding) => explain::no_token(session, *finding, known.challenge),
    }
}

/// The causes of a 401 after which a kept token is useless.
const USELESS: [Code; 4] = [
    Code::BadSignature,
    Code::UnknownKey,
    Code::Unsigned,
    Code::WrongAlgorithm,
];
