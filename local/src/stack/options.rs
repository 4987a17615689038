//! What to start, and what follows from it before anything has started.

use std::path::PathBuf;

use local_easy_auth::{Behaviour, Settings};
use local_events::Log;
use local_failure::Failure;
use local_functions_host::LocalSettings;
use local_http::origin;
use local_http::serve::Scheme;

use crate::deploy::{Files, Place, Template};
use crate::tenant::Tenant;

/// What to start.
pub(crate) struct Options {
    /// 0 for any; `None` for local.settings.json's, else 7071.
    pub(crate) port: Option<u16>,
    pub(crate) authority_port: u16,
    pub(crate) app_root: Option<PathBuf>,
    pub(crate) handler: Option<PathBuf>,
    /// Another app, instead of the function app.
    pub(crate) upstream: Option<String>,
    pub(crate) settings: Option<PathBuf>,
    /// Clients that the gate takes beside those that the settings list.
    pub(crate) allow_clients: Vec<String>,
    /// Whose tokens are taken, instead of a local authority's.
    pub(crate) tenant: Option<Tenant>,
    pub(crate) behaviour: Behaviour,
    pub(crate) https: bool,
    pub(crate) watch: bool,
    /// Seconds by which the authority's and the gate's clock are ahead.
    pub(crate) time_shift: i64,
    pub(crate) auto_approve: Option<String>,
    pub(crate) state_dir: PathBuf,
    pub(crate) log: Log,
    /// Keeps the handler's output to itself.
    pub(crate) quiet: bool,
}

/// The settings that are in force.
pub(super) struct InForce {
    pub(super) settings: Settings,
    /// The file that they are from.
    pub(super) from: String,
    /// Where they are not what the file says, in sentences.
    pub(super) changes: Vec<String>,
}

impl Options {
    /// The gate's scheme.
    pub(super) fn scheme(&self) -> Scheme {
        if self.https {
            Scheme::Https
        } else {
            Scheme::Http
        }
    }

    /// The gate's behaviour, with what the app settings say of it.
    ///
    /// # Errors
    /// A setting that has no meaning.
    pub(super) fn behaviour(&self, local: &LocalSettings) -> Result<Behaviour, Failure> {
        let read = self.behaviour.clone().read(|name| local.setting(name));
        read.map_err(|why| {
            Failure::new(
                "an app setting of Easy Auth can't be used",
                why,
                "correct it in the environment or in local.settings.json",
            )
        })
    }

    pub(super) fn control_port(&self) -> u16 {
        match self.tenant {
            None => self.authority_port,
            // Only this program's other commands come to it.
            Some(_) => 0,
        }
    }

    /// The settings, the file that they are from, and what was changed in them.
    pub(super) fn settings(&self, files: &Files, port: u16) -> Result<InForce, Failure> {
        let named = self.settings.as_deref().map(Template::read).transpose()?;
        let source = named.as_ref().unwrap_or(&files.auth_settings);
        let mut settings = match &self.tenant {
            Some(tenant) => tenant.settings(source)?,
            None => Settings::parse(&local_place(port).filled(source)?, &source.name)?,
        };
        let changes = settings.allow_clients(&self.allow_clients);
        Ok(InForce {
            settings,
            from: source.name.clone(),
            changes,
        })
    }

    pub(super) fn place(&self, settings: &Settings, port: u16) -> Place {
        match &self.tenant {
            Some(tenant) => tenant.place(&settings.provider().registration.client_id),
            None => local_place(port),
        }
    }
}

fn local_place(port: u16) -> Place {
    let origin = origin::localhost(Scheme::Https, port);
    Place::local(origin.trim_start_matches("https://"))
}
