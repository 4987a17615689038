//! A handler that cargo builds: which binary of which package, and its build.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use local_child::{Launcher, Stdin};
use local_events::tell;
use serde_json::Value;
use tokio::process::{Child, Command};

/// The binary that host.json runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binary {
    pub(super) name: String,
    /// The folder of the Cargo.toml.
    pub(super) folder: PathBuf,
    /// What the path says of the build: `target/release/x` is a release build.
    arguments: Vec<String>,
}

/// What a build was made of, and has made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Built {
    pub(super) executable: PathBuf,
    /// The folders of the packages on this machine.
    pub(super) packages: Vec<PathBuf>,
    /// The files that the compiler has read.
    pub(super) read: Vec<PathBuf>,
}

impl Binary {
    /// The binary at `program`, a path as host.json has it, if it is one of a `Cargo.toml` there.
    pub(super) async fn find(root: &Path, program: &Path) -> Option<Self> {
        let binary = Self::at(root, program)?;
        // What cargo can't read, its build says.
        match binary.targets().await {
            Some(names) if !names.contains(&binary.name) => {
                tell(
                    "[watch] ",
                    format!(
                        "nothing is built: host.json runs {}, and the binaries of {} are: {}",
                        program.display(),
                        binary.folder.join("Cargo.toml").display(),
                        names.join(", ")
                    ),
                );
                None
            }
            _ => Some(binary),
        }
    }

    /// The same by the path alone.
    fn at(root: &Path, program: &Path) -> Option<Self> {
        let path = root.join(program);
        let name = path.file_name()?.to_str()?.trim_end_matches(".exe");
        let (folder, arguments) = match in_target(&path) {
            Some((folder, arguments)) if folder.join("Cargo.toml").is_file() => (folder, arguments),
            _ => (root.to_owned(), Vec::new()),
        };
        folder.join("Cargo.toml").is_file().then(|| Self {
            name: name.to_owned(),
            folder,
            arguments,
        })
    }

    /// The names of all binaries there, where cargo says them.
    async fn targets(&self) -> Option<Vec<String>> {
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1"])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .ok()?;
        let metadata: Value = serde_json::from_slice(&output.stdout).ok()?;
        let packages = metadata["packages"].as_array()?.iter();
        let targets = packages.filter_map(|package| package["targets"].as_array());
        let of_kind = |target: &&Value| target["kind"][0] == "bin";
        let names = targets
            .flatten()
            .filter(of_kind)
            .filter_map(|target| Some(target["name"].as_str()?.to_owned()));
        Some(names.collect())
    }

    /// Builds it. Its errors are on stderr; dropping the future ends cargo and what it has started.
    pub(super) async fn build(&self, launcher: &Launcher) -> Result<Built, String> {
        tell("[watch] ", format!("building {} …", self.name));
        let mut command = launcher.command(cargo(), Stdin::Nothing);
        command
            .args(["build", "--quiet"])
            .args(["--message-format", "json-render-diagnostics"])
            .args(["--bin", &self.name])
            .args(&self.arguments)
            .current_dir(&self.folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        // Compilers and build scripts are ended with it.
        #[cfg(unix)]
        command.process_group(0);
        let child = launcher
            .spawn(command, Stdin::Nothing)
            .await
            .map_err(|error| format!("cargo can't be run: {error}"))?;
        let output = Building::new(child)
            .output()
            .await
            .map_err(|error| format!("cargo was lost: {error}"))?;
        let output = output.ok_or("the build failed; cargo's errors are above")?;
        built(&output, &self.name).ok_or_else(|| "cargo named no executable".to_owned())
    }
}

fn cargo() -> String {
    environment::text("CARGO").unwrap_or("cargo".into())
}

/// What stands above `target`, and the build that the folders below it say: `debug`, `release`, the
/// name of another profile, and a target's name before it.
fn in_target(path: &Path) -> Option<(PathBuf, Vec<String>)> {
    let target = path
        .ancestors()
        .skip(1)
        .find(|folder| folder.ends_with("target"))?;
    let below = path.parent()?.strip_prefix(target).ok()?;
    let below: Vec<&str> = below
        .iter()
        .map(|name| name.to_str())
        .collect::<Option<_>>()?;
    let (triple, profile) = match below.as_slice() {
        [profile] => (None, *profile),
        [triple, profile] => (Some(*triple), *profile),
        _ => return None,
    };
    let profile = match profile {
        "debug" => vec![],
        "release" => vec!["--release"],
        other => vec!["--profile", other],
    };
    let triple = triple.map(|triple| ["--target", triple]);
    let arguments = profile.into_iter().chain(triple.into_iter().flatten());
    Some((
        target.parent()?.to_owned(),
        arguments.map(str::to_owned).collect(),
    ))
}

/// What cargo's messages say.
fn built(messages: &[u8], name: &str) -> Option<Built> {
    let messages = String::from_utf8_lossy(messages);
    let artifacts: Vec<Value> = messages
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter(|message: &Value| message["reason"] == "compiler-artifact")
        .collect();
    let executable = artifacts
        .iter()
        .filter(|artifact| artifact["target"]["name"] == name)
        .find_map(|artifact| artifact["executable"].as_str().map(PathBuf::from))?;
    let packages = artifacts
        .iter()
        .filter(|artifact| {
            let id = artifact["package_id"].as_str();
            id.is_some_and(|id| id.contains("path+file:"))
        })
        .filter_map(|artifact| Path::new(artifact["manifest_path"].as_str()?).parent())
        .map(Path::to_owned);
    // Beside it, in make's form.
    let rules = std::fs::read_to_string(executable.with_extension("d")).unwrap_or_default();
    Some(Built {
        packages: packages.collect(),
        read: prerequisites(&rules),
        executable,
    })
}

/// The files after the first colon of a rule of make's, in which a space is written `\ `.
fn prerequisites(rules: &str) -> Vec<PathBuf> {
    let rule = rules.lines().next().unwrap_or_default();
    let Some((_, files)) = rule.split_once(": ") else {
        return Vec::new();
    };
    let files = files.replace("\\ ", "\0");
    files
        .split(' ')
        .filter(|file| !file.is_empty())
        .map(|file| PathBuf::from(file.replace('\0', " ")))
        .collect()
}

/// cargo, and the group of processes that it is the first of. Dropping it kills them.
struct Building {
    child: Child,
    #[cfg(unix)]
    group: Option<nix::unistd::Pid>,
}

impl Building {
    fn new(child: Child) -> Self {
        Self {
            #[cfg(unix)]
            group: child
                .id()
                .and_then(|id| i32::try_from(id).ok())
                .map(nix::unistd::Pid::from_raw),
            child,
        }
    }

