//! The function app, its handler, and the settings that App Service gives the app.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use local_easy_auth::{Settings, UnauthenticatedAction};
use local_failure::Failure;
use local_functions_host::{
    Environment, FunctionApp, Handler, HandlerSpec, Host, Program, Refusals, Watch,
};

use super::Options;
use crate::control::running::{ManagedIdentity, Running};
use crate::deploy;
use crate::programs;

/// This project's own handler.
const GREETING_SERVER: &str = "greeting-server";

/// A function app that is read, its handler not yet started.
pub(super) struct Functions {
    pub(super) app: FunctionApp,
    program: Program,
}

impl Functions {
    /// Reads the app's files and finds its handler.
    ///
    /// # Errors
    /// What is missing or wrong, by name.
    pub(super) async fn read(options: &Options) -> Result<Self, Failure> {
        let root = app_root(options.app_root.as_deref(), &options.state_dir)?;
        let app = FunctionApp::load(&root, &Environment::of_process())
            .map_err(|error| error.failure("the function app can't be run"))?;
        let program = program(options.handler.as_deref(), &app).await?;
        Ok(Self { app, program })
    }

    /// Whether its handler is this project's own.
    pub(super) fn is_greeting_server(&self) -> bool {
        self.program
            .path()
            .file_stem()
            .is_some_and(|name| name == GREETING_SERVER)
    }

    /// What a person should know of the app: a sentence each.
    pub(super) fn notices(&self) -> Vec<String> {
        let left_out = self.app.left_out.iter();
        left_out
            .map(|function| format!("{} is left out: {}", function.name, function.why))
            .chain(self.app.notices.iter().cloned())
            .collect()
    }

    /// The URL of the first function: the app has no better name for itself.
    pub(super) fn url(&self, origin: &str) -> String {
        let function = self.app.functions.first();
        let path = function.map_or_else(|| "/".to_owned(), |function| function.matcher.example());
        format!("{origin}{path}")
    }

    /// Starts the handler; returns once it answers.
    ///
    /// # Errors
    /// It does not start, or `--watch` can't watch.
    pub(super) async fn start(
        self,
        settings: &Settings,
        port: u16,
        running: &Running,
        options: &Options,
    ) -> Result<(Host, Option<Watch>), Failure> {
        let Self { app, program } = self;
        let mut environment = environment(settings, port);
        let identity = running.managed_identity.iter();
        let variables = identity.flat_map(ManagedIdentity::variables);
        environment.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let refusals = Refusals::default();
        let heard = refusals.clone();
        let launcher = programs::launcher()?;
        let executable = program.path().to_owned();
        let mut watch = match options.watch {
            true => {
                let launcher = launcher.clone();
                Some(Watch::begin(&app, program, &options.state_dir, launcher)?)
            }
            false => None,
        };
        let quiet = options.quiet;
        let spec = move |app: &FunctionApp, executable: PathBuf| HandlerSpec {
            executable,
            arguments: app.handler.arguments.clone(),
            port: app.handler.port,
            initialization_timeout: app.handler.initialization_timeout,
            working_directory: app.handler.working_directory.clone(),
            app_root: app.root.clone(),
            // What the environment says already has the last word, as with `func start`.
            environment: app
                .local
                .added()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .chain(environment.iter().cloned())
                .collect(),
            quiet,
            launcher: Some(launcher.clone()),
            refusals: heard.clone(),
        };
        let executable = match &mut watch {
            Some(watch) => watch.build_first().await?,
            None => executable,
        };
        let handler = Handler::start(spec(&app, executable)).await?;
        let host = Host::new(app, Arc::new(handler), refusals);
        let watch = watch.map(|watch| {
            let host = host.clone();
            watch.run(host, Box::new(spec))
        });
        Ok((host, watch))
    }
}

/// The function app's folder: the one named, else the current one, else the built-in app's.
fn app_root(named: Option<&Path>, state_dir: &Path) -> Result<PathBuf, Failure> {
    if let Some(root) = deploy::app_root(named)? {
        return Ok(root);
    }
    let built_in = state_dir.join("app");
    deploy::write_function_app(&built_in).map_err(|error| {
        Failure::new(
            format!(
                "the built-in app can't be written to {}",
                built_in.display()
            ),
            error,
            "name another folder with --state-dir",
        )
    })?;
    Ok(built_in)
}

async fn program(named: Option<&Path>, app: &FunctionApp) -> Result<Program, Failure> {
    if let Some(path) = named {
        let path = std::fs::canonicalize(path).map_err(|error| {
            Failure::new(
                format!("the handler {} can't be used", path.display()),
                error,
                "name an executable with --handler",
            )
        })?;
        return Ok(Program::Named(path));
    }
    let name = app.handler.executable.trim_end_matches(".exe");
    if name == GREETING_SERVER {
        let found = programs::find(name, Some(&app.root)).await?;
        return Ok(Program::OfHostJson(found));
    }
    let in_root = app.root.join(&app.handler.executable);
    // Like the real host: a bare name may also be on the PATH (`python`, `node`).
    Ok(Program::OfHostJson(if in_root.is_file() {
        in_root
    } else {
        PathBuf::from(&app.handler.executable)
    }))
}

/// App Service's settings about Easy Auth for the app. They stand after the app's own, so that
/// none of them can say that Easy Auth is on where it is off.
fn environment(settings: &Settings, port: u16) -> Vec<(String, String)> {
    let provider = settings.provider();
    let enabled = if settings.platform.enabled {
        "True"
    } else {
        "False"
    };
    let global = &settings.global_validation;
    let redirects = global.require_authentication != Some(false)
        && global.unauthenticated_client_action == UnauthenticatedAction::RedirectToLoginPage;
    let mut environment = vec![
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
        (
            "WEBSITE_AUTH_V2_CONFIG_JSON",
            // Strings, numbers and lists under string keys: nothing that JSON can't say.
            serde_json::to_string(settings).unwrap_or_default(),
        ),
        ("WEBSITE_HOSTNAME", format!("localhost:{port}")),
        ("WEBSITE_SITE_NAME", "greeting-local".to_owned()),
    ];
    if settings.platform.enabled && redirects {
        environment.push((
            "WEBSITE_AUTH_DEFAULT_PROVIDER",
            "AzureActiveDirectory".to_owned(),
        ));
    }
    environment
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
