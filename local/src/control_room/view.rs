//! The page.

use axum::extract::{Query, State};
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use clap::ValueEnum;
use local_entra::{DAEMON_CLIENT_ID, Daemon, REFUSALS, describe};
use local_http::page::{Page, Script, Width};
use maud::{Markup, html};
use serde::Deserialize;

use super::done::Done;
use super::form::{Chosen, form};
use super::{Room, Shared, actions, decisions, function, live};
use crate::environment::form::for_shell;
use crate::environment::{Client, about, lines};
use crate::shell::{Shell, usual_shell};

#[derive(Deserialize)]
pub(super) struct PageQuery {
    shell: Option<String>,
    done: Option<String>,
}

pub(super) async fn front(State(room): State<Shared>, Query(asked): Query<PageQuery>) -> Response {
    let shell = asked
        .shell
        .and_then(|name| Shell::from_str(&name, true).ok())
        .unwrap_or_else(|| usual_shell(environment::text("SHELL").as_deref()));
    let done = asked.done.as_deref().and_then(Done::named);
    let body = html! {
        @if let Some(done) = done { p.alert.done role="status" { (done.words()) } }
        nav aria-label="On this page" {
            @for (id, title) in [("runs", "What runs"), ("decisions", "Decisions"), ("mint", "Mint a token"),
                ("waiting", "Sign-ins that wait"), ("clients", "Point a client at it"), ("who", "Who can sign in"),
                ("policy", "Policy and keys")] {
                a href={ "#" (id) } { (title) }
            }
        }
        div.columns {
            div {
                (room.what_runs())
                (decisions::section(&room))
                section #mint aria-labelledby="mint-heading" {
                    h2 #mint-heading { "Mint a token" }
                    p { "With any property or defect, to see what gate and function make of it." }
                    (form(&room, &Chosen::default()))
                }
            }
            div {
                (room.waiting())
                (room.clients(shell))
                (room.who())
                (room.policy())
            }
        }
        template #event { (decisions::event(None)) }
        script src=(live::COPY) defer {}
        script src=(live::SCRIPT) defer {}
    };
    let page = Page {
        script: Script::Own,
        width: Width::Wide,
        ..Page::new("Control room", body)
    };
    let mut response = page.into_response();
    // A page that opened this one has no hold on it.
    response.headers_mut().insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    response
}

