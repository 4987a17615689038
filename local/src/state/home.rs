//! Which stack, and where its state is: the stack without a name has the state folder itself, one
//! with a name a folder in it.

use std::fs;
use std::path::{Path, PathBuf};

use local_failure::{Failure, Fix};
#[cfg(unix)]
use state_folder::NotPrivate;

use super::has_owner;
use super::name::{DEFAULT, StackName};
use crate::shell::evaluated;
use crate::typed::Typed;

/// The folder of those with a name.
const STACKS: &str = "stacks";
/// More names are not listed in an error.
const LISTED: usize = 20;
/// What a further stack may be called.
const FURTHER: [&str; 9] = [
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

/// A stack, as a person says which one is meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct StackRef {
    /// The state folder that was named.
    dir: Option<PathBuf>,
    /// None: the default stack.
    name: Option<StackName>,
}

impl StackRef {
    /// By `--state-dir` and `--name`.
    pub(crate) fn new(dir: Option<PathBuf>, name: Option<StackName>) -> Self {
        Self {
            dir: dir.map(|dir| std::path::absolute(&dir).unwrap_or(dir)),
            name: name.filter(|name| name.as_str() != DEFAULT),
        }
    }

    /// The state folder that was named.
    pub(crate) fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Its name, if it has one.
    pub(crate) fn own_name(&self) -> Option<&StackName> {
        self.name.as_ref()
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().map_or(DEFAULT, StackName::as_str)
    }

    /// The same state folder's stack of this name.
    pub(crate) fn beside(&self, name: Option<StackName>) -> Self {
        Self {
            dir: self.dir.clone(),
            name,
        }
    }

    /// What a person types for `command` to be about it.
    pub(crate) fn line(&self, command: &str) -> String {
        let typed = Typed::here();
        let mut line = typed.own(command);
        if let Some(dir) = &self.dir {
            line.push_str(&format!(" --state-dir {}", typed.word(dir)));
        }
        if let Some(name) = &self.name {
            line.push_str(&format!(" --name {name}"));
        }
        line
    }

    /// What points a shell at it.
    pub(crate) fn env(&self) -> String {
        evaluated(Typed::here().shell(), &self.line("env"))
    }

    /// The folder of all stacks, which need not exist.
    ///
    /// # Errors
    /// There is no home folder to put it in.
    fn base(&self) -> Result<PathBuf, Failure> {
        match &self.dir {
            Some(dir) => Ok(dir.clone()),
            None => state_folder::of("greeting-local").map_err(|error| {
                Failure::new(
                    "there is no folder for the state",
                    error,
                    "name one with --state-dir",
                )
            }),
        }
    }

    /// Its own folder, which need not exist.
    ///
    /// # Errors
    /// As [`Self::base`].
    fn folder(&self) -> Result<PathBuf, Failure> {
        let base = self.base()?;
        Ok(match &self.name {
            None => base,
            Some(name) => base.join(STACKS).join(name.as_str()),
        })
    }

    /// All stacks of the same state folder that were ever started there: the default one, then those
    /// with a name in order.
    ///
    /// # Errors
    /// As [`Self::base`].
    pub(crate) fn all(&self) -> Result<Vec<Home>, Failure> {
        let names = self.names()?.into_iter().map(Some);
        let all = std::iter::once(None).chain(names);
        let homes = all.map(|name| {
            let stack = self.beside(name);
            Ok(Home {
                path: stack.folder()?,
                stack,
            })
        });
        homes.collect()
    }

