//! `up --watch`: when the app's sources change, build, start the new handler, and only when it
//! answers send calls there and end the old one. A build that fails changes nothing.
//!
//! `sources`: what is watched; `cargo`: the build; `pace`: how often.

mod cargo;
mod pace;
mod sources;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use local_child::Launcher;
use local_events::tell;
use local_failure::Failure;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::cargo::Binary;
use self::pace::Pace;
use self::sources::{Seen, Sources};
use crate::{Environment, FunctionApp, Handler, HandlerSpec, Host};

/// Editors write a file in several steps; this long after the last one it is done.
const SETTLE: Duration = Duration::from_millis(200);
/// As long as that is waited for.
const SETTLE_AT_MOST: Duration = Duration::from_secs(2);

/// How a handler is run: of which app, from which executable.
pub(crate) type Spec = Box<dyn Fn(&FunctionApp, PathBuf) -> HandlerSpec + Send + Sync>;

/// The program that a handler is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// host.json's, which was found there.
    OfHostJson(PathBuf),
    /// Another one, by its path.
    Named(PathBuf),
}

impl Program {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::OfHostJson(path) | Self::Named(path) => path,
        }
    }
}

/// Watches one app. Dropping it ends the watching.
pub struct Watch {
    state: Option<Box<State>>,
    task: Option<JoinHandle<()>>,
}

/// What is watched, and runs.
struct State {
    app: FunctionApp,
    program: Program,
    /// What host.json called it at start.
    first: String,
    /// What runs.
    executable: PathBuf,
    sources: Sources,
    seen: Seen,
    changes: mpsc::Receiver<()>,
    watcher: RecommendedWatcher,
    /// Copies of the handler run from here: the build must be free to replace its own.
    folder: tempfile::TempDir,
    builds: u64,
    launcher: Launcher,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Watch {
    /// Begins to watch `app`, which runs `program`.
    ///
    /// # Errors
    /// The operating system can't watch it.
    pub fn begin(
        app: &FunctionApp,
        program: Program,
        state_dir: &Path,
        launcher: Launcher,
    ) -> Result<Self, Failure> {
        let failed = |why: &dyn std::fmt::Display| {
            Failure::new(
                format!("{} can't be watched", app.root.display()),
                why,
                "start without --watch",
            )
        };
        let (sender, changes) = mpsc::channel(1);
        let sources = Sources::of(app);
        let heard = sources.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let relevant = event.is_ok_and(|event| {
                !event.kind.is_access() && event.paths.iter().any(|path| heard.may_be(path))
            });
            if relevant {
                // One that waits already says the same.
                let _ = sender.try_send(());
            }
        })
        .map_err(|error| failed(&error))?;
        let folder = tempfile::Builder::new()
            .prefix("handler-")
            .tempdir_in(state_dir)
            .map_err(|error| failed(&error))?;
        let mut state = State {
            app: app.clone(),
            first: app.handler.executable.clone(),
            executable: program.path().to_owned(),
            program,
            sources,
            seen: Seen::default(),
            changes,
            watcher,
            folder,
            builds: 0,
            launcher,
        };
        // Before the first build: what changes while it goes on is not missed.
        state.seen = state.look().map_err(|error| failed(&error))?;
        Ok(Self {
            state: Some(Box::new(state)),
            task: None,
        })
    }

    /// The executable to start with: built, where cargo builds it, else the one that was found.
    ///
    /// # Errors
    /// The build failed; its errors are on stderr.
    pub async fn build_first(&mut self) -> Result<PathBuf, Failure> {
        let Some(state) = &mut self.state else {
            return Err(Failure::new(
                "the handler could not be built",
                "it is watched already",
                "start again",
            ));
        };
        let executable = state.made(&state.app.clone()).await.map_err(|why| {
            Failure::new(
                "the handler could not be built",
                why,
                "correct that, and start again",
            )
        })?;
        state.executable.clone_from(&executable);
        Ok(executable)
    }

    /// Watches until it is ended.
    pub fn run(mut self, host: Host, spec: Spec) -> Self {
        let state = self.state.take();
        self.task = state.map(|state| tokio::spawn(state.run(host, spec)));
        self
    }

    /// Ends the watching, a build in progress and a handler that is not yet in use.
    pub async fn end(mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // What it holds is dropped when it has ended.
            let _ = task.await;
        }
    }
}

