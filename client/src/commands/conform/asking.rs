//! Asks first whether to ask, then each probe in its order.
//!
//! - `ground`: what forged tokens name

mod ground;

use std::io::{IsTerminal as _, Write as _};

use azure_core::credentials::Secret;
use loopback::is_loopback;
use url::Url;

use self::ground::{Named, ground};
use super::tokens::{self, Brought};
use crate::cli::{ConformArgs, CredentialKind};
use crate::clock::{now, utc};
use crate::conformance::capture::{Capture, ECHO_MARK, FORMAT, Kind, NotAsked, Target, VERSION};
use crate::conformance::normal::{Names, Normalising, Raw};
use crate::conformance::plan::{AtHand, Planned, plan};
use crate::conformance::probes;
use crate::conformance::refusal::Refusal;
use crate::conformance::secrets::Secrets;
use crate::conformance::send::{Budget, NoAnswer, Sender};
use crate::credential::Person;
use crate::diagnosis::origin;
use crate::discovery::challenge::Challenge;
use crate::http::Unreached;
use crate::session::Session;
use crate::terminal::{json_line, printable, tell};

/// Requests that `call` makes to learn what it needs to get a token: the question without one, and
/// two of metadata.
const TO_LEARN: u8 = 3;

/// Says what will be sent, and asks. What stays on this machine is not asked for.
///
/// # Errors
/// Nobody agreed.
pub(super) fn agree(args: &ConformArgs, session: &Session) -> Result<(), Refusal> {
    if args.yes || is_loopback(&session.url) {
        return Ok(());
    }
    let refused = || Refusal::NotConfirmed(origin(&session.url));
    if session.person == Person::Absent || !std::io::stdin().is_terminal() {
        return Err(refused());
    }
    let questions = || probes::questions().filter(|question| question.method != "-");
    let forged = questions()
        .filter(|it| it.token.contains("forged:"))
        .count();
    for line in [
        format!(
            "conform sends up to {} requests, one at a time, to",
            questions().count() + usize::from(TO_LEARN)
        ),
        format!("  {}", printable(&origin(&session.url))),
        format!("and nowhere else. Up to {forged} of them have a forged token, others a token of"),
        "yours for the API that the function names (--credential none: no token of".to_owned(),
        "yours). It changes nothing there; the log of the app's owner will show the".to_owned(),
        "refusals.".to_owned(),
    ] {
        tell(&line);
    }
    let _ = write!(std::io::stderr(), "Continue? [y/N] ");
    let mut answer = String::new();
    let _ = std::io::stdin().read_line(&mut answer);
    if matches!(answer.trim(), "y" | "Y" | "yes" | "Yes") {
        Ok(())
    } else {
        Err(refused())
    }
}

/// What was asked, and answered.
pub(super) struct Asked {
    url: Url,
    challenge: Option<Challenge>,
    tokens: Vec<String>,
    secrets: Secrets,
    answers: Vec<(String, Raw)>,
    without_answer: Vec<NotAsked>,
}

/// Asks every probe that can be asked.
///
/// # Errors
/// The first got no answer.
pub(super) async fn ask_all(
    args: &ConformArgs,
    session: &Session,
    brought: Brought,
) -> Result<Asked, Unreached> {
    let budget = Budget::after(TO_LEARN);
    let mut sender = Sender::new(&session.http, &session.url, args.timeout, budget);
    let mut at_hand = AtHand {
        url: session.url.clone(),
        excluded: args.excluded.clone(),
        echo: args.echo,
        ground: None,
        tokens: brought.tokens.clone(),
    };
    let mut asked = Asked {
        url: session.url.clone(),
        challenge: None,
        tokens: Vec::new(),
        secrets: Secrets::default(),
        answers: Vec::new(),
        without_answer: Vec::new(),
    };
    // The first carries nothing; what it answers says what the others can be made of.
    for planned in plan(probes::questions().take(1), &at_hand) {
        asked.ask(session, &mut sender, planned).await?;
    }
    asked.challenge = asked.answers.first().and_then(|(_, raw)| raw.challenge());
    asked.sign_in(session, &brought, &mut at_hand).await;
    let names = match &asked.challenge {
        Some(challenge) => Some(Named::by_challenge(challenge)),
        // A gate that lets everybody pass names nobody: a token that it may accept does.
        None => at_hand
            .tokens
            .iter()
            .find(|(name, _)| name == "valid")
            .and_then(|(_, token)| Named::by_token(token, &session.url)),
    };
    if let Some(names) = names {
        at_hand.ground = Some(ground(session, names).await);
    }
    for (_, token) in &at_hand.tokens {
        asked.secrets.add(token);
    }
    asked.tokens = at_hand
        .tokens
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    for planned in plan(probes::questions(), &at_hand).into_iter().skip(1) {
        // One that got none is told so, and the next is asked.
        let _ = asked.ask(session, &mut sender, planned).await;
    }
    Ok(asked)
}

