//! Commands as a person types them where this program was started: for lines to paste.

use std::path::{Path, PathBuf};

use crate::environment::{Shell, evaluated, quoted, usual_shell};
use crate::state::StackRef;

/// How this program was called.
pub(crate) struct Typed {
    shell: Shell,
    /// What stands before a program's name; none where it is found by its name alone.
    folder: Option<PathBuf>,
    /// Which stack it is about.
    stack: StackRef,
}

impl Typed {
    /// As this process was called, about this stack.
    pub(crate) fn of(stack: &StackRef) -> Self {
        let called = std::env::args_os().next().map(PathBuf::from);
        let folder = called.as_deref().and_then(Path::parent);
        Self {
            shell: usual_shell(::environment::text("SHELL").as_deref()),
            folder: folder
                .filter(|folder| !folder.as_os_str().is_empty())
                .map(Path::to_owned),
            stack: stack.clone(),
        }
    }

    /// Before the lines to paste.
    pub(crate) fn where_to(&self) -> &'static str {
        if self.folder.as_deref().is_some_and(Path::is_relative) {
            "Call it from a second terminal, in this folder:"
        } else {
            "Call it from a second terminal:"
        }
    }

    /// What points a shell at the stack.
    pub(crate) fn env(&self) -> String {
        evaluated(self.shell, &self.own("env"))
    }

    /// This program's `command`, about this stack.
    pub(crate) fn own(&self, command: &str) -> String {
        let mut line = self.program("greeting-local", command);
        if let Some(dir) = self.stack.dir() {
            line.push_str(&format!(" --state-dir {}", self.word(dir)));
        }
        if let Some(name) = self.stack.own_name() {
            line.push_str(&format!(" --name {name}"));
        }
        line
    }

    /// `command` of a program that stands beside this one.
    pub(crate) fn program(&self, name: &str, command: &str) -> String {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let beside = self.folder.as_deref().map(|folder| folder.join(file));
        let Some(path) = beside.filter(|path| path.is_file()) else {
            return format!("{name} {command}");
        };
        match self.shell {
            // A quoted word is a value there, unless it is called.
            Shell::Powershell => format!(
                "& {} {command}",
                quoted(self.shell, &path.to_string_lossy())
            ),
            Shell::Sh | Shell::Bash | Shell::Zsh | Shell::Fish | Shell::Cmd | Shell::Nushell => {
                format!("{} {command}", self.word(&path))
            }
        }
    }

    /// A path as one word: as it is, where that means itself.
    fn word(&self, path: &Path) -> String {
        let text = path.to_string_lossy();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:+,".contains(&byte);
        if text.bytes().all(plain) {
            return text.into_owned();
        }
        quoted(self.shell, &text)
    }
}
