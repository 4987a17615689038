//! `call`: gets a token, calls the function, and explains a refusal.

mod destination;

use std::process::ExitCode;

use self::destination::Destination;
pub(crate) use self::destination::interrupted::interrupted;
use crate::cli::{CallCommand, CredentialKind};
use crate::diagnosis::{Code, Finding, Sent};
use crate::failure::Failure;
use crate::request::{Request, Stdin};
use crate::session::claims::{self, Given};
use crate::session::send::{self, Origin};
use crate::session::{Called, Session, explain, learn};

/// `call`
pub(crate) async fn run(command: CallCommand) -> Result<ExitCode, Failure> {
    let CallCommand { to, request } = command;
    let session = Session::new(to)?;
    let stdin = match session.args.access_token {
        Some(_) => Stdin::HasToken,
        None => Stdin::Free,
    };
    let session = session.sending(Request::read(&request, stdin)?);
    // Before anything is sent: an answer that can't be kept may not come twice.
    let destination = Destination::open(&request, session.args.output)?;
    let Called { report, reply } = call(&session).await;
    let exit = report.exit();
    destination.deliver(report, reply).await?;
    Ok(ExitCode::from(exit))
}

async fn call(session: &Session) -> Called {
    let provided = match session.provided() {
        Ok(provided) => provided,
        Err(finding) => return explain::no_token(session, finding, None).into(),
    };
    if let Some(token) = provided {
        return send::send(session, &token, Origin::Brought, None).await;
    }
    if session.args.credential == CredentialKind::None {
        return match session.call(None).await {
            Ok(reply) => {
                let sent = &Sent::Nothing;
                let report = explain::explain(session, sent, &reply.answer, None, None).await;
                Called {
                    report,
                    reply: Some(reply),
                }
            }
            Err(unreached) => explain::unreachable(session, &unreached).into(),
        };
    }
    let known = match learn::learn(session).await {
        Ok(known) => known,
        Err(stopped) => return explain::stopped(session, *stopped).await.into(),
    };
    let source = session.token_source(&known.request);
    let earlier = source.kept().await.map(|kept| kept.access_token);
    // No sign-in is started for a function that does not answer.
    if learn::says_all(session)
        && earlier.is_none()
        && let Err(unreached) = session.ask().await
    {
        return explain::unreachable(session, &unreached).into();
    }
    match source.obtain().await {
        Ok(obtained) => {
            let token = obtained.access_token;
            let challenge = known.challenge.clone();
            let called = send::send(session, &token, Origin::AskedFor, challenge).await;
            // Only a new sign-in helps, for example after the issuer's keys were replaced; a
            // token that is kept would be refused until it expires.
            let report = &called.report;
            let useless = |finding: &Finding| USELESS.contains(&finding.code);
            if report.status == Some(401) && report.findings.iter().any(useless) {
                source.forget(&token).await;
            }
            let given = Given {
                credential: obtained.key.credential,
                earlier,
                token,
            };
            claims::meet(session, &known, given, called).await
        }
        Err(finding) => explain::no_token(session, *finding, known.challenge).into(),
    }
}

/// The causes of a 401 after which a kept token is useless.
const USELESS: [Code; 4] = [
    Code::BadSignature,
    Code::UnknownKey,
    Code::Unsigned,
    Code::WrongAlgorithm,
];
