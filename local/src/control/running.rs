//! What is said in the state folder about the stack that is running.

use std::path::{Path, PathBuf};
use std::{fs, io};

use local_entra::CLOUDS;
use local_failure::{Failure, Fix};
use serde::{Deserialize, Serialize};
use state_folder::{Unusable, write_private_of_this_run};

use crate::registrations::LocalTenant;
use crate::state::{Home, StackRef, has_owner, listed};
use crate::typed::Typed;

/// What a ready stack is, for programs. Written to `--ready-file`; nothing in it is a secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Ready {
    pub(crate) function_url: String,
    pub(crate) authority_host: String,
    pub(crate) tenant_id: String,
    pub(crate) api_client_id: String,
    pub(crate) cli_client_id: String,
    pub(crate) scope: String,
    pub(crate) ca_cert: PathBuf,
}

impl Ready {
    /// The API's identifier URI: the scope without its last part.
    pub(crate) fn api(&self) -> &str {
        self.scope
            .rsplit_once('/')
            .map_or(self.scope.as_str(), |(api, _)| api)
    }

    /// That a shell can be pointed at its local authority: `run` plays a sign-in host of Microsoft's,
    /// for the command behind it alone.
    ///
    /// # Errors
    /// A client in a shell would sign in at Microsoft itself.
    pub(crate) fn reached_by_a_shell(&self) -> Result<(), Failure> {
        let host = &self.authority_host;
        if *host != CLOUDS[0].origin() {
            return Ok(());
        }
        let run = Typed::here().own("run");
        Err(Failure::new(
            "no shell can be pointed at the stack that runs",
            format!(
                "greeting-local run has started it: its sign-in is at {host}, and only the command behind run reaches it there; a shell's clients would sign in to Microsoft itself"
            ),
            Fix::with(
                "run the client as such a command",
                format!("{run} -- COMMAND"),
            ),
        ))
    }
}

/// What `env`, `approve` and `mint` read of the stack that is running. Kept 0600: the control
/// secret approves sign-ins.
#[derive(Serialize, Deserialize)]
pub(crate) struct Running {
    pub(crate) ready: Ready,
    /// The origin of its control secret.
    pub(crate) control: String,
    pub(crate) control_secret: String,
    /// The tenant of the local authority. None: a real tenant issues the tokens, and there is no
    /// local authority.
    pub(crate) tenant: Option<LocalTenant>,
    /// The app's managed identity; the local authority's.
    pub(crate) managed_identity: Option<ManagedIdentity>,
    /// What App Service tells an app of its site, by name.
    pub(crate) site: Vec<(String, String)>,
}

/// Where an app gets tokens as itself, as App Service says it in an app's environment.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ManagedIdentity {
    /// `IDENTITY_ENDPOINT`.
    pub(crate) endpoint: String,
    /// `IDENTITY_HEADER`, a secret.
    pub(crate) header: String,
}

impl ManagedIdentity {
    /// The variables (documented: app-service overview-managed-identity).
    pub(crate) fn variables(&self) -> [(&'static str, &str); 2] {
        [
            ("IDENTITY_ENDPOINT", &self.endpoint),
            ("IDENTITY_HEADER", &self.header),
        ]
    }
}

impl Running {
    /// The environment variables that an app is told: its site's, and its managed identity's.
    pub(crate) fn told_to_app(&self) -> Vec<(String, String)> {
        let identity = self.managed_identity.iter();
        let identity = identity.flat_map(ManagedIdentity::variables);
        let identity = identity.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.site.iter().cloned().chain(identity).collect()
    }

    /// The control room's address, which is on this machine; none where there is no local authority.
    pub(crate) fn control_room(&self) -> Option<String> {
        self.tenant.as_ref().map(|_| format!("{}/", self.control))
    }

    fn path(state: &Path) -> PathBuf {
        state.join("running.json")
    }

    /// The tenant of the local authority that `command` is about.
    ///
    /// # Errors
    /// It takes the tokens of a real tenant.
    pub(crate) fn local_tenant(&self, command: &str) -> Result<&LocalTenant, Failure> {
        self.tenant.as_ref().ok_or_else(|| {
            Failure::new(
                format!("greeting-local {command} is for the local authority"),
                format!(
                    "the running stack takes the tokens of {}/{}, which only that tenant issues",
                    self.ready.authority_host, self.ready.tenant_id
                ),
                Fix::with(
                    "sign in there",
                    Typed::here().program("greeting-cli", "call"),
                )
                // Without a scope its token is Azure Resource Manager's, and the gate refuses it.
                .and(Fix::with(
                    "or, with az",
                    format!(
                        "az account get-access-token --tenant {} --scope {} --query accessToken --output tsv",
                        self.ready.tenant_id, self.ready.scope
                    ),
                ))
                .and("or start this stack without --tenant"),
            )
        })
    }