    fn names(&self) -> Result<Vec<StackName>, Failure> {
        let Ok(entries) = fs::read_dir(self.base()?.join(STACKS)) else {
            return Ok(Vec::new());
        };
        // Whatever else is there was not made by this program.
        let name = |entry: fs::DirEntry| {
            let text = entry.file_name().into_string().ok()?;
            let name: StackName = text.parse().ok()?;
            (name.as_str() == text && entry.path().is_dir()).then_some(name)
        };
        let mut names: Vec<StackName> = entries.flatten().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// What starts one beside it; none where there are many already.
    pub(crate) fn start_another(&self) -> Option<Fix> {
        let others = FURTHER.iter().filter_map(|name| name.parse().ok());
        let mut others = others.map(|name| self.beside(Some(name)));
        let is_free = |other: &Self| other.folder().is_ok_and(|folder| !has_owner(&folder));
        let other = others.find(|other| other.name != self.name && is_free(other))?;
        let words = "to run one beside it, with ports of its own";
        Some(Fix::with(words, other.line("up")))
    }
}

/// A stack's state folder, and whose it is.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) path: PathBuf,
    pub(crate) stack: StackRef,
}

impl Home {
    /// The folder, made private (0700) when it is first needed.
    ///
    /// # Errors
    /// It can't be made, is open to others, or there is no home folder to put it in.
    pub(crate) fn make(stack: StackRef) -> Result<Self, Failure> {
        let (base, folder) = (stack.base()?, stack.folder()?);
        make_private(&folder)?;
        // Who can write above it can put another folder in its place.
        check(&base)?;
        if folder != base {
            check(&base.join(STACKS))?;
            check(&folder)?;
        }
        // Other programs get paths in it, whatever their own working directory is.
        let path = fs::canonicalize(&folder).map_err(|error| {
            Failure::new(
                format!("{} can't be read", folder.display()),
                error,
                "name another folder with --state-dir",
            )
        })?;
        Ok(Self { path, stack })
    }

    /// The folder of a stack that `command` is about. One with a name has been started once.
    ///
    /// # Errors
    /// As [`Self::make`]; no stack of that name was ever started.
    pub(crate) fn find(stack: StackRef, command: &str) -> Result<Self, Failure> {
        if let Some(name) = &stack.name
            && !stack.folder()?.is_dir()
        {
            return Err(unknown(&stack, name, command)?);
        }
        Self::make(stack)
    }

    /// The stacks beside it that run.
    pub(crate) fn others_that_run(&self) -> Vec<StackRef> {
        let all = self.stack.all().unwrap_or_default();
        all.into_iter()
            .filter(|other| other.stack.name != self.stack.name && has_owner(&other.path))
            .map(|other| other.stack)
            .collect()
    }
}

fn make_private(folder: &Path) -> Result<(), Failure> {
    state_folder::make_private(folder).map_err(|error| {
        Failure::new(
            format!("the state folder {} can't be made", folder.display()),
            error,
            "name another one with --state-dir",
        )
    })
}

#[cfg(unix)]
fn check(folder: &Path) -> Result<(), Failure> {
    state_folder::check_folder(folder).map_err(|error| {
        let named = state_folder::quoted(folder);
        Failure::new(
            format!("the state folder {} can't be used", folder.display()),
            format!("{error}: who writes there can replace the keys that tokens are signed with"),
            Fix::command(match NotPrivate::of(&error) {
                Some(NotPrivate::Mode { .. }) => format!("chmod 700 {named}"),
                _ => format!("sudo chown -R \"$(id -u)\" {named}"),
            }),
        )
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
fn check(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// No stack was ever started by that name.
fn unknown(stack: &StackRef, name: &StackName, command: &str) -> Result<Failure, Failure> {
    let known = stack.names()?;
    let start = Fix::with(format!("to start {name}"), stack.line("up"));
    let fix = match name.nearest(&known) {
        Some(nearest) => {
            let meant = stack.beside(Some(nearest.clone())).line(command);
            Fix::command(meant).and(start)
        }
        None => start,
    };
    Ok(Failure::new(
        format!("there is no stack {name}"),
        match known.is_empty() {
            true => "no stack was started with a --name".to_owned(),
            false => format!("the stacks with a name are {}", listed(&known)),
        },
        fix,
    ))
}

/// Names in a line.
pub(crate) fn listed(names: &[impl ToString]) -> String {
    let first: Vec<String> = names.iter().take(LISTED).map(ToString::to_string).collect();
    let more = match names.len() - first.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", first.join(", "))
}

#[cfg(test)]
mod tests;
