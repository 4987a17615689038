//! Authority, gate, Functions host and handler, started together and stopped together.
//!
//! - `options`: what to start; `listeners`: its ports; `backend`: what stands behind the gate,
//!   `functions` or `upstream`
//! - `issuing`: the local authority, or a real tenant's keys; `identity`: the app's own
//! - `clouds`: the authority under the names of Microsoft's hosts
//! - `front_end`: what stands before the gate; `control_pages`: what is served beside it

mod backend;
mod clouds;
mod control_pages;
mod front_end;
mod functions;
mod identity;
mod issuing;
mod listeners;
mod options;
mod site;
mod upstream;

use std::io;
use std::sync::Arc;

use local_easy_auth::{Gate, GateParts, Rules, Settings};
use local_entra::{Authority, CLOUDS, in_any_letter_case};
use local_events::{Clock, Log, Source, tell};
use local_failure::Failure;
use local_functions_host::LocalSettings;
use local_http::public_host::PublicHost;
use local_http::serve::{Service, router_service};
use local_http::tls::DevelopmentCa;
use local_http::trust::TrustFiles;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use self::backend::{Backend, RunningBackend};
use self::control_pages::Shown;
use self::front_end::FrontEnd;
use self::identity::Identity;
pub(crate) use self::issuing::no_keys;
use self::issuing::{Trust, callbacks, client, no_ca, no_id_tokens};
pub(crate) use self::listeners::AUTHORITY_PORT;
use self::listeners::Listeners;
use self::options::InForce;
pub(crate) use self::options::{Network, Options, Ports, Served, SignInAt};
pub(crate) use self::upstream::{Protocol, Upstream};
use crate::control::running::{Ready, Running};
use crate::control::secret::ControlSecret;
use crate::control::status::{Behind, Health, Status};
use crate::deploy::{Files, Sources};
use crate::state::Home;
use crate::state::ports::Had;

/// A running stack. `stop` ends it; dropping it kills the handler too, without draining.
pub(crate) struct Stack {
    pub(crate) running: Running,
    /// None where a real tenant issues the tokens.
    authority: Option<Authority>,
    /// Where what is in force is from.
    pub(crate) sources: Sources,
    pub(crate) warnings: Vec<String>,
    /// Those that it has.
    ports: Had,
    authority_port: u16,
    backend: RunningBackend,
    log: Log,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
    asked_to_stop: Arc<Notify>,
}

