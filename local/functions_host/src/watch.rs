//! `up --watch`: when the app's files change, build, start the new handler, and only when it
//! answers send calls there and end the old one. A build that fails changes nothing.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use local_events::{Stream, print};
use local_failure::Failure;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::{Environment, FunctionApp, Handler, HandlerSpec, Host};

/// Editors write a file in several steps; this long after the last one it is done.
const SETTLE: Duration = Duration::from_millis(200);
/// Folders that builds and tools write to.
const IGNORED: [&str; 4] = ["target", "node_modules", "__pycache__", "bin"];

/// How a handler is run: of which app, from which executable.
pub(crate) type Spec = Box<dyn Fn(&FunctionApp, PathBuf) -> HandlerSpec + Send + Sync>;

/// Watches one app. Dropping it ends the watching, and a build in progress.
pub struct Watch {
    root: PathBuf,
    /// Cargo's name for the handler, where the app root is a Cargo workspace or package.
    binary: Option<String>,
    /// Copies of the handler run from here: the build must be free to replace its own.
    folder: tempfile::TempDir,
    changes: Option<mpsc::Receiver<()>>,
    // Dropping it ends the events.
    _watcher: RecommendedWatcher,
    task: Option<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Watch {
    /// Begins to watch `app`'s folder.
    ///
    /// # Errors
    /// The operating system can't watch it.
    pub fn begin(app: &FunctionApp, state_dir: &Path) -> Result<Self, Failure> {
        let failed = |why: &dyn std::fmt::Display| {
            Failure::new(
                format!("{} can't be watched", app.root.display()),
                why,
                "start without --watch",
            )
        };
        let (sender, changes) = mpsc::channel(1);
        let root = app.root.clone();
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let relevant = event.is_ok_and(|event| {
                    !event.kind.is_access() && event.paths.iter().any(|path| is_source(&root, path))
                });
                if relevant {
                    // One that waits already says the same.
                    let _ = sender.try_send(());
                }
            })
            .map_err(|error| failed(&error))?;
        watcher
            .watch(&app.root, RecursiveMode::Recursive)
            .map_err(|error| failed(&error))?;
        let folder = tempfile::Builder::new()
            .prefix("handler-")
            .tempdir_in(state_dir)
            .map_err(|error| failed(&error))?;
        Ok(Self {
            binary: app
                .root
                .join("Cargo.toml")
                .is_file()
                .then(|| app.handler.executable.trim_end_matches(".exe").to_owned()),
            root: app.root.clone(),
            folder,
            changes: Some(changes),
            _watcher: watcher,
            task: None,
        })
    }

    /// The executable to start with: built, where the app is built, else `found`.
    ///
    /// # Errors
    /// The build failed; its errors are on stderr.
    pub async fn build_first(&self, found: PathBuf) -> Result<PathBuf, Failure> {
        let Some(binary) = &self.binary else {
            return Ok(found);
        };
        build(binary, &self.root, self.folder.path(), 0)
            .await
            .map_err(|why| {
                Failure::new(
                    "the handler could not be built",
                    why,
                    "correct that, and start again",
                )
            })
    }

    /// Watches until dropped.
    pub fn run(mut self, host: Host, spec: Spec) -> Self {
        let changes = self.changes.take();
        let (root, binary) = (self.root.clone(), self.binary.clone());
        let folder = self.folder.path().to_owned();
        self.task = Some(tokio::spawn(async move {
            let Some(mut changes) = changes else { return };
            for number in 1.. {
                if changes.recv().await.is_none() {
                    return;
                }
                // As long as changes come, the writing is not done.
                while let Ok(Some(())) = tokio::time::timeout(SETTLE, changes.recv()).await {}
                match reload(&root, binary.as_deref(), &folder, number, &host, &spec).await {
                    Ok(()) => print(Stream::Err, "[watch] the new handler answers"),
                    Err(why) => print(
                        Stream::Err,
                        format!(
                            "[watch] {why}\n[watch] the handler before it goes on; waiting for the next change"
                        ),
                    ),
                }
            }
        }));
        self
    }
}

async fn reload(
    root: &Path,
    binary: Option<&str>,
    folder: &Path,
    number: u64,
    host: &Host,
    spec: &Spec,
) -> Result<(), String> {
    print(Stream::Err, "[watch] a file changed");
    let app = FunctionApp::load(root, &Environment::of_process())
        .map_err(|error| error.failure("the function app can't be run").to_string())?;
    let executable = match binary {
        Some(binary) => build(binary, root, folder, number).await?,
        None => PathBuf::from(&app.handler.executable),
    };
    let handler = Handler::start_once(spec(&app, executable))
        .await
        .map_err(|error| Failure::from(error).to_string())?;
    let old = host.replace(app, Arc::new(handler));
    // Its calls in flight are finished by its own drain on SIGTERM.
    old.stop().await;
    Ok(())
}

/// Builds the binary and copies it to a place of its own.
async fn build(binary: &str, root: &Path, folder: &Path, number: u64) -> Result<PathBuf, String> {
    print(Stream::Err, format!("[watch] building {binary} …"));
    let building =
        tokio::process::Command::new(environment::variable("CARGO").unwrap_or("cargo".into()))
            .args([
                "build",
                "--quiet",
                "--message-format",
                "json-render-diagnostics",
            ])
            .args(["--bin", binary])
            .current_dir(root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("cargo can't be run: {error}"))?;
    // Not `output()`: tokio's takes stderr too, and cargo's errors would go unseen.
    let output = building
        .wait_with_output()
        .await
        .map_err(|error| format!("cargo was lost: {error}"))?;
    if !output.status.success() {
        return Err("the build failed; cargo's errors are above".to_owned());
    }
    let built = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == binary)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or("cargo named no executable")?;
    // Keeps its name, under which its output is shown.
    let own = folder.join(number.to_string());
    let copy = own.join(built.file_name().unwrap_or_default());
    std::fs::create_dir(&own)
        .and_then(|()| std::fs::copy(&built, &copy))
        .map_err(|error| format!("{} can't be copied: {error}", built.display()))?;
    Ok(copy)
}

/// Whether a change of `path` can change the app: not what builds and tools write.
fn is_source(root: &Path, path: &Path) -> bool {
    let inside = path.strip_prefix(root).unwrap_or(path);
    !inside.components().any(|component| {
        let name = component.as_os_str().to_string_lossy();
        name.starts_with('.') || name.ends_with('~') || IGNORED.contains(&&*name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_builds_write_is_no_change() {
        let root = Path::new("/app");
        for (path, source) in [
            ("/app/server/src/main.rs", true),
            ("/app/host.json", true),
            ("/app/local.settings.json", true),
            ("/app/target/debug/x", false),
            ("/app/.git/index", false),
            ("/app/node_modules/x/index.js", false),
            ("/app/server/src/.main.rs.swp", false),
            ("/app/main.rs~", false),
        ] {
            assert_eq!(is_source(root, Path::new(path)), source, "{path}");
        }
    }
}
