//! Authority, gate, Functions host and handler, started together and stopped together.

mod app;
mod front_end;
mod issuing;
mod options;
mod upstream;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware;
use local_easy_auth::{Gate, GateParts, Rules, Settings};
use local_entra::Authority;
use local_events::{Clock, Log, record_events};
use local_failure::Failure;
use local_functions_host::LocalSettings;
use local_http::localhost::only_localhost;
use local_http::page;
use local_http::serve::{Loopback, Service, router_service};
use local_http::tls::DevelopmentCa;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::app::{Prepared, Started, function_url};
use self::front_end::FrontEnd;
use self::issuing::{authority, callbacks, client, in_state};
use self::options::InForce;
pub(crate) use self::options::Options;
use self::upstream::Upstream;
use crate::control::running::{IssuedBy, Ready, Running};
use crate::control::secret::ControlSecret;
use crate::control::{approve, log, policy, rotate_keys};
use crate::control_room::{Function, Room};
use crate::{control_room, deploy};

/// The function app's port, as `func start` has it.
const PORT: u16 = 7071;

/// A running stack. `stop` ends it; dropping it kills the handler too, without draining.
pub(crate) struct Stack {
    pub(crate) running: Running,
    /// None where a real tenant issues the tokens.
    authority: Option<Authority>,
    /// The Easy Auth settings that are in force, by their file.
    pub(crate) settings_from: String,
    pub(crate) warnings: Vec<String>,
    started: Option<Started>,
    log: Log,
    stop: watch::Sender<bool>,
    serving: Vec<JoinHandle<()>>,
}

impl Stack {
    /// Starts everything and returns once the function can be called.
    ///
    /// # Errors
    /// Whatever does not start, by name.
    pub(crate) async fn start(options: Options) -> Result<Self, Failure> {
        let state_dir = &options.state_dir;
        let upstream = options
            .upstream
            .as_deref()
            .map(Upstream::parse)
            .transpose()?;
        let prepared = match &upstream {
            None => Some(Prepared::new(&options).await?),
            Some(_) => None,
        };
        let local = match &prepared {
            Some(prepared) => prepared.app.local.clone(),
            None => Arc::new(local_settings_here()?),
        };
        let root = match &prepared {
            Some(prepared) => prepared.app.root.clone(),
            None => std::env::current_dir().unwrap_or_default(),
        };
        let files = deploy::Files::of(&root)?;
        let control_listener = bind(options.control_port(), "--authority-port").await?;
        let gate_listener = bind(options.port.or(local.port).unwrap_or(PORT), "--port").await?;
        let control = format!("https://localhost:{}", control_listener.port);
        let InForce {
            settings,
            from: settings_from,
            changes,
        } = options.settings(&files, control_listener.port)?;
        let behaviour = options
            .behaviour
            .clone()
            .read(|name| local.setting(name))
            .map_err(|why| Failure::new("an app setting of Easy Auth can't be used", why, ""))?;
        let client_secret = client_secret(&settings, &local)?;
        let ca = DevelopmentCa::load_or_create(state_dir).map_err(|e| in_state(state_dir, e))?;
        let acceptor = |alpn: &[&[u8]]| ca.acceptor(alpn).map_err(|e| in_state(state_dir, e));
        let clock = Clock::shifted(options.time_shift);
        let scheme = if options.https { "https" } else { "http" };
        let http = match &options.tenant {
            None => client(Some(ca.certificate_path()), &settings)?,
            Some(_) => client(None, &settings)?,
        };
        let rules = Arc::new(Rules::new(settings, behaviour, http.clone(), clock));
        let settings = &rules.settings;
        let authority = match &options.tenant {
            None => {
                let callbacks = callbacks(settings, scheme, gate_listener.port);
                let authority =
                    authority(&options, &files, &control, clock, callbacks, &client_secret)?;
                Some(authority)
            }
            Some(tenant) => {
                // Now, by name, and not as a 401 to whoever calls first.
                rules
                    .reach_issuer()
                    .await
                    .map_err(|why| tenant.not_reached(&why))?;
                None
            }
        };

        let origin = format!("{scheme}://localhost:{}", gate_listener.port);
        let place = options.place(settings, control_listener.port);
        let running = Running {
            ready: Ready {
                function_url: function_url(&origin, prepared.as_ref().map(|p| &p.app)),
                authority_host: format!("https://{}", place.authority_host),
                scope: files.scope(&place),
                tenant_id: place.tenant_id,
                api_client_id: place.client_id,
                cli_client_id: place.cli_client_id,
                ca_cert: ca.certificate_path().to_owned(),
            },
            root,
            control,
            control_secret: uuid::Uuid::new_v4().to_string(),
            issuer: match &authority {
                Some(_) => IssuedBy::LocalAuthority,
                None => IssuedBy::RealTenant,
            },
        };
        let mut warnings = rules.settings.warnings(options.https);
        warnings.extend(changes);
        if upstream
            .as_ref()
            .is_some_and(|upstream| !upstream.is_loopback())
        {
            warnings.push("--upstream is not on this machine: the principal's headers cross a network in the clear".into());
        }
        let (stop, stopped) = watch::channel(false);
        let mut serving = Vec::new();
        let secret = ControlSecret::new(&running.control_secret);
        let pages = match &authority {
            Some(authority) => authority
                .router()
                .merge(page::router())
                .merge(approve::router(authority.clone(), secret.clone()))
                .merge(policy::router(authority.clone(), secret.clone()))
                .merge(rotate_keys::router(authority.clone(), secret.clone()))
                .merge(control_room::router(Room {
                    authority: authority.clone(),
                    rules: rules.clone(),
                    log: options.log.clone(),
                    ready: running.ready.clone(),
                    state_dir: state_dir.clone(),
                    settings_from: settings_from.clone(),
                    function: function(prepared.as_ref()),
                    warnings: warnings.clone(),
                })),
            None => axum::Router::new(),
        }
        .merge(log::router(options.log.clone(), secret))
        .layer(DefaultBodyLimit::max(64 * 1024))
        .layer(middleware::from_fn(only_localhost))
        .layer(middleware::from_fn_with_state(
            options.log.clone(),
            record_events,
        ));
        serving.push(tokio::spawn(control_listener.serve(
            Some(acceptor(&[b"h2", b"http/1.1"])?),
            router_service(pages),
            stopped.clone(),
        )));

        let (app, started): (Service, _) = match (prepared, upstream) {
            (Some(prepared), _) => {
                let started = prepared
                    .start(&rules.settings, gate_listener.port, &options)
                    .await?;
                let host = started.host.clone();
                let app: Service = Arc::new(move |request| {
                    let host = host.clone();
                    Box::pin(async move { host.call(request).await })
                });
                (app, Some(started))
            }
            (None, Some(upstream)) => {
                let app: Service = Arc::new(move |request| {
                    let upstream = upstream.clone();
                    Box::pin(async move { upstream.call(request).await })
                });
                (app, None)
            }
            // Not reached: what has no upstream was prepared.
            (None, None) => return Err(Failure::new("nothing stands behind the gate", "", "")),
        };
        let front_end = Arc::new(FrontEnd {
            gate: Gate::new(GateParts {
                rules,
                http,
                client_secret,
                app,
            }),
            cors: local.cors(),
            clock,
            log: options.log.clone(),
        });
        let service: Service = Arc::new(move |request| {
            let front_end = front_end.clone();
            Box::pin(async move { front_end.call(request).await })
        });
        // HTTP/1.1 only: WebSockets over HTTP/2 are another protocol (RFC 8441).
        let tls = options
            .https
            .then(|| acceptor(&[b"http/1.1"]))
            .transpose()?;
        serving.push(tokio::spawn(gate_listener.serve(tls, service, stopped)));
        Ok(Self {
            running,
            authority,
            settings_from,
            warnings,
            started,
            log: options.log,
            stop,
            serving,
        })
    }