impl Stack {
    /// Starts everything and returns once the function can be called.
    ///
    /// # Errors
    /// Whatever does not start, by name.
    pub(crate) async fn start(options: Options) -> Result<Self, Failure> {
        // Read.
        let backend = Backend::read(&options).await?;
        let files = Files::of(backend.root())?;
        let local = backend.local_settings();
        // Bind: settings and issuers carry the ports.
        let listeners = Listeners::bind(&options, &local).await?;
        let (ports, moved) = listeners.noted(&options);
        let authority_port = listeners.control.port;
        let behaviour = options.behaviour(&local)?;
        let in_force = options.in_force(&files, listeners.control.port, &behaviour)?;
        let secret = client_secret(&in_force.settings, &local);
        let ca = DevelopmentCa::load_or_create(&options.state_dir)
            .map_err(|error| no_ca(&options.state_dir, &error))?;
        for warning in ca.warnings() {
            tell("warning: ", warning);
        }
        let clock = Clock::shifted(options.time_shift);
        let trust = match &options.tenant {
            Some(_) => Trust::System,
            None => Trust::of_issuer(
                in_force.settings.issuer(),
                &authority_origin(&options, &listeners),
                ca.certificate_path(),
            ),
        };
        let public_host = options.network.as_ref().map(|network| &network.name);
        let http = client(
            trust,
            &in_force.settings,
            public_host.map(PublicHost::as_str),
            match options.sign_in_at {
                SignInAt::ThisMachine => None,
                SignInAt::Microsoft => Some(listeners.control.port),
            },
        )?;
        let settings = in_force.settings.clone();
        let app_settings = local_easy_auth::app_setting_warnings(
            local.names(),
            settings
                .provider()
                .registration
                .client_secret_setting_name
                .as_deref(),
            &behaviour,
        );
        let rules = Arc::new(Rules::new(settings, behaviour, http.clone(), clock.clone()));
        // Issue.
        let (authority, differs) = issuer(
            &options,
            &in_force,
            &listeners,
            &rules,
            &clock,
            secret.value(),
        )
        .await?;
        let (stop, stopped) = watch::channel(false);
        let identity = match &authority {
            Some(authority) => {
                Some(identity::serve(authority, &options.log, stopped.clone()).await?)
            }
            None => None,
        };
        let mut running = running(&options, &in_force, &listeners, &backend, &ca);
        let mut serving = Vec::new();
        if let Some(Identity {
            told,
            serving: of_it,
        }) = identity
        {
            running.managed_identity = Some(told);
            serving.push(of_it);
        }
        // First: what was pointed at the stack may be at another port.
        let mut warnings = moved;
        warnings.extend(rules.settings.warnings(options.scheme()));
        warnings.extend(app_settings);
        warnings.extend(differs);
        warnings.extend(in_force.notes);
        warnings.extend(secret.warning());
        warnings.extend(backend.warnings());
        if let Some(authority) = &authority {
            let directory = authority.directory();
            warnings.extend(directory.warnings());
            let from = &in_force.registration_from;
            warnings.extend(no_id_tokens(&rules.settings, directory, from));
        }
        let sources = Sources {
            settings: in_force.from,
            registration: in_force.registration_from,
            plays: in_force.plays,
        };
        let (health, asked_to_stop) = (Health::default(), Arc::<Notify>::default());
        // Serve.
        let played = match options.sign_in_at {
            SignInAt::ThisMachine => Vec::new(),
            SignInAt::Microsoft => clouds::hosts(),
        };
        let acceptor = |alpn: &[&[u8]]| {
            ca.acceptor_for(alpn, public_host, &played)
                .map_err(|error| no_ca(&options.state_dir, &error))
        };
        let function = backend.function();
        let around = async {
            let no_roots = TrustFiles::of(&options.state_dir)
                .publish(&ca)
                .map_err(|error| no_ca(&options.state_dir, &error))?;
            // A real tenant's clients are pointed at neither file.
            warnings.extend(no_roots.filter(|_| options.tenant.is_none()));
            let pages = control_pages::router(
                authority.as_ref(),
                &ControlSecret::new(&running.control_secret),
                &options.log,
                Shown {
                    rules: rules.clone(),
                    ready: running.ready.clone(),
                    state_dir: options.state_dir.clone(),
                    stack: options.stack.clone(),
                    sources: sources.clone(),
                    function,
                    warnings: warnings.clone(),
                    status: status(authority.as_ref(), &sources, &warnings),
                    health: health.clone(),
                    asked_to_stop: asked_to_stop.clone(),
                    public_host: public_host.cloned(),
                },
            );
            let service = router_service(in_any_letter_case(pages));
            let service = match (&authority, options.sign_in_at) {
                (Some(authority), SignInAt::Microsoft) => {
                    clouds::service(authority, &options.log, service)
                }
                _ => service,
            };
            let control = listeners
                .control
                .reporting(front_end::unread(&options.log, Source::Authority))
                .serve(
                    Some(acceptor(&[b"h2", b"http/1.1"])?),
                    service,
                    stopped.clone(),
                );
            Ok::<_, Failure>(tokio::spawn(control))
        };
        // The handler's process starts while the rest is made ready.
        let starting = async { Ok(backend.start(&running, &options).await) };
        let (started, control) = tokio::try_join!(starting, around)?;
        serving.push(control);
        if started.is_err() {
            // What explains a failed start must not wait for one that succeeds.
            for warning in &warnings {
                tell("note: ", warning.as_str());
            }
        }
        let backend = started?;
        let _ = health.set(backend.health());
        let front_end = Arc::new(FrontEnd {
            gate: Gate::new(GateParts {
                rules,
                http,
                client_secret: secret.value(),
                cors: local.cors(),
                app: backend.service(),
            }),
            cors: local.cors(),
            clock,
            log: options.log.clone(),
        });
        let service: Service = Arc::new(move |request| {
            let front_end = front_end.clone();
            Box::pin(async move { front_end.call(request).await })
        });
        let report = front_end::unread(&options.log, Source::Gate);
        // HTTP/1.1 only: WebSockets over HTTP/2 are another protocol (RFC 8441).
        let tls = options
            .https
            .then(|| acceptor(&[b"http/1.1"]))
            .transpose()?;
        serving.push(tokio::spawn(
            listeners
                .gate
                .reporting(report)
                .serve(tls, service, stopped),
        ));
        Ok(Self {
            running,
            authority,
            sources,
            warnings,
            ports,
            authority_port,
            backend,
            log: options.log,
            stop,
            serving,
            asked_to_stop,
        })
    }

    /// Notes in its state folder that it runs, and a named one's ports for its next run.
    ///
    /// # Errors
    /// The folder can't be written.
    pub(crate) fn note(&self, home: &Home) -> io::Result<()> {
        self.running.save(&home.path)?;
        match home.stack.own_name() {
            Some(_) => self.ports.save(&home.path),
            None => Ok(()),
        }
    }

    /// The local authority; none where a real tenant issues the tokens.
    pub(crate) fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// The port of the authority.
    pub(crate) fn authority_port(&self) -> u16 {
        self.authority_port
    }