impl Room {
    fn what_runs(&self) -> Markup {
        let ready = &self.ready;
        html! {
            section #runs aria-labelledby="runs-heading" {
                h2 #runs-heading { "What runs" }
                dl {
                    @if let Some(name) = self.stack.own_name() { dt { "Stack" } dd { (name) } }
                    dt { "Function" } dd { a href=(function::link(self)) { (ready.function_url) } }
                    dt { "Authority" } dd { code { (ready.authority_host) } }
                    dt { "Tenant" } dd { code { (ready.tenant_id) } }
                    dt { "API's client id" } dd { code { (ready.api_client_id) } }
                    dt { "greeting-cli's client id" } dd { code { (ready.cli_client_id) } }
                    dt { "Scope" } dd { code { (ready.scope) } }
                    dt { "Issuer's metadata" } dd {
                        @let url = format!("{}/{}/v2.0/.well-known/openid-configuration", ready.authority_host, ready.tenant_id);
                        a href=(url) { "openid-configuration" }
                    }
                    @if let Some(plays) = &self.sources.plays { dt { "Plays" } dd { (plays) } }
                    dt { "Easy Auth settings" } dd { code { (self.sources.settings) } }
                    dt { "API's registration" } dd { code { (self.sources.registration) } }
                    dt { "CA to trust" } dd { code { (ready.ca_cert.display()) } }
                    dt { "Version" } dd { (env!("CARGO_PKG_VERSION")) }
                }
                @for warning in &self.warnings { p.quiet { "Note: " (warning) } }
            }
        }
    }

    fn waiting(&self) -> Markup {
        let waiting = self.authority.waiting();
        html! {
            section #waiting aria-labelledby="waiting-heading" {
                h2 #waiting-heading { "Sign-ins that wait" }
                @if waiting.is_empty() {
                    p { "No device waits for somebody to sign in." }
                } @else {
                    ul.plain {
                        @for one in &waiting {
                            li {
                                strong { (one.client) } " for " code { (one.scopes) }
                                small { " since " (one.seconds) " s" }
                            }
                        }
                    }
                }
                p { a href="/devicelogin" { "Enter the code" } " that the device shows. Only who sees the device knows it, so it is not here." }
            }
        }
    }

    fn who(&self) -> Markup {
        let directory = self.authority.directory();
        let daemon = Daemon::paths(&self.state_dir);
        html! {
            section #who aria-labelledby="who-heading" {
                h2 #who-heading { "Who can sign in" }
                ul.plain {
                    @for user in directory.users() {
                        li { (user.name) " " code { (user.upn) } " " small { (describe(user.state)) } }
                    }
                }
                h3 { "And, without a person" }
                p { "The daemon " code { (DAEMON_CLIENT_ID) } ", by what is in one of these files:" }
                ul.plain {
                    li { "secret " code { (daemon.secret.display()) } }
                    li { "certificate " code { (daemon.certificate.display()) } }
                }
            }
        }
    }

    fn policy(&self) -> Markup {
        let policy = self.authority.policy();
        let switch = |name: &str, legend: &str, on: bool, off_means: &str| {
            html! {
                fieldset {
                    legend { (legend) }
                    label.check { input type="radio" name=(name) value="on" checked[on]; span { "on" } }
                    label.check { input type="radio" name=(name) value="off" checked[!on]; span { "off: " (off_means) } }
                }
            }
        };
        html! {
            section #policy aria-labelledby="policy-heading" {
                h2 #policy-heading { "Policy and keys" }
                form method="post" action=(actions::POLICY) {
                    (switch("consent", "Consents and pre-authorizations", policy.consent, "AADSTS65001 for everybody"))
                    (switch("device_code", "Device codes", policy.device_code, "Conditional Access, AADSTS53003"))
                    label for="refuse" { "Refuse every user's token with" }
                    select #refuse name="refuse" {
                        option value="none" { "nothing" }
                        @for (code, _, sentence) in REFUSALS {
                            option value=(code) selected[policy.refuse == Some(code)] {
                                "AADSTS" (code) " " (short(sentence))
                            }
                        }
                    }
                    div.buttons { button { "Change the policy" } }
                }
                form method="post" action=(actions::ROTATE) {
                    div.buttons {
                        button { "Rotate the signing key" }
                        small { "The previous key stays published until the tokens that it signed have expired." }
                    }
                }
            }
        }
    }

    /// What `env` prints.
    fn shell_lines(&self, shell: Shell, client: Option<Client>) -> String {
        let mut all = match client {
            Some(Client::App) => Vec::new(),
            _ => about(&self.stack),
        };
        all.extend(lines(shell, client, &self.ready, &self.state_dir));
        for_shell(shell, &all).join("\n")
    }

    fn clients(&self, shell: Shell) -> Markup {
        if let Err(none) = self.ready.reached_by_a_shell() {
            return html! {
                section #clients aria-labelledby="clients-heading" {
                    h2 #clients-heading { "Point a client at it" }
                    p { (none.why()) }
                    @for step in none.fix() {
                        p { (step.words()) ":" }
                        @if let Some(command) = step.command() { pre data-copy="this line" { (command) } }
                    }
                }
            };
        }
        let name = |value: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
            value().map_or(String::new(), |value| value.get_name().to_owned())
        };
        let all = std::iter::once(None).chain(Client::value_variants().iter().copied().map(Some));
        html! {
            section #clients aria-labelledby="clients-heading" {
                h2 #clients-heading { "Point a client at it" }
                form method="get" action="/#clients" {
                    div.inline {
                        div {
                            label for="shell" { "Shell" }
                            select #shell name="shell" {
                                @for known in Shell::value_variants() {
                                    @let name = name(&|| known.to_possible_value());
                                    option value=(name) selected[*known == shell] { (name) }
                                }
                            }
                        }
                        button { "Show its lines" }
                    }
                }
                @for client in all {
                    @let name = client.map(|client| name(&|| client.to_possible_value()));
                    details {
                        summary {
                            @match &name {
                                None => { "Any client: curl, greeting-cli, …" }
                                Some(name) => { (name) }
                            }
                        }
                        pre data-copy="these lines" { (self.shell_lines(shell, client)) }
                        p.quiet { "The same: " code { (self.stack.line(&name.map_or("env".to_owned(), |name| format!("env --for {name}")))) } }
                    }
                }
            }
        }
    }
}

/// A sentence's start: an option is one line.
fn short(sentence: &str) -> String {
    const LENGTH: usize = 60;
    if sentence.chars().count() <= LENGTH {
        return sentence.to_owned();
    }
    let start: String = sentence.chars().take(LENGTH).collect();
    let end = start.rfind(' ').unwrap_or(start.len());
    format!("{} …", &start[..end])
}