    /// The local authority.
    ///
    /// # Errors
    /// A real tenant issues the tokens.
    pub(crate) fn authority(&self) -> Result<&Authority, Failure> {
        self.authority
            .as_ref()
            .ok_or_else(|| Failure::new("there is no local authority", "", ""))
    }

    /// Drains what is in flight, then ends the handler. No process and no port is left.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.log.end();
        for serving in self.serving {
            // A server that panicked has nothing left to stop.
            let _ = serving.await;
        }
        if let Some(mut started) = self.started {
            // First whoever could start another one.
            drop(started.watch.take());
            started.host.stop().await;
        }
    }
}

/// What the control room can tell of the app: greeting-server's decision is known.
fn function(prepared: Option<&Prepared>) -> Function {
    match prepared {
        Some(prepared) if prepared.is_greeting_server() => Function::Greeting,
        _ => Function::Other,
    }
}

/// The app settings of an app that is not a function app: its folder is the current one.
fn local_settings_here() -> Result<LocalSettings, Failure> {
    let here = std::env::current_dir().unwrap_or_default();
    LocalSettings::load(&here)
        .map_err(|error| Failure::new("the app settings can't be used", error, ""))
}

/// The client secret that the settings name, if they name one.
fn client_secret(settings: &Settings, local: &LocalSettings) -> Result<Option<String>, Failure> {
    let Some(name) = &settings.provider().registration.client_secret_setting_name else {
        return Ok(None);
    };
    local.setting(name).map(Some).ok_or_else(|| {
        Failure::new(
            "the client secret is missing",
            format!("clientSecretSettingName is {name}, and there is no such app setting"),
            format!("set {name} in the environment or in local.settings.json, or remove clientSecretSettingName"),
        )
    })
}

async fn bind(port: u16, flag: &str) -> Result<Loopback, Failure> {
    // With port 0 the two address families may not agree on a port that is free in both.
    let mut attempts = if port == 0 { 20 } else { 1 };
    loop {
        attempts -= 1;
        match Loopback::bind(port).await {
            Ok(listener) => return Ok(listener),
            Err(_) if attempts > 0 => {}
            Err(error) => {
                return Err(Failure::new(
                    format!("port {port} on localhost can't be listened on"),
                    error,
                    format!("end what uses it, or choose another one with {flag} (0 for any)"),
                ));
            }
        }
    }
}
