//! Authority, gate, Functions host and handler, started together and stopped together.

mod app;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::Request;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::app::{Prepared, Started, function_url};
use crate::authority::{Authority, Clock, Daemon, Directory, KeyRing, Parts};
use crate::control::Door;
use crate::easy_auth::{App, Behaviour, Gate, GateParts, Settings};
use crate::failure::Failure;
use crate::functions_host::LocalSettings;
use crate::log::{self, Log};
use crate::relay::BoxBody;
use crate::serve::{Loopback, Service};
use crate::state::{Ready, Running};
use crate::tls::DevelopmentCa;
use crate::upstream::Upstream;
use crate::{approve, deploy, policy};

/// The function app's port, as `func start` has it.
const PORT: u16 = 7071;

/// What to start.
pub(crate) struct Options {
    /// 0 for any; `None` for local.settings.json's, else 7071.
    pub(crate) port: Option<u16>,
    pub(crate) authority_port: u16,
    pub(crate) app_root: Option<PathBuf>,
    pub(crate) handler: Option<PathBuf>,
    /// Somebody else's app, instead of the function app.
    pub(crate) upstream: Option<String>,
    pub(crate) settings: Option<PathBuf>,
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

/// A running stack. `stop` ends it; dropping it kills the handler too, without draining.
pub(crate) struct Stack {
    pub(crate) running: Running,
    pub(crate) authority: Authority,
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
        let authority_door = bind(options.authority_port, "--authority-port").await?;
        let gate_door = bind(options.port.or(local.port).unwrap_or(PORT), "--port").await?;
        let authority_host = format!("localhost:{}", authority_door.port);
        let settings = read_settings(options.settings.as_deref(), &authority_host)?;
        let behaviour = options
            .behaviour
            .clone()
            .read(|name| local.setting(name))
            .map_err(|why| Failure::new("an app setting of Easy Auth can't be used", why, ""))?;
        let client_secret = client_secret(&settings, &local)?;

        let ca = DevelopmentCa::load_or_create(state_dir).map_err(|e| in_state(state_dir, e))?;
        let clock = Clock::shifted(options.time_shift);
        let keys =
            KeyRing::load_or_create(state_dir, clock.now()).map_err(|e| in_state(state_dir, e))?;
        let daemon = Daemon::load_or_create(state_dir).map_err(|e| in_state(state_dir, e))?;
        let acceptor = |alpn: &[&[u8]]| ca.acceptor(alpn).map_err(|e| in_state(state_dir, e));
        let mut directory = Directory::new(
            deploy::TENANT_ID,
            deploy::TENANT_DOMAIN,
            &deploy::app_registration(),
            &deploy::client_registration(),
        )
        .map_err(|e| Failure::new("the app registrations in deploy/ can't be used", e, ""))?;
        let scheme = if options.https { "https" } else { "http" };
        let callback = |host: &str| {
            let prefix = &settings.http_settings.routes.api_prefix;
            format!(
                "{scheme}://{host}:{}{prefix}/login/aad/callback",
                gate_door.port
            )
        };
        directory.register_gate(
            ["localhost", "127.0.0.1", "[::1]"].map(callback).to_vec(),
            client_secret.clone(),
        );
        let authority = Authority::new(Parts {
            directory,
            keys,
            daemon: Some(daemon),
            origin: format!("https://{authority_host}"),
            clock,
            refresh_store: Some(state_dir.join("refresh-tokens.json")),
            auto_approve: options.auto_approve.clone(),
        });
        let http = client(ca.certificate_path())?;

