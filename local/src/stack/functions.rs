//! The function app, its handler, and the settings that App Service gives the app.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use local_failure::Failure;
use local_functions_host::{
    Environment, FunctionApp, Handler, HandlerSpec, Host, Program, Refusals, Watch,
};

use super::Options;
use crate::control::running::Running;
use crate::deploy;
use crate::programs;

/// This project's own handler.
const GREETING_SERVER: &str = "greeting-server";

/// A function app that is read, its handler not yet started.
pub(super) struct Functions {
    pub(super) app: FunctionApp,
    program: Program,
    /// A sentence, where it is the built-in app.
    built_in: Option<String>,
}

impl Functions {
    /// Reads the app's files and finds its handler.
    ///
    /// # Errors
    /// What is missing or wrong, by name.
    pub(super) async fn read(options: &Options) -> Result<Self, Failure> {
        let named = deploy::app_root(options.app_root.as_deref())?;
        let built_in = named.is_none().then(|| BUILT_IN_RUNS.to_owned());
        let root = match named {
            Some(root) => root,
            None => built_in_app(&options.state_dir)?,
        };
        let app = FunctionApp::load(&root, &Environment::of_process())
            .map_err(|error| error.failure("the function app can't be run"))?;
        let program = program(options.handler.as_deref(), &app).await?;
        Ok(Self {
            app,
            program,
            built_in,
        })
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
            .chain(self.built_in.clone())
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
        running: &Running,
        options: &Options,
    ) -> Result<(Host, Option<Watch>), Failure> {
        let Self { app, program, .. } = self;
        // They stand after the app's own, so that none of these can say that Easy Auth is on where it
        // is off.
        let environment = running.told_to_app();
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

/// What a person is told who starts it in a folder without an app: in one line of 80 columns.
const BUILT_IN_RUNS: &str = "no host.json: the built-in greeting runs (--app-root, --upstream)";

/// The folder of the built-in app, which is written there.
fn built_in_app(state_dir: &Path) -> Result<PathBuf, Failure> {
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
