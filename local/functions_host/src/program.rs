//! The handler's program: where it is, and why the operating system would not start it.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};

use local_failure::Fix;
use state_folder::quoted;
use thiserror::Error;

/// Programs that run others: they are installed, not built.
const INTERPRETERS: [&str; 16] = [
    "Rscript", "bash", "bun", "deno", "dotnet", "go", "java", "node", "npm", "perl", "php",
    "python", "python3", "pwsh", "ruby", "sh",
];

/// Why a program can't be started.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnusableProgram {
    /// It is nowhere.
    #[error("there is no {name} in {}, and none on the PATH", root.display())]
    Missing {
        /// As host.json names it.
        name: String,
        /// The app's folder.
        root: PathBuf,
    },
    /// A folder has the name.
    #[error("{} is a folder, not a program", .0.display())]
    Folder(PathBuf),
    /// The file's mode does not allow it.
    #[error("{} is not executable; the Linux Consumption and Flex plans set that by themselves, others do not", .0.display())]
    NotExecutable(PathBuf),
    /// The first line names what is not there.
    #[error("the first line of {} names {_1}, which does not exist", .0.display())]
    NoInterpreter(PathBuf, String),
    /// The first line ends as Windows' do.
    #[error("the first line of {} ends with a carriage return (Windows' line ends), so the system looks for {_1:?}", .0.display())]
    CarriageReturn(PathBuf, String),
    /// Another system's or processor's.
    #[error("{} is built for {_1}, and this is {}", .0.display(), this_system())]
    OtherSystem(PathBuf, String),
    /// The loader that it names is not there, or whatever else the system says.
    #[error("{} can't be started: {_1}", .0.display())]
    Refused(PathBuf, String),
}

fn this_system() -> String {
    format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH)
}

impl UnusableProgram {
    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> Fix {
        match self {
            Self::Missing { name, root } => missing(name, root),
            Self::Folder(path) => format!(
                "name a program in it, such as {}/handler, in defaultExecutablePath",
                path.file_name().unwrap_or_default().display()
            )
            .into(),
            Self::NotExecutable(path) => Fix::with("run", format!("chmod +x {}", quoted(path))),
            Self::NoInterpreter(..) => {
                "install it, or write the path of another one there, such as #!/bin/sh".into()
            }
            Self::CarriageReturn(path, _) => {
                Fix::with("run", format!("sed -i 's/\\r$//' {}", quoted(path)))
            }
            Self::OtherSystem(..) => {
                "build it for this system; Azure's Linux plans run linux on x86_64".into()
            }
            Self::Refused(..) => "see that it runs by itself, from the app's folder".into(),
        }
    }
}

/// What builds or brings a program that is not there.
fn missing(name: &str, root: &Path) -> Fix {
    let has = |file: &str| root.join(file).is_file();
    let has_kind = |kind: &str| {
        std::fs::read_dir(root).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.path().extension().is_some_and(|own| own == kind))
        })
    };
    if INTERPRETERS.contains(&name) {
        return format!("install {name}, or name the program with --handler").into();
    }
    if let Some(plain) = name.strip_suffix(".exe").filter(|_| !cfg!(windows))
        && has(plain)
    {
        return Fix::with(
            "name this system's file",
            format!(
                "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath={} greeting-local up",
                quoted(Path::new(plain))
            ),
        );
    }
    if has("Cargo.toml") {
        let release = if name.contains("debug") {
            ""
        } else {
            " --release"
        };
        let build = format!("cargo build{release}");
        return Fix::with("start with --watch, or build it first", build);
    }
    if has("go.mod") || has_kind("go") {
        let build = format!("go build -o {}", quoted(Path::new(name)));
        return Fix::with("build it first", build);
    }
    if has_kind("csproj") {
        let words = format!("build it first, so that {name} is there");
        return Fix::with(words, "dotnet publish");
    }
    "build it first, or name it with --handler".into()
}