impl Asked {
    /// The tokens that are got and not brought.
    async fn sign_in(&mut self, session: &Session, brought: &Brought, at_hand: &mut AtHand) {
        let mut got = |name: &str, outcome: Result<Secret, String>| match outcome {
            Ok(token) => at_hand
                .tokens
                .push((name.to_owned(), token.secret().to_owned())),
            Err(why) => tell(&format!("no {name} token: {}", printable(&why))),
        };
        if !brought.has("valid") && session.args.credential != CredentialKind::None {
            got("valid", tokens::valid(session).await);
        }
        if let Some(secret) = &brought.app_secret {
            self.secrets.add(secret.secret());
            let outcome = match &self.challenge {
                Some(challenge) => tokens::app_only(session, challenge, secret).await,
                None => Err("the gate's answer names no authority".to_owned()),
            };
            got("app-only", outcome);
        }
    }

    /// Asks one probe.
    ///
    /// # Errors
    /// Nothing answered.
    async fn ask(
        &mut self,
        session: &Session,
        sender: &mut Sender<'_>,
        planned: Planned,
    ) -> Result<(), Unreached> {
        let (probe, request, token) = match planned {
            Planned::Ask {
                probe,
                request,
                token,
            } => (probe, request, token),
            Planned::Not(not) => {
                self.without_answer.push(not);
                return Ok(());
            }
        };
        if let Some(token) = &token {
            self.secrets.add(token);
        }
        session.verbose(|| format!("> {probe} {} {}", request.method, request.target));
        let because = match sender.send(&request).await {
            Ok(raw) => {
                session.verbose(|| format!("< {}", raw.status));
                self.answers.push((probe, raw));
                return Ok(());
            }
            Err(NoAnswer::Unreached(unreached)) => {
                session.verbose(|| format!("< nothing: {}", unreached.why));
                self.no_answer(probe, "nothing answered".to_owned());
                return Err(unreached);
            }
            Err(NoAnswer::NotSendable(why)) => why.to_owned(),
            Err(NoAnswer::Stopped(stopped)) => stopped.why(),
        };
        self.no_answer(probe, because);
        Ok(())
    }

    fn no_answer(&mut self, probe: String, because: String) {
        self.without_answer.push(NotAsked { probe, because });
    }

    /// What is kept of it.
    ///
    /// # Errors
    /// An answer holds what must not be kept; or there is no echo app.
    pub(super) fn capture(self, args: &ConformArgs) -> Result<Capture, Refusal> {
        let of_success = |raw: &Raw| (200..300).contains(&raw.status);
        let mut successes = self
            .answers
            .iter()
            .filter(|(_, raw)| of_success(raw))
            .peekable();
        if args.echo
            && successes.peek().is_some()
            && !successes.any(|(_, raw)| raw.header(ECHO_MARK).is_some())
        {
            return Err(Refusal::NoEcho);
        }
        let names = Names::of(&self.url, self.challenge.as_ref());
        let mut normalising = Normalising::new(names);
        let mut answers = Vec::new();
        for (probe, raw) in &self.answers {
            let seen = normalising.seen(probe, raw);
            if let Some(hit) = self.secrets.find(&json_line(&seen)) {
                return Err(Refusal::Secret {
                    probe: probe.clone(),
                    what: hit.what(),
                });
            }
            answers.push(seen);
        }
        Ok(Capture {
            format: FORMAT.to_owned(),
            version: VERSION,
            tool: concat!("greeting-cli ", env!("CARGO_PKG_VERSION")).to_owned(),
            table: probes::digest(),
            date: utc(now()).unwrap_or_default().chars().take(10).collect(),
            target: Target {
                kind: Kind::of(&self.url),
                ..Target::default()
            },
            echo: args.echo,
            tokens: self.tokens,
            rules: normalising.applied(),
            answers,
            not_asked: self.without_answer,
        })
    }
}
