//! Commands as a person types them where this program was started: for lines to paste.

use std::path::{Path, PathBuf};

use crate::shell::{Shell, quoted, usual_shell};

/// How this program was called.
pub(crate) struct Typed {
    shell: Shell,
    /// What stands before a program's name; none where it is found by its name alone.
    folder: Option<PathBuf>,
}

impl Typed {
    /// As this process was.
    pub(crate) fn here() -> Self {
        let called = std::env::args_os().next().map(PathBuf::from);
        let folder = called.as_deref().and_then(Path::parent);
        Self {
            shell: usual_shell(environment::text("SHELL").as_deref()),
            folder: folder
                .filter(|folder| !folder.as_os_str().is_empty())
                .map(Path::to_owned),
        }
    }

    /// Whose syntax it is.
    pub(crate) fn shell(&self) -> Shell {
        self.shell
    }

    /// Before the lines to paste.
    pub(crate) fn where_to(&self) -> &'static str {
        if self.folder.as_deref().is_some_and(Path::is_relative) {
            "Call it from a second terminal, in this folder:"
        } else {
            "Call it from a second terminal:"
        }
    }

    /// This program's `command`.
    pub(crate) fn own(&self, command: &str) -> String {
        self.program("greeting-local", command)
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
    pub(crate) fn word(&self, path: &Path) -> String {
        let text = path.to_string_lossy();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:+,".contains(&byte);
        if text.bytes().all(plain) {
            return text.into_owned();
        }
        quoted(self.shell, &text)
    }
}