/// The program `name`, as the host looks for it: a file of the app (it has found that already),
/// else by the PATH.
///
/// # Errors
/// It is not there, or the system would not start it.
pub(crate) fn find(
    name: &Path,
    root: &Path,
    path: Option<&OsStr>,
) -> Result<PathBuf, UnusableProgram> {
    let in_app = root.join(name);
    let found = match in_app.is_file() {
        true => Some(in_app.clone()),
        false => on_path(name, path),
    };
    let Some(found) = found else {
        return Err(match in_app.is_dir() {
            true => UnusableProgram::Folder(in_app),
            false => UnusableProgram::Missing {
                name: name.to_string_lossy().into_owned(),
                root: root.to_owned(),
            },
        });
    };
    check(&found, path)?;
    Ok(found)
}

/// A bare name, by the PATH.
fn on_path(name: &Path, path: Option<&OsStr>) -> Option<PathBuf> {
    if name.components().count() != 1 {
        return None;
    }
    let suffix = std::env::consts::EXE_SUFFIX;
    std::env::split_paths(path?)
        .flat_map(|folder| {
            let plain = folder.join(name);
            let with_suffix = folder.join(format!("{}{suffix}", name.display()));
            [plain, with_suffix]
        })
        .find(|file| file.is_file() && is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|data| data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(_file: &Path) -> bool {
    true
}

fn check(file: &Path, path: Option<&OsStr>) -> Result<(), UnusableProgram> {
    if !is_executable(file) {
        return Err(UnusableProgram::NotExecutable(file.to_owned()));
    }
    let mut start = Vec::new();
    // What can't be read can still be run.
    if let Ok(open) = std::fs::File::open(file) {
        let _ = open.take(256).read_to_end(&mut start);
    }
    if let Some(built_for) = built_for(&start) {
        return Err(UnusableProgram::OtherSystem(file.to_owned(), built_for));
    }
    check_interpreter(file, &start, path)
}

fn check_interpreter(
    file: &Path,
    start: &[u8],
    path: Option<&OsStr>,
) -> Result<(), UnusableProgram> {
    let Some(line) = start.strip_prefix(b"#!").filter(|_| cfg!(unix)) else {
        return Ok(());
    };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    if let Some(line) = line.strip_suffix('\r') {
        let last = line.split(' ').next_back().unwrap_or_default();
        let looked_for = format!("{last}\r");
        return Err(UnusableProgram::CarriageReturn(file.to_owned(), looked_for));
    }
    let mut words = line.split_whitespace();
    let interpreter = words.next().unwrap_or_default();
    let missing = |name: &str| {
        Err(UnusableProgram::NoInterpreter(
            file.to_owned(),
            name.to_owned(),
        ))
    };
    if !Path::new(interpreter).is_file() {
        return missing(interpreter);
    }
    match words.find(|word| !word.starts_with('-') && !word.contains('=')) {
        Some(name) if interpreter.ends_with("/env") && on_path(Path::new(name), path).is_none() => {
            missing(name)
        }
        _ => Ok(()),
    }
}

/// What a binary is built for, where that is not this system.
fn built_for(start: &[u8]) -> Option<String> {
    const MACHINES: [(u16, &str); 5] = [
        (0x03, "x86"),
        (0x28, "arm"),
        (0x3E, "x86_64"),
        (0xB7, "aarch64"),
        (0xF3, "riscv64"),
    ];
    let system = match start {
        [0x7F, b'E', b'L', b'F', ..] => "linux",
        [b'M', b'Z', ..] => "windows",
        [0xCF | 0xCE, 0xFA, 0xED, 0xFE, ..] | [0xCA, 0xFE, 0xBA, 0xBE, ..] => "macos",
        _ => return None,
    };
    let processor = match start {
        // e_machine, in the order of bytes that e_ident names.
        [_, _, _, _, _, 1, ..] if system == "linux" => start
            .get(18..20)
            .map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]])),
        _ => None,
    };
    let processor = processor.and_then(|machine| {
        MACHINES
            .iter()
            .find(|(number, _)| *number == machine)
            .map(|(_, name)| *name)
    });
    if system != std::env::consts::OS {
        return Some(system.to_owned());
    }
    processor
        .filter(|processor| *processor != std::env::consts::ARCH)
        .map(|processor| format!("{system} on {processor}"))
}