        let origin = format!("{scheme}://localhost:{}", gate_door.port);
        let running = Running {
            ready: Ready {
                function_url: function_url(&origin, prepared.as_ref().map(|p| &p.app)),
                authority_host: format!("https://{authority_host}"),
                tenant_id: deploy::TENANT_ID.to_owned(),
                api_client_id: deploy::API_CLIENT_ID.to_owned(),
                cli_client_id: deploy::CLI_CLIENT_ID.to_owned(),
                scope: format!("api://{}/Greeting.Read", deploy::API_CLIENT_ID),
                ca_cert: ca.certificate_path().to_owned(),
            },
            control_secret: uuid::Uuid::new_v4().to_string(),
        };
        let (stop, stopped) = watch::channel(false);
        let mut serving = Vec::new();
        let door = Door::new(&running.control_secret);
        let pages = authority
            .router()
            .merge(approve::router(authority.clone(), door.clone()))
            .merge(policy::router(authority.clone(), door.clone()))
            .merge(log::router(options.log.clone(), door));
        serving.push(tokio::spawn(authority_door.serve(
            Some(acceptor(&[b"h2", b"http/1.1"])?),
            router_service(pages),
            stopped.clone(),
        )));

        let mut warnings = settings.warnings(options.https);
        let (app, started) = match (prepared, upstream) {
            (Some(prepared), _) => {
                let started = prepared.start(&settings, gate_door.port, &options).await?;
                (App::Functions(started.host.clone()), Some(started))
            }
            (None, Some(upstream)) => {
                if !upstream.is_loopback() {
                    warnings.push("--upstream is not on this machine: the principal's headers cross a network in the clear".into());
                }
                (App::Upstream(upstream), None)
            }
            // Not reached: what has no upstream was prepared.
            (None, None) => return Err(Failure::new("nothing stands behind the gate", "", "")),
        };
        let gate = Gate::new(GateParts {
            settings,
            behaviour,
            http,
            client_secret,
            app,
            cors: local.cors(),
            clock,
            log: options.log.clone(),
        });
        let service: Service = Arc::new(move |request| {
            let gate = gate.clone();
            Box::pin(async move { gate.call(request).await })
        });
        // HTTP/1.1 only: WebSockets over HTTP/2 are another protocol (RFC 8441).
        let tls = options
            .https
            .then(|| acceptor(&[b"http/1.1"]))
            .transpose()?;
        serving.push(tokio::spawn(gate_door.serve(tls, service, stopped)));
        Ok(Self {
            running,
            authority,
            warnings,
            started,
            log: options.log,
            stop,
            serving,
        })
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
            Ok(door) => return Ok(door),
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

fn in_state(folder: &Path, error: impl std::fmt::Display) -> Failure {
    Failure::new(
        format!("the keys in {} can't be used", folder.display()),
        error,
        "name another folder with --state-dir, or remove this one: new keys are made",
    )
}

fn read_settings(file: Option<&Path>, authority_host: &str) -> Result<Settings, Failure> {
    match file {
        None => Settings::parse(
            &deploy::auth_settings(authority_host),
            "deploy/authsettingsV2.json",
        ),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::new(
                    format!("the Easy Auth settings {} can't be read", path.display()),
                    error,
                    "name a readable file with --settings",
                )
            })?;
            Settings::parse(
                &deploy::fill(&text, authority_host),
                &path.display().to_string(),
            )
        }
    }
}

/// An HTTP client that trusts the development CA beside the system's, for the issuer's keys.
fn client(ca: &Path) -> Result<reqwest::Client, Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::new("the development CA can't be used", error, "");
    let pem = std::fs::read(ca).map_err(|error| failed(&error))?;
    let certificate = reqwest::Certificate::from_pem(&pem).map_err(|error| failed(&error))?;
    reqwest::Client::builder()
        .tls_certs_merge([certificate])
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .build()
        .map_err(|error| failed(&error))
}

/// The authority's router as a service of `serve.rs`.
fn router_service(router: axum::Router) -> Service {
    Arc::new(move |request: Request<hyper::body::Incoming>| {
        let mut router = router.clone();
        Box::pin(async move {
            let answer = tower_service_call(&mut router, request.map(Body::new)).await;
            answer.map(|body| BoxBody::new(body.map_err(Into::into)))
        })
    })
}

async fn tower_service_call(
    router: &mut axum::Router,
    request: Request<Body>,
) -> axum::response::Response {
    use hyper::service::Service as _;
    let service = hyper_util::service::TowerToHyperService::new(router.clone());
    match service.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
