//! What stands behind the gate: the function app and its handler, or another app.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyper::StatusCode;
use local_failure::Failure;
use local_functions_host::{Environment, Host, LocalSettings, Readiness, Watch};
use local_http::relay::text;
use local_http::serve::Service;

use super::functions::Functions;
use super::site::Plan;
use super::upstream::Upstream;
use super::{Options, Served};
use crate::control::running::Running;
use crate::control::status::Behind;
use crate::control_room::App;

/// For whoever calls where there is no app.
const NO_APP: &str = "There is no app here. Start greeting-local run in the app's folder, with host.json, or name it: --app-root, --handler or --upstream.\n";

/// Read, not yet started.
pub(super) enum Backend {
    /// The local Functions host, and the app that it runs.
    Functions(Box<Functions>),
    /// An app that this program does not run.
    Upstream(UpstreamApp),
    /// No app: whoever calls is told so.
    Nothing(PathBuf, Arc<LocalSettings>),
}

/// An app that this program does not run, and what is known of it.
pub(super) struct UpstreamApp {
    upstream: Upstream,
    /// The current folder: its `deploy/` and its app settings are the app's.
    root: PathBuf,
    local: Arc<LocalSettings>,
}

/// Running.
pub(super) enum RunningBackend {
    /// The host; and what watches its files, where `--watch` asks for it.
    Functions(Host, Option<Watch>),
    Upstream(Upstream),
    Nothing,
}

impl Backend {
    /// Reads what the options name.
    ///
    /// # Errors
    /// What is missing or wrong, by name.
    pub(super) async fn read(options: &Options) -> Result<Self, Failure> {
        let here = || -> Result<_, Failure> {
            let root = std::env::current_dir().unwrap_or_default();
            let local = LocalSettings::load(&root, &Environment::of_process())
                .map_err(|error| error.failure("the app settings can't be used"))?;
            Ok((root, Arc::new(local)))
        };
        match &options.upstream {
            None if options.app == Served::Nothing => {
                let (root, local) = here()?;
                Ok(Self::Nothing(root, local))
            }
            None => {
                let functions = Functions::read(options).await?;
                Ok(Self::Functions(Box::new(functions)))
            }
            Some(url) => {
                let upstream = Upstream::parse(url, options.upstream_protocol)?;
                let (root, local) = here()?;
                Ok(Self::Upstream(UpstreamApp {
                    upstream,
                    root,
                    local,
                }))
            }
        }
    }

    /// The folder whose `deploy/` is read.
    pub(super) fn root(&self) -> &Path {
        match self {
            Self::Functions(functions) => &functions.app.root,
            Self::Upstream(app) => &app.root,
            Self::Nothing(root, _) => root,
        }
    }

    /// The app settings.
    pub(super) fn local_settings(&self) -> Arc<LocalSettings> {
        match self {
            Self::Functions(functions) => functions.app.local.clone(),
            Self::Upstream(app) => app.local.clone(),
            Self::Nothing(_, local) => local.clone(),
        }
    }

    /// The URL to call.
    pub(super) fn url(&self, origin: &str) -> String {
        match self {
            Self::Functions(functions) => functions.url(origin),
            Self::Upstream(_) | Self::Nothing(..) => format!("{origin}/"),
        }
    }

    /// The plan that the app is told of.
    pub(super) fn plan(&self) -> Plan {
        match self {
            Self::Functions(_) => Plan::FlexConsumption,
            Self::Upstream(_) | Self::Nothing(..) => Plan::Standard,
        }
    }

    /// What the control room knows of the app: greeting-server's decision is known.
    pub(super) fn function(&self) -> App {
        match self {
            Self::Functions(functions) if functions.is_greeting_server() => App::Greeting,
            Self::Functions(_) | Self::Upstream(_) | Self::Nothing(..) => App::Other,
        }
    }

    /// What is not as it should be, and still allowed.
    pub(super) fn warnings(&self) -> Vec<String> {
        match self {
            Self::Nothing(..) => Vec::new(),
            Self::Functions(functions) => functions.notices(),
            Self::Upstream(app) => {
                let far = (!app.upstream.is_loopback()).then(|| "--upstream is not on this machine: the principal's headers cross a network in the clear".to_owned());
                far.into_iter().chain(app.local.notices.clone()).collect()
            }
        }
    }

    /// Starts the handler, if this program is to run one; returns once it answers.
    ///
    /// # Errors
    /// It does not start, or `--watch` can't watch.
    pub(super) async fn start(
        self,
        running: &Running,
        options: &Options,
    ) -> Result<RunningBackend, Failure> {
        match self {
            Self::Functions(functions) => {
                let (host, watch) = functions.start(running, options).await?;
                Ok(RunningBackend::Functions(host, watch))
            }
            Self::Nothing(..) => Ok(RunningBackend::Nothing),
            Self::Upstream(app) => Ok(RunningBackend::Upstream(app.upstream)),
        }
    }
}

impl RunningBackend {
    /// What the gate hands requests on to.
    pub(super) fn service(&self) -> Service {
        match self {
            Self::Functions(host, _) => {
                let host = host.clone();
                Arc::new(move |request| {
                    let host = host.clone();
                    Box::pin(async move { host.call(request).await })
                })
            }
            Self::Nothing => Arc::new(|_| Box::pin(async { text(StatusCode::NOT_FOUND, NO_APP) })),
            Self::Upstream(upstream) => {
                let upstream = upstream.clone();
                Arc::new(move |request| {
                    let upstream = upstream.clone();
                    Box::pin(async move { upstream.call(request).await })
                })
            }
        }
    }

    /// Tells whether what is behind the gate can be called.
    pub(super) fn health(&self) -> Box<dyn Fn() -> Behind + Send + Sync> {
        match self {
            Self::Functions(host, _) => {
                let host = host.clone();
                Box::new(move || match host.readiness() {
                    Readiness::Starting => Behind::Starting,
                    Readiness::Ready => Behind::Ready,
                    Readiness::Ended => Behind::Ended,
                })
            }
            Self::Nothing => Box::new(|| Behind::Ready),
            Self::Upstream(upstream) => {
                let url = upstream.url();
                Box::new(move || Behind::Upstream { url: url.clone() })
            }
        }
    }

    /// Ends the handler.
    pub(super) async fn stop(self) {
        if let Self::Functions(host, watch) = self {
            // First what could start another one.
            if let Some(watch) = watch {
                watch.end().await;
            }
            host.stop().await;
        }
    }
}