/// Why the system did not start `program`, though nothing seemed wrong with it.
pub(crate) fn refused(program: &Path, error: &std::io::Error) -> UnusableProgram {
    let why = match (error.kind(), error.raw_os_error()) {
        (std::io::ErrorKind::NotFound, _) if program.is_file() => {
            "the file is there, and the loader that it names is not (a program for musl or glibc, on a system of the other)".to_owned()
        }
        // ENOEXEC
        (_, Some(8)) if cfg!(unix) => {
            "it is neither a program nor a script whose first line begins with #!".to_owned()
        }
        _ => error.to_string(),
    };
    UnusableProgram::Refused(program.to_owned(), why)
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use local_failure::Failure;

    use super::*;

    fn file(root: &Path, name: &str, content: &[u8], mode: u32) {
        let path = root.join(name);
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn point_13_what_the_system_would_not_start_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("Handler")).unwrap();
        std::fs::create_dir(root.join("tools")).unwrap();
        let elf = |machine: u8| {
            let mut start = vec![0x7F, b'E', b'L', b'F', 2, 1];
            start.resize(18, 0);
            start.extend([machine, 0]);
            start
        };
        let other = if cfg!(target_arch = "x86_64") {
            0xB7
        } else {
            0x3E
        };
        file(root, "plain.sh", b"#!/bin/sh\n", 0o644);
        file(root, "gone.sh", b"#!/opt/no-such-interpreter -x\n", 0o755);
        file(
            root,
            "env.sh",
            b"#!/usr/bin/env no-such-interpreter\n",
            0o755,
        );
        file(root, "windows.sh", b"#!/bin/sh\r\necho\r\n", 0o755);
        file(root, "other", &elf(other), 0o755);
        file(root, "tool.exe", b"MZ\x90", 0o755);
        file(root, "fine.sh", b"#!/bin/sh\n", 0o755);
        file(root, "main.go", b"package main\n", 0o644);
        file(root, "serve", b"#!/bin/sh\n", 0o755);
        file(&root.join("tools"), "found", b"#!/bin/sh\n", 0o755);
        for (name, says, fix) in [
            ("fine.sh", None, ""),
            ("found", None, ""),
            (
                "Handler",
                Some("Handler is a folder"),
                "defaultExecutablePath",
            ),
            ("plain.sh", Some("is not executable"), "chmod +x "),
            (
                "gone.sh",
                Some("names /opt/no-such-interpreter,"),
                "#!/bin/sh",
            ),
            ("env.sh", Some("names no-such-interpreter,"), "install it"),
            ("windows.sh", Some("carriage return"), "sed -i"),
            ("other", Some("is built for "), "x86_64"),
            ("tool.exe", Some("is built for windows"), "build it"),
            ("built", Some("there is no built in "), "go build -o built"),
            (
                "serve.exe",
                Some("there is no serve.exe in "),
                "defaultExecutablePath=serve ",
            ),
            (
                "bin/built",
                Some("there is no bin/built in "),
                "build it first",
            ),
            ("ruby", Some("there is no ruby in "), "install ruby"),
        ] {
            let path = root.join("tools");
            let found = find(Path::new(name), root, Some(path.as_os_str()));
            match (found, says) {
                (Ok(_), None) => {}
                (Err(why), Some(says)) => {
                    assert!(why.to_string().contains(says), "{name}: {why}");
                    let told = why.fix().to_string();
                    assert!(told.contains(fix), "{name}: {told}");
                    // A terminal breaks words only.
                    let is_pasted = ["plain.sh", "windows.sh", "built", "serve.exe"];
                    let failure = Failure::new("what", &why, why.fix());
                    let command = failure.fix()[0].command();
                    let pasted = command.is_some_and(|command| command.contains(fix));
                    assert_eq!(pasted, is_pasted.contains(&name), "{name}: {told}");
                }
                (found, _) => panic!("{name}: {found:?}"),
            }
        }
        let error = std::io::Error::from_raw_os_error(8);
        let why = refused(&root.join("fine.sh"), &error).to_string();
        assert!(why.contains("neither a program nor a script"), "{why}");
    }
}
