//! `call`, `token get`, `login` and `logout`.

use std::process::ExitCode;

use crate::cache::Cache;
use crate::cli::{CallArgs, CredentialKind, LogoutArgs, Output};
use crate::diagnosis::{Finding, Sent};
use crate::memory;
use crate::report::{Report, json, printable, say, tell};
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

/// `token get`: the token alone on stdout.
pub(crate) async fn get_token(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let outcome = match session.learn().await {
        Ok(known) => session
            .token(&known)
            .await
            .map_err(|finding| Box::new(session.no_token(*finding, known.challenge))),
        Err(report) => Err(report),
    };
    match outcome {
        Ok(token) => {
            say(token.secret());
            ExitCode::SUCCESS
        }
        Err(report) => {
            // stdout is for the token; a program that wants JSON gets it all the same.
            report.print(session.args.output);
            ExitCode::from(report.exit())
        }
    }
}

/// `login`: a new token for later calls, whatever is kept.
pub(crate) async fn login(args: CallArgs) -> ExitCode {
    let session = match Session::new(args) {
        Ok(session) => session,
        Err(usage) => return bad_usage(&usage),
    };
    let outcome = match session.learn().await {
        Ok(known) => match session.seeker(&known.request).anew().get().await {
            Ok(_) => Ok(known),
            Err(finding) => Err(Box::new(session.no_token(*finding, known.challenge))),
        },
        Err(report) => Err(report),
    };
    match outcome {
        Ok(known) => {
            let user = session
                .seeker(&known.request)
                .kept()
                .await
                .and_then(|entry| entry.user);
            match session.args.output {
                Output::Json => say(&json(
                    &serde_json::json!({"outcome": "ok", "user": user, "scope": known.request.scope}),
                )),
                Output::Human => say(&format!(
                    "ready to call as {}",
                    printable(user.as_deref().unwrap_or("an unnamed user"))
                )),
            }
            ExitCode::SUCCESS
        }
        Err(report) => {
            report.print(session.args.output);
            ExitCode::from(report.exit())
        }
    }
}

/// `logout`: forgets every token and every agreement.
pub(crate) async fn logout(args: &LogoutArgs) -> ExitCode {
    let outcome = match Cache::open() {
        Some(cache) => cache.clear().await,
        None => Ok(false),
    };
    let forgot = match outcome.and_then(|forgot| memory::forget().map(|_| forgot)) {
        Ok(forgot) => forgot,
        Err(error) => {
            tell(&format!(
                "error: the tokens could not be removed: {error}\n\n  fix  remove the greeting-cli folder in your state folder by hand"
            ));
            return ExitCode::FAILURE;
        }
    };
    match (args.output, forgot) {
        (Output::Json, forgot) => say(&json(
            &serde_json::json!({"outcome": "ok", "forgot": forgot}),
        )),
        (Output::Human, true) => {
            tell("forgot every token; az and azd keep theirs (az logout, azd auth logout)");
        }
        (Output::Human, false) => tell("there was no token to forget"),
    }
    ExitCode::SUCCESS
}

pub(crate) fn bad_usage(why: &str) -> ExitCode {
    tell(&format!(
        "error: {why}\n\nFor more information, try '--help'."
    ));
    ExitCode::from(2)
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
const USELESS: [&str; 4] = [
    "bad-signature",
    "unknown-key",
    "unsigned",
    "wrong-algorithm",
];
