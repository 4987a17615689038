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
        let word = self.word(&path);
        match self.shell {
            // A quoted word is a value there, unless it is called.
            Shell::Powershell => {
                format!(
                    "& {} {command}",
                    quoted(self.shell, &path.to_string_lossy())
                )
            }
            Shell::Nushell if word.starts_with(['\'', '"']) => format!("^{word} {command}"),
            Shell::Sh | Shell::Bash | Shell::Zsh | Shell::Fish | Shell::Cmd | Shell::Nushell => {
                format!("{word} {command}")
            }
        }
    }

    /// A path as one word: as it is, where that means itself.
    pub(crate) fn word(&self, path: &Path) -> String {
        let text = path.to_string_lossy();
        // A comma makes a list in PowerShell.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/:+".contains(&byte);
        if text.bytes().all(plain) {
            return text.into_owned();
        }
        quoted(self.shell, &text)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_called_in_each_shell_whatever_its_folder_is_named() {
        let root = tempfile::tempdir().unwrap();
        let line = |shell, name: &str| {
            let folder = root.path().join(name);
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("greeting-local"), "").unwrap();
            let typed = Typed {
                shell,
                folder: Some(folder),
            };
            let line = typed.own("stop");
            line.replace(root.path().to_str().unwrap(), "/root")
        };
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Nushell] {
            assert_eq!(line(shell, "plain"), "/root/plain/greeting-local stop");
        }
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            assert_eq!(line(shell, "a b"), "'/root/a b/greeting-local' stop");
        }
        for (shell, expected) in [
            (Shell::Powershell, "& '/root/a b/greeting-local' stop"),
            (Shell::Nushell, "^'/root/a b/greeting-local' stop"),
        ] {
            assert_eq!(line(shell, "a b"), expected);
        }
    }

    #[test]
    fn a_comma_makes_no_list_of_a_path() {
        let shell = Shell::Powershell;
        let folder = None;
        let typed = Typed { shell, folder };
        assert_eq!(typed.word(Path::new("/a,b")), "'/a,b'");
    }
}