    /// What it says on stdout, if it succeeds.
    async fn output(mut self) -> std::io::Result<Option<Vec<u8>>> {
        use tokio::io::AsyncReadExt;
        let mut output = Vec::new();
        if let Some(stdout) = &mut self.child.stdout {
            stdout.read_to_end(&mut output).await?;
        }
        let status = self.child.wait().await?;
        // Its number may be another's from now on.
        #[cfg(unix)]
        {
            self.group = None;
        }
        Ok(status.success().then_some(output))
    }
}

#[cfg(unix)]
impl Drop for Building {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // ESRCH: it has ended.
            let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn point_9_a_path_says_the_binary_and_its_build() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let app = root.join("app");
        for place in [root, &app, &root.join("rust")] {
            std::fs::create_dir_all(place).unwrap();
            std::fs::write(place.join("Cargo.toml"), "").unwrap();
        }
        for (program, name, within, arguments) in [
            ("handler", "handler", "app", &[][..]),
            ("handler.exe", "handler", "app", &[]),
            ("bin/handler", "handler", "app", &[]),
            ("target/debug/handler", "handler", "app", &[]),
            ("./target/release/handler", "handler", "app", &["--release"]),
            (
                "target/x86_64-unknown-linux-musl/release/handler",
                "handler",
                "app",
                &["--release", "--target", "x86_64-unknown-linux-musl"],
            ),
            (
                "../target/dist/handler",
                "handler",
                "app/..",
                &["--profile", "dist"],
            ),
            (
                "../rust/target/release/h",
                "h",
                "app/../rust",
                &["--release"],
            ),
            // No Cargo.toml there: the app's.
            ("../go/target/release/h", "h", "app", &[]),
        ] {
            let binary = Binary::at(&app, Path::new(program)).unwrap();
            assert_eq!(
                binary,
                Binary {
                    name: name.to_owned(),
                    folder: root.join(within),
                    arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
                },
                "{program}"
            );
        }
        std::fs::remove_file(app.join("Cargo.toml")).unwrap();
        assert_eq!(Binary::at(&app, Path::new("handler")), None);
    }

    #[test]
    fn the_files_that_the_compiler_has_read() {
        let rule = "/a/target/debug/h: /a/src/main.rs /a/with\\ space/x.txt\n\n/a/src/main.rs:\n";
        let read = prerequisites(rule);
        assert_eq!(
            read,
            [
                Path::new("/a/src/main.rs"),
                Path::new("/a/with space/x.txt")
            ]
        );
        assert!(prerequisites("").is_empty());
    }
}
