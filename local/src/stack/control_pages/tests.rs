use axum::body::Body;
use axum::http::{Request, header};
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use local_easy_auth::{Behaviour, Settings};
use local_entra::{Daemon, KeyRing, Parts, PollInterval, RefreshTokens};
use local_events::{Clock, Detail, Print};

use super::*;
use crate::control_room::App;
use crate::deploy::{self, Files};
use crate::registrations::LocalTenant;

const SETTINGS: &str = r#"{"identityProviders": {"azureActiveDirectory": {"registration": {
    "openIdIssuer": "http://127.0.0.1:1/tenant/v2.0", "clientId": "api"}}}}"#;

/// The router that `up` serves, in an own state folder.
fn router_of_up(state_dir: PathBuf) -> Router {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let files = Files::of(&root).unwrap();
    let directory = LocalTenant::of(&files).unwrap().directory();
    let clock = Clock::default();
    let authority = Authority::new(Parts {
        directory: directory.unwrap(),
        keys: KeyRing::load_or_create(&state_dir, clock.now()).unwrap(),
        daemon: Some(Daemon::load_or_create(&state_dir).unwrap()),
        origin: "https://localhost:7443".to_owned(),
        pages: "https://localhost:7443".to_owned(),
        clock: clock.clone(),
        refresh_tokens: RefreshTokens::load(state_dir.join("refresh-tokens.jsonl")).unwrap(),
        auto_approve: None,
        poll_interval: PollInterval::ENTRA,
    });
    let settings = Settings::parse(SETTINGS, "test").unwrap();
    let http = reqwest::Client::new();
    let sources = Sources {
        settings: "test".to_owned(),
        registration: "test".to_owned(),
        plays: None,
    };
    let shown = Shown {
        status: crate::stack::status(Some(&authority), &sources, &[]),
        health: Health::default(),
        asked_to_stop: Arc::default(),
        public_host: None,
        rules: Arc::new(Rules::new(settings, Behaviour::default(), http, clock)),
        ready: Ready {
            function_url: "http://localhost:7071/api/greeting".to_owned(),
            authority_host: "https://localhost:7443".to_owned(),
            tenant_id: deploy::TENANT_ID.to_owned(),
            api_client_id: "api".to_owned(),
            cli_client_id: "cli".to_owned(),
            scope: "api://api/Greeting.Read".to_owned(),
            ca_cert: PathBuf::new(),
        },
        state_dir,
        stack: StackRef::default(),
        sources,
        function: App::Greeting,
        warnings: Vec::new(),
    };
    let log = Log::new(Print::Off, Detail::Everything);
    router(Some(&authority), &ControlSecret::new("secret"), &log, shown)
}

/// The paths of a router, out of its own table: axum shows it in its `Debug` alone.
fn paths(router: &Router) -> Vec<String> {
    let shown = format!("{router:?}");
    let entries = shown
        .split("RouteId(")
        .filter_map(|entry| entry.split_once("): \""));
    entries
        .filter(|(id, _)| id.parse::<usize>().is_ok())
        .filter_map(|(_, path)| path.split('"').next().map(str::to_owned))
        .collect()
}

#[tokio::test]
async fn point_23_no_answer_is_framed_sniffed_or_cached() {
    let folder = tempfile::tempdir().unwrap();
    let router = router_of_up(folder.path().to_owned());
    let paths = paths(&router);
    for known in [
        "/",
        "/{tenant}/oauth2/v2.0/token",
        log::PATH,
        "/greeting-local/style.css",
    ] {
        assert!(paths.iter().any(|path| path == known), "{known}: {paths:?}");
    }
    let service = TowerToHyperService::new(router);
    let asked = paths.iter().cloned().chain(["/no/such/page".to_owned()]);
    for path in asked {
        let path = path
            .replace("{tenant}", deploy::TENANT_ID)
            .replace("{user}", "alice@greeting.test");
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
            for host in ["localhost", "evil.example"] {
                let request = Request::builder()
                    .method(method)
                    .uri(&path)
                    .header(header::HOST, host)
                    .body(Body::empty())
                    .unwrap();
                let answer = service.call(request).await.unwrap();
                let headers = answer.headers();
                let at = format!("{method} {path} at {host}: {} {headers:?}", answer.status());
                assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{at}");
                assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{at}");
                assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY", "{at}");
                let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
                assert!(policy.contains("frame-ancestors 'none'"), "{at}");
            }
        }
    }
}