    /// Says in `state` that this stack runs.
    pub(crate) fn save(&self, state: &Path) -> io::Result<()> {
        write_private_of_this_run(&Self::path(state), &serde_json::to_vec_pretty(self)?)
    }

    /// What runs, by what the state folder at `home` says; `command` is what asks.
    ///
    /// # Errors
    /// Nothing runs, or the file is not readable.
    pub(crate) fn load(home: &Home, command: &str) -> Result<Self, Failure> {
        let path = Self::path(&home.path);
        let text = match state_folder::read_private(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(not_running(home, command));
            }
            Err(error) => return Err(crate::state::unusable(&Unusable::new(&path, error))),
        };
        if !has_owner(&home.path) {
            return Err(ended(home));
        }
        serde_json::from_slice(&text).map_err(|error| {
            Failure::new(
                format!("{} is damaged", path.display()),
                error,
                Fix::with(
                    "end the stack with Ctrl-C and start it again, it writes this file anew",
                    home.stack.line("up"),
                ),
            )
        })
    }

    /// Whether `state` has a note of a stack, be it running or not.
    pub(crate) fn is_told(state: &Path) -> bool {
        Self::path(state).exists()
    }

    /// Removes what a stack that was killed has left. For the folder's owner.
    pub(crate) fn forget(state: &Path) {
        // What is not there need not be removed; the next note replaces any other.
        let _ = fs::remove_file(Self::path(state));
        for output in local_events::output_files(&state.join(crate::state::OUTPUT)) {
            let _ = fs::remove_file(output);
        }
    }

    /// Removes the note, if it is still this stack's.
    pub(crate) fn remove(&self, state: &Path) {
        let path = Self::path(state);
        let noted = state_folder::read_private(&path).ok();
        let noted = noted.and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        if noted.is_some_and(|now| now.control_secret == self.control_secret) {
            // Nothing depends on it: a note left behind only names ports that do not answer.
            let _ = fs::remove_file(path);
        }
    }
}

/// A stack that runs, and where its state is.
pub(crate) struct Found {
    pub(crate) home: Home,
    pub(crate) running: Running,
}

impl Found {
    /// The stack that `command` is about.
    ///
    /// # Errors
    /// It does not run, or there is none of that name.
    pub(crate) fn of(stack: StackRef, command: &str) -> Result<Self, Failure> {
        let home = Home::find(stack, command)?;
        let running = Running::load(&home, command)?;
        Ok(Self { home, running })
    }

    /// The stack, if it has the local authority that `command` is about.
    ///
    /// # Errors
    /// It takes the tokens of a real tenant.
    pub(crate) fn with_authority(self, command: &str) -> Result<Self, Failure> {
        self.running.local_tenant(command)?;
        Ok(self)
    }
}

/// What is missing, in a person's words.
fn nothing(home: &Home, others: &[StackRef]) -> String {
    match home.stack.own_name() {
        Some(name) => format!("the stack {name} does not run"),
        None if others.is_empty() => "no greeting-local is running".to_owned(),
        None => "the default stack does not run".to_owned(),
    }
}

/// No stack is noted; perhaps another one is meant.
fn not_running(home: &Home, command: &str) -> Failure {
    let others = home.others_that_run();
    let noted = format!("no running stack is noted in {}", home.path.display());
    let start = Fix::with("start it with", home.stack.line("up"));
    let [first, ..] = others.as_slice() else {
        return Failure::new(nothing(home, &others), noted, start);
    };
    let names: Vec<&str> = others.iter().map(StackRef::name).collect();
    Failure::new(
        nothing(home, &others),
        format!("{noted}; others run: {}", listed(&names)),
        start.and(Fix::with("or name another", first.line(command))),
    )
}

/// The stack that is noted did not end by itself.
fn ended(home: &Home) -> Failure {
    Failure::new(
        nothing(home, &[]),
        format!(
            "the stack that is noted in {} was killed: no process holds the folder's lock",
            Running::path(&home.path).display()
        ),
        Fix::with("start it again with", home.stack.line("up")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_stack_has_left_is_removed() {
        let state = tempfile::tempdir().unwrap();
        for name in ["running.json", "output.log", "output.1.log"] {
            fs::write(state.path().join(name), "").unwrap();
        }
        Running::forget(state.path());
        let left: Vec<_> = fs::read_dir(state.path()).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