    /// What is decided on each request.
    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    /// Resolves when `greeting-local stop` asks for the end.
    pub(crate) async fn asked_to_stop(&self) {
        self.asked_to_stop.notified().await;
    }

    /// Drains what is in flight, then ends the handler. No process and no port is left.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.log.end();
        for serving in self.serving {
            // A server that panicked has nothing left to stop.
            let _ = serving.await;
        }
        self.backend.stop().await;
    }
}

/// The local authority; or none, and a warning where the tenant's issuer has another name: then its
/// keys have been fetched once.
async fn issuer(
    options: &Options,
    in_force: &InForce,
    listeners: &Listeners,
    rules: &Rules,
    clock: &Clock,
    client_secret: Option<String>,
) -> Result<(Option<Authority>, Option<String>), Failure> {
    if let Some(tenant) = &options.tenant {
        // Now, by its cause, and not as a 401 to the first caller.
        let reached = rules.reach_issuer().await;
        let differs = reached.map_err(|why| tenant.not_reached(&why))?;
        return Ok((None, differs));
    }
    let Some(tenant) = &in_force.tenant else {
        return Ok((None, None));
    };
    let callbacks = callbacks(
        &rules.settings,
        options.scheme(),
        listeners.public_host.as_ref().map(PublicHost::as_str),
        listeners.gate.port,
    );
    let origin = authority_origin(options, listeners);
    let pages = listeners.authority_origin();
    let clock = clock.clone();
    let authority = issuing::authority(
        options,
        tenant,
        (&origin, &pages),
        clock,
        callbacks,
        client_secret,
    )?;
    Ok((Some(authority), None))
}

/// The origin in the tokens' issuer.
fn authority_origin(options: &Options, listeners: &Listeners) -> String {
    match options.sign_in_at {
        SignInAt::ThisMachine => listeners.authority_origin(),
        SignInAt::Microsoft => CLOUDS[0].origin(),
    }
}

/// What the stack says of itself, less what changes.
fn status(authority: Option<&Authority>, sources: &Sources, warnings: &[String]) -> Status {
    let users = authority.map(|authority| authority.directory().users());
    Status {
        process: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        since: jiff::Timestamp::now().as_second(),
        behind: Behind::Starting,
        settings: sources.settings.clone(),
        registration: sources.registration.clone(),
        plays: sources.plays.clone(),
        users: users
            .into_iter()
            .flatten()
            .map(|user| user.upn.clone())
            .collect(),
        notes: warnings.to_vec(),
    }
}

/// What is written down about the stack.
fn running(
    options: &Options,
    in_force: &InForce,
    listeners: &Listeners,
    backend: &Backend,
    ca: &DevelopmentCa,
) -> Running {
    let origin = local_http::origin::of(options.scheme(), listeners.host(), listeners.gate.port);
    let place = in_force.place.clone();
    Running {
        ready: Ready {
            function_url: backend.url(&origin),
            authority_host: format!("https://{}", place.authority_host),
            scope: in_force.scope.clone(),
            tenant_id: place.tenant_id,
            api_client_id: place.client_id,
            cli_client_id: place.cli_client_id,
            ca_cert: ca.certificate_path().to_owned(),
        },
        control: listeners.control_origin(),
        control_secret: uuid::Uuid::new_v4().to_string(),
        tenant: in_force.tenant.clone(),
        managed_identity: None,
        site: site::variables(
            &in_force.settings,
            &format!("{}:{}", listeners.host(), listeners.gate.port),
            backend.plan(),
        ),
    }
}

/// The client secret that the settings name.
enum ClientSecret {
    /// They name none.
    NotNamed,
    Value(String),
    /// By this app setting, which is not there. Bearer calls need none.
    Missing(String),
}

impl ClientSecret {
    fn value(&self) -> Option<String> {
        match self {
            Self::Value(secret) => Some(secret.clone()),
            Self::NotNamed | Self::Missing(_) => None,
        }
    }

    fn warning(&self) -> Option<String> {
        match self {
            Self::Missing(name) => Some(format!(
                "there is no app setting {name}, which clientSecretSettingName names: tokens are checked without it, browser sign-in fails until it is set in the environment or in local.settings.json"
            )),
            Self::NotNamed | Self::Value(_) => None,
        }
    }
}

fn client_secret(settings: &Settings, local: &LocalSettings) -> ClientSecret {
    match &settings.provider().registration.client_secret_setting_name {
        None => ClientSecret::NotNamed,
        Some(name) => local
            .setting(name)
            .filter(|secret| !secret.is_empty())
            .map_or_else(|| ClientSecret::Missing(name.clone()), ClientSecret::Value),
    }
}
