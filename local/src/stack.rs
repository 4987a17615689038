//! Authority, gate, Functions host and handler, started together and stopped together.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::Request;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::authority::{Authority, Clock, Directory, SigningKeys};
use crate::deploy;
use crate::easy_auth::{Gate, Log, Settings};
use crate::failure::Failure;
use crate::functions_host::{BoxBody, FunctionApp, Handler, HandlerSpec, Host};
use crate::serve::{Loopback, Service};
use crate::state::{Ready, Running};
use crate::tls::DevelopmentCa;
use crate::{approve, programs};

/// What to start.
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) authority_port: u16,
    pub(crate) app_root: Option<PathBuf>,
    pub(crate) handler: Option<PathBuf>,
    pub(crate) settings: Option<PathBuf>,
    pub(crate) auto_approve: Option<String>,
    pub(crate) state_dir: PathBuf,
    pub(crate) log: Log,
}

/// A running stack. `stop` ends it; dropping it kills the handler too, without draining.
pub(crate) struct Stack {
    pub(crate) running: Running,
    pub(crate) authority: Authority,
    pub(crate) warnings: Vec<String>,
    handler: Arc<Handler>,
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
        // Ports first: a taken one is the commonest failure and costs nothing to find.
        let authority_door = bind(options.authority_port, "--authority-port").await?;
        let gate_door = bind(options.port, "--port").await?;
        let authority_host = format!("localhost:{}", authority_door.port);
        let settings = read_settings(options.settings.as_deref(), &authority_host)?;
        let app_root = app_root(options.app_root.as_deref(), state_dir)?;
        let app = FunctionApp::load(&app_root)
            .map_err(|error| Failure::new("the function app can't be run", error, ""))?;
        let executable = handler_path(options.handler.as_deref(), &app).await?;

        let ca = DevelopmentCa::load_or_create(state_dir).map_err(|e| in_state(state_dir, e))?;
        let keys = SigningKeys::load_or_create(state_dir).map_err(|e| in_state(state_dir, e))?;
        let tls = ca
            .acceptor(&[b"h2", b"http/1.1"])
            .map_err(|e| in_state(state_dir, e))?;
        let directory = Directory::new(
            deploy::TENANT_ID,
            deploy::TENANT_DOMAIN,
            &deploy::app_registration(),
            &deploy::client_registration(),
        )
        .map_err(|e| Failure::new("the app registrations in deploy/ can't be used", e, ""))?;
        let clock = Clock::system();
        let authority = Authority::new(
            directory,
            keys,
            format!("https://{authority_host}"),
            clock,
            Some(state_dir.join("refresh-tokens.json")),
            options.auto_approve,
        );
        let http = client(ca.certificate_path())?;

        let running = Running {
            ready: Ready {
                function_url: function_url(&app, gate_door.port),
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
        let pages = authority.router().merge(approve::router(
            authority.clone(),
            running.control_secret.clone(),
        ));
        serving.push(tokio::spawn(authority_door.serve(
            Some(tls),
            router_service(pages),
            stopped.clone(),
        )));

        let handler = Handler::start(HandlerSpec {
            executable,
            arguments: app.arguments.clone(),
            working_directory: app_root
                .join(app.working_directory.as_deref().unwrap_or(Path::new(""))),
            app_root,
            environment: environment(&settings, gate_door.port),
            quiet: options.log == Log::Silent,
        })
        .await
        .map_err(|error| Failure::new("the handler did not start", error, ""))?;
        let handler = Arc::new(handler);
        let warnings = settings.warnings();
        let gate = Gate::new(
            settings,
            http,
            Host::new(app, handler.clone()),
            clock,
            options.log,
        );
        let service: Service = Arc::new(move |request| {
            let gate = gate.clone();
            Box::pin(async move { gate.call(request).await })
        });
        serving.push(tokio::spawn(gate_door.serve(None, service, stopped)));
        Ok(Self {
            running,
            authority,
            warnings,
            handler,
            stop,
            serving,
        })
    }

    /// Drains what is in flight, then ends the handler. No process and no port is left.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        for serving in self.serving {
            // A server that panicked has nothing left to stop.
            let _ = serving.await;
        }
        self.handler.stop().await;
    }
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

/// The function app's folder: the one named, else the current one, else the built-in app.
fn app_root(named: Option<&Path>, state_dir: &Path) -> Result<PathBuf, Failure> {
    let unusable = |path: &Path, error: &dyn std::fmt::Display| {
        Failure::new(
            format!("the app root {} can't be used", path.display()),
            error,
            "name the folder of host.json with --app-root",
        )
    };
    if let Some(path) = named {
        return std::fs::canonicalize(path).map_err(|error| unusable(path, &error));
    }
    if let Ok(current) = std::env::current_dir()
        && current.join("host.json").is_file()
    {
        return Ok(current);
    }
    let built_in = state_dir.join("app");
    deploy::write_function_app(&built_in).map_err(|error| unusable(&built_in, &error))?;
    Ok(built_in)
}

async fn handler_path(named: Option<&Path>, app: &FunctionApp) -> Result<PathBuf, Failure> {
    if let Some(path) = named {
        return std::fs::canonicalize(path).map_err(|error| {
            Failure::new(
                format!("the handler {} can't be used", path.display()),
                error,
                "name an executable with --handler",
            )
        });
    }
    let name = app.executable.trim_end_matches(".exe");
    if name == "greeting-server" {
        return programs::find(name, Some(&app.root)).await;
    }
    let in_root = app.root.join(&app.executable);
    // Like the real host: a bare name may also be on the PATH (`python`, `node`).
    Ok(if in_root.is_file() {
        in_root
    } else {
        PathBuf::from(&app.executable)
    })
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

/// The URL of the first function: the app has no better name for itself.
fn function_url(app: &FunctionApp, port: u16) -> String {
    let route = app
        .functions
        .first()
        .map_or("", |function| function.route.as_str());
    let path: Vec<&str> = [app.route_prefix.as_str(), route]
        .into_iter()
        .map(|part| part.trim_matches('/'))
        .filter(|part| !part.is_empty())
        .collect();
    format!("http://localhost:{port}/{}", path.join("/"))
}

/// What App Service tells the app about Easy Auth.
fn environment(settings: &Settings, port: u16) -> Vec<(String, String)> {
    let provider = &settings.identity_providers.azure_active_directory;
    let enabled = if settings.platform.enabled {
        "True"
    } else {
        "False"
    };
    [
        ("WEBSITE_AUTH_ENABLED", enabled.to_owned()),
        (
            "WEBSITE_AUTH_CLIENT_ID",
            provider.registration.client_id.clone(),
        ),
        (
            "WEBSITE_AUTH_OPENID_ISSUER",
            provider.registration.open_id_issuer.clone(),
        ),
        (
            "WEBSITE_AUTH_ALLOWED_AUDIENCES",
            provider.validation.allowed_audiences.join(","),
        ),
        ("WEBSITE_HOSTNAME", format!("localhost:{port}")),
        ("WEBSITE_SITE_NAME", "greeting-local".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
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
