//! What is in the zip that Azure Functions runs.
//!
//! - `archive`: the zip; `build`: the handler; `elf`: what it is built for

pub(crate) mod archive;
pub(crate) mod build;
pub(crate) mod elf;

use std::path::Path;

use local_failure::Failure;
use local_functions_host::{Environment, FunctionApp};

pub(crate) use self::elf::Target;
use crate::deploy;

/// What a package is made of, besides the handler.
pub(crate) struct AppFiles {
    /// `host.json`, and each function's `function.json`.
    pub(crate) files: Vec<archive::Entry>,
    /// The handler's name in the zip, as `host.json` has it.
    pub(crate) executable: String,
    /// The folder that they are from; none for the ones that are compiled in.
    pub(crate) root: Option<std::path::PathBuf>,
}

impl AppFiles {
    /// The files of the app in the folder `named`, else in the current one, else the built-in
    /// app's.
    ///
    /// # Errors
    /// The app's files are missing or wrong.
    pub(crate) fn of(named: Option<&Path>) -> Result<Self, Failure> {
        let Some(root) = deploy::app_root(named)? else {
            return Ok(Self::built_in(&deploy::FUNCTION_APP));
        };
        let what = "the function app can't be packaged";
        let app = FunctionApp::load(&root, &Environment::of_process())
            .map_err(|error| error.failure(what))?;
        let names = app.files().map_err(|error| error.failure(what))?;
        Self::read(&app, &names)
            .map_err(|error| Failure::new(what, error, "check that you may read the app's files"))
    }

    /// The files of `app`, as they are on disk.
    ///
    /// # Errors
    /// One can't be read.
    fn read(app: &FunctionApp, names: &[String]) -> std::io::Result<Self> {
        // Azure runs also what is left out here.
        let files = names
            .iter()
            .map(|name| {
                Ok(archive::Entry::file(
                    name,
                    state_folder::read_regular(&app.root.join(name))?,
                ))
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self {
            files,
            executable: app.handler.executable.clone(),
            root: Some(app.root.clone()),
        })
    }

    /// The compiled-in app's.
    fn built_in(files: &[(&str, &str)]) -> Self {
        Self {
            files: files
                .iter()
                .map(|(name, content)| archive::Entry::file(name, content.as_bytes().to_vec()))
                .collect(),
            executable: build::HANDLER.to_owned(),
            root: None,
        }
    }
}