impl State {
    /// Watches each folder of the sources that is new, and sees how they are.
    fn look(&mut self) -> notify::Result<Seen> {
        let mut seen = self.sources.look();
        loop {
            let new: Vec<_> = seen
                .folders
                .difference(&self.seen.folders)
                .cloned()
                .collect();
            for folder in &new {
                match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
                    // The app's own must be watched; another may have gone meanwhile.
                    Err(error) if folder == &self.app.root => return Err(error),
                    _ => self.seen.folders.insert(folder.clone()),
                };
            }
            if new.is_empty() {
                return Ok(seen);
            }
            // What came into a folder before it was watched has to be seen as well.
            seen = self.sources.look();
        }
    }

    async fn run(mut self: Box<Self>, host: Host, spec: Spec) {
        let mut pace = Pace::default();
        while self.changes.recv().await.is_some() {
            // As long as changes come, the writing is not done.
            let settled = async {
                while let Ok(Some(())) = tokio::time::timeout(SETTLE, self.changes.recv()).await {}
            };
            let _ = tokio::time::timeout(SETTLE_AT_MOST, settled).await;
            tokio::time::sleep(pace.wait(Instant::now())).await;
            let Ok(seen) = self.look() else { return };
            let changed = seen.changed_since(&self.seen);
            if changed.is_empty() {
                continue;
            }
            pace.begin(Instant::now());
            tell("[watch] ", self.said(&changed));
            self.seen = seen;
            match self.reload(&host, &spec).await {
                Ok(()) => tell("[watch] ", "the new handler answers"),
                Err(why) => {
                    tell("[watch] ", why);
                    tell("[watch] ", "the old handler runs on; waiting for a change");
                }
            }
        }
    }

    /// Which files changed, in words.
    fn said(&self, changed: &[PathBuf]) -> String {
        const SHOWN: usize = 3;
        let names: Vec<String> = changed
            .iter()
            .take(SHOWN)
            .map(|path| path.strip_prefix(&self.app.root).unwrap_or(path))
            .map(|path| path.display().to_string())
            .collect();
        let more = match changed.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more} changed", names.join(", "))
    }

    async fn reload(&mut self, host: &Host, spec: &Spec) -> Result<(), String> {
        let app = FunctionApp::load(&self.app.root, &Environment::of_process())
            .map_err(|error| error.failure("the function app can't be run").to_string())?;
        let executable = self.made(&app).await?;
        let fixed = app.handler.port.is_some() && app.handler.port == self.app.handler.port;
        if fixed {
            // Two can't listen on one port.
            host.stop().await;
        }
        let started = Handler::start_once(spec(&app, executable.clone())).await;
        let handler = match started {
            Ok(handler) => handler,
            Err(error) => {
                let mut why = Failure::from(error).to_string();
                if fixed && let Err(error) = self.start_old(host, spec).await {
                    why.push_str(&format!(
                        "\n[watch] the old one did not start again: {error}"
                    ));
                }
                return Err(why);
            }
        };
        let old = host.replace(app.clone(), Arc::new(handler));
        // Its calls in flight are finished by its own drain on SIGTERM.
        old.stop().await;
        let replaced = std::mem::replace(&mut self.executable, executable);
        if replaced.starts_with(self.folder.path())
            && let Some(folder) = replaced.parent()
        {
            let _ = std::fs::remove_dir_all(folder);
        }
        self.app = app;
        Ok(())
    }

    /// The handler that was ended for the new one, which did not start.
    async fn start_old(&self, host: &Host, spec: &Spec) -> Result<(), String> {
        let spec = spec(&self.app, self.executable.clone());
        let handler = Handler::start_once(spec)
            .await
            .map_err(|error| error.to_string())?;
        host.replace(self.app.clone(), Arc::new(handler));
        Ok(())
    }

    /// The program of `app`, built where cargo builds it.
    async fn made(&mut self, app: &FunctionApp) -> Result<PathBuf, String> {
        let before = self.sources.look();
        self.sources.add_app(app);
        let named = PathBuf::from(&app.handler.executable);
        let (program, named) = match &self.program {
            Program::OfHostJson(found) if app.handler.executable == self.first => {
                (found.clone(), named)
            }
            Program::OfHostJson(_) => (named.clone(), named),
            Program::Named(path) => (path.clone(), path.clone()),
        };
        let made = match Binary::find(&app.root, &named).await {
            // Built by somebody else: its own change counts.
            None => {
                self.sources.add_file(&app.root.join(&program));
                program
            }
            Some(binary) => {
                let built = binary.build(&self.launcher).await?;
                for package in built.packages {
                    self.sources.add_folder(package);
                }
                self.sources.add_read(built.read);
                // Which it may have written itself.
                self.sources.add_file(&binary.folder.join("Cargo.lock"));
                self.copy(&built.executable).map_err(|error| {
                    format!("{} can't be copied: {error}", built.executable.display())
                })?
            }
        };
        if let Ok(now) = self.look() {
            self.seen.adopt_new(&before, &now);
        }
        Ok(made)
    }

    /// A copy under the same name, by which its output is shown.
    fn copy(&mut self, built: &Path) -> std::io::Result<PathBuf> {
        let own = self.folder.path().join(self.builds.to_string());
        self.builds += 1;
        let copy = own.join(built.file_name().unwrap_or_default());
        std::fs::create_dir(&own)?;
        std::fs::copy(built, &copy)?;
        Ok(copy)
    }
}
