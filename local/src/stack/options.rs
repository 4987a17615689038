//! What to start, and what follows from it before anything has started.

use std::path::PathBuf;

use local_easy_auth::{Behaviour, Settings, StoredLists};
use local_entra::{CLOUDS, PollInterval};
use local_events::{Log, TimeShift};
use local_failure::Failure;
use local_functions_host::LocalSettings;
use local_http::origin;
use local_http::public_host::PublicHost;
use local_http::serve::Scheme;

use super::upstream::Protocol;
use crate::deploy::{Files, Place, Template};
use crate::plays;
use crate::registrations::{LocalTenant, Places, Registrations};
use crate::state::StackRef;
use crate::state::ports::Reserved;
use crate::tenant::Tenant;

/// How other machines, or containers, reach the stack.
pub(crate) struct Network {
    /// Where to listen, beside loopback.
    pub(crate) listen: std::net::Ipv4Addr,
    /// By which they call it.
    pub(crate) name: PublicHost,
}

/// The ports that are asked for; 0 is any that is free.
#[derive(Default)]
pub(crate) struct Ports {
    /// None: a named stack's own, else local.settings.json's, else 7071.
    pub(crate) function: Option<u16>,
    /// None: a named stack's own, else 7443.
    pub(crate) authority: Option<u16>,
    /// What a stack with a name goes by.
    pub(crate) reserved: Option<Reserved>,
}

/// What stands behind the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    /// What the options name, or the app that is built in.
    App,
    /// Nothing.
    Nothing,
}

/// Under which name the local authority issues tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SignInAt {
    /// Its own, on this machine: worth nothing at any other gate.
    ThisMachine,
    /// Microsoft's, for a child that is pointed at it by a proxy.
    Microsoft,
}

/// What to start.
pub(crate) struct Options {
    pub(crate) sign_in_at: SignInAt,
    /// Whether there is an app to serve.
    pub(crate) app: Served,

    /// None: loopback alone.
    pub(crate) network: Option<Network>,
    pub(crate) ports: Ports,
    /// What it is called.
    pub(crate) stack: StackRef,
    pub(crate) app_root: Option<PathBuf>,
    pub(crate) handler: Option<PathBuf>,
    /// Another app, instead of the function app.
    pub(crate) upstream: Option<String>,
    pub(crate) upstream_protocol: Protocol,
    pub(crate) settings: Option<PathBuf>,
    /// The API's registration, instead of the one that is found; and those of other apps.
    pub(crate) registrations: Vec<PathBuf>,
    pub(crate) stored_lists: StoredLists,
    /// Clients that the gate takes beside those that the settings list.
    pub(crate) allow_clients: Vec<String>,
    /// Whose tokens are taken, instead of a local authority's.
    pub(crate) tenant: Option<Tenant>,
    pub(crate) behaviour: Behaviour,
    pub(crate) https: bool,
    pub(crate) watch: bool,
    /// By how much the authority's and the gate's clock is ahead at first.
    pub(crate) time_shift: TimeShift,
    pub(crate) auto_approve: Option<String>,
    /// How often clients ask whether a device code is approved.
    pub(crate) poll_interval: PollInterval,
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
    /// Whom the local authority plays, in words; none: the local tenant and its own API.
    pub(super) plays: Option<String>,
    /// The API's registration, by its file.
    pub(super) registration_from: String,
    /// What the local authority knows. None: a real tenant issues the tokens.
    pub(super) tenant: Option<LocalTenant>,
    /// Tenant and clients.
    pub(super) place: Place,
    pub(super) scope: String,
    /// What is not as the files say, in sentences.
    pub(super) notes: Vec<String>,
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

    /// The settings, what follows from them for authority and clients, and where all that is from.
    pub(super) fn in_force(
        &self,
        files: &Files,
        port: u16,
        behaviour: &Behaviour,
    ) -> Result<InForce, Failure> {
        let named = self.settings.as_deref().map(Template::read).transpose()?;
        let source = named.as_ref().unwrap_or(&files.auth_settings);
        let places = Places {
            named: &self.registrations,
            settings: source,
            files,
        };
        match &self.tenant {
            Some(tenant) => self.of_tenant(tenant, &places),
            None => self.of_authority(&places, port, behaviour),
        }
    }

    /// With the local authority, which plays whomever the settings are for.
    fn of_authority(
        &self,
        places: &Places<'_>,
        port: u16,
        behaviour: &Behaviour,
    ) -> Result<InForce, Failure> {
        let host = self
            .network
            .as_ref()
            .map_or("localhost", |network| network.name.as_str());
        let local = match self.sign_in_at {
            SignInAt::ThisMachine => local_place(host, port),
            SignInAt::Microsoft => Place::local(CLOUDS[0].host()),
        };
        let tenants = behaviour.allowed_tenants.as_deref();
        let (mut settings, mut played) = plays::read(places.settings, &local, tenants)?;
        let mut notes = self.change(&mut settings);
        notes.append(&mut played.notes);
        let place = Place {
            tenant_id: played.tenant_id.clone(),
            client_id: played.client_id.clone(),
            ..local
        };
        let mut registrations = Registrations::find(places, &place)?;
        registrations.play(&played, &settings);
        let (secrets, more) = registrations.secrets(|name| std::env::var(name).ok())?;
        notes.extend(more);
        let own = registrations.client_id();
        let (signs_in, minted) = match played.says {
            None => (own.to_owned(), own.to_owned()),
            Some(_) => {
                let callers = plays::callers(&settings, own);
                notes.extend(callers.notes);
                (callers.signs_in, callers.minted)
            }
        };
        notes.append(&mut registrations.notes);
        Ok(InForce {
            tenant: Some(registrations.tenant(&played, &minted).with_secrets(secrets)),
            scope: registrations.scope(),
            registration_from: registrations.from,
            from: places.settings.name.clone(),
            place: Place {
                cli_client_id: signs_in,
                ..place
            },
            plays: played.says,
            settings,
            notes,
        })
    }

    fn of_tenant(&self, tenant: &Tenant, places: &Places<'_>) -> Result<InForce, Failure> {
        let mut settings = tenant.settings(places.settings)?;
        let mut notes = self.change(&mut settings);
        let place = tenant.place(&settings.provider().registration.client_id);
        let mut registrations = Registrations::find(places, &place)?;
        notes.append(&mut registrations.notes);
        Ok(InForce {
            tenant: None,
            scope: registrations.scope(),
            registration_from: registrations.from,
            from: places.settings.name.clone(),
            place,
            plays: None,
            settings,
            notes,
        })
    }

    /// What flags change in the settings, in sentences.
    fn change(&self, settings: &mut Settings) -> Vec<String> {
        let mut notes = settings.store_lists(self.stored_lists);
        notes.extend(settings.allow_clients(&self.allow_clients));
        notes
    }
}

fn local_place(host: &str, port: u16) -> Place {
    let origin = origin::of(Scheme::Https, host, port);
    Place::local(origin.trim_start_matches("https://"))
}
