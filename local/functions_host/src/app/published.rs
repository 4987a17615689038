//! Apps that people have published: each works, or is left out or refused with this reason.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::command_line::WORKER_NAMES;
use crate::program;

const HOST: &str = r#"{"version": "2.0", "customHandler": {"description": {"defaultExecutablePath": "bin/handler"}, "enableForwardingHttpRequest": true}}"#;
const FUNCTION: &str = r#"{"bindings": [{"type": "httpTrigger", "direction": "in", "name": "call", "authLevel": "anonymous"}, {"type": "http", "direction": "out", "name": "reply"}]}"#;

#[derive(Deserialize)]
struct Published {
    name: String,
    topic: String,
    outcome: String,
    /// Why, for the reader, and shown where the outcome is another.
    because: String,
    files: BTreeMap<String, Value>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    at: String,
    #[serde(default)]
    functions: BTreeMap<String, String>,
    #[serde(default)]
    routes: Vec<String>,
    #[serde(default)]
    says: Vec<String>,
    argv: Option<Vec<String>>,
    executable: Option<String>,
    working_directory: Option<String>,
    forwarded_path: Option<String>,
    port: Option<u16>,
    port_of_handler: Option<u16>,
    #[serde(default)]
    modes: BTreeMap<String, String>,
    #[serde(default)]
    handler_env: BTreeMap<String, String>,
}

fn write(root: &Path, published: &Published) {
    for (name, content) in &published.files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = match content {
            Value::String(text) if text == "plain" && name == "host.json" => HOST.to_owned(),
            Value::String(text) if text == "plain" => FUNCTION.to_owned(),
            Value::String(text) => text.clone(),
            object => object.to_string(),
        };
        std::fs::write(&path, text).unwrap();
    }
    #[cfg(unix)]
    for (name, mode) in &published.modes {
        use std::os::unix::fs::PermissionsExt;
        let mode = u32::from_str_radix(mode, 8).unwrap();
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(root.join(name), mode).unwrap();
    }
}

/// What the app says at start, or why it does not start.
fn outcome(root: &Path, published: &Published) -> Result<(FunctionApp, Vec<String>), String> {
    let environment = published.environment.clone().into_iter().collect();
    let app = FunctionApp::load(root, &environment)
        .map_err(|error| error.failure("the app can't be run").to_string())?;
    if published.at == "start" {
        let name = Path::new(&app.handler.executable);
        let found = program::find(name, root, Some(OsStr::new("")));
        found.map_err(|why| format!("{why}\n{}", why.fix()))?;
    }
    let left_out = app.left_out.iter();
    let mut said: Vec<String> = left_out
        .map(|function| format!("{}: {}", function.name, function.why))
        .collect();
    said.extend(app.notices.iter().cloned());
    Ok((app, said))
}

fn check(root: &Path, published: &Published, app: &FunctionApp) {
    let name = &published.name;
    let mut functions: BTreeMap<String, String> = BTreeMap::new();
    for function in &app.functions {
        functions.insert(function.name.clone(), "works".to_owned());
    }
    for function in &app.left_out {
        functions.insert(function.name.clone(), "left-out".to_owned());
    }
    assert_eq!(functions, published.functions, "{name}");
    if !published.routes.is_empty() {
        let routes: Vec<String> = app
            .functions
            .iter()
            .map(|function| format!("/{}/{}", app.route_prefix, function.route).replace("//", "/"))
            .collect();
        assert_eq!(routes, published.routes, "{name}");
    }
    let worker = WORKER_NAMES.map(|name| (name, "<port>".to_owned()));
    if let Some(argv) = &published.argv {
        assert_eq!(&app.handler.arguments.arguments(&worker), argv, "{name}");
    }
    if let Some(executable) = &published.executable {
        assert_eq!(&app.handler.executable, executable, "{name}");
    }
    let working_directory = published.working_directory.as_deref().unwrap_or_default();
    assert_eq!(app.handler.working_directory, root.join(working_directory));
    if published.forwarded_path.is_some() {
        let at_name = Forwarding::AtFunctionName(Redirects::Followed);
        assert_eq!(app.forwarding, at_name, "{name}");
    }
    assert_eq!(app.local.port, published.port, "{name}");
    assert_eq!(app.handler.port, published.port_of_handler, "{name}");
    for (name, value) in &published.handler_env {
        assert_eq!(app.local.setting(name).as_deref(), Some(&**value));
    }
}

fn all() -> Vec<Published> {
    let all = parse(include_str!("../../tests/published_apps.jsonc")).unwrap();
    serde_json::from_value(all).unwrap()
}

fn check_all(topics: &[&str]) {
    let all = all();
    let of_topic = all
        .iter()
        .filter(|own| topics.contains(&own.topic.as_str()));
    let mut checked = 0;
    for published in of_topic {
        check_one(published);
        checked += 1;
    }
    assert!(checked >= topics.len(), "{topics:?}");
}

fn check_one(published: &Published) {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), published);
    let name = &published.name;
    let said = match outcome(folder.path(), published) {
        Err(refusal) => {
            let because = &published.because;
            assert_eq!(published.outcome, "refused", "{because} {name}: {refusal}");
            assert!(!published.says.is_empty(), "{name}: {refusal}");
            refusal
        }
        Ok((app, said)) => {
            assert_ne!(published.outcome, "refused", "{name}: {said:?}");
            check(folder.path(), published, &app);
            let is_left_out = !app.left_out.is_empty();
            assert_eq!(is_left_out, published.outcome == "left-out", "{name}");
            // Nothing is said of what works as its author means it.
            let quiet =
                published.outcome == "works" && published.says.is_empty() || published.at == "call";
            assert_eq!(quiet, said.is_empty(), "{name}: {said:?}");
            said.join("\n")
        }
    };
    for says in &published.says {
        assert!(said.contains(says), "{name}: {says:?} is not in {said}");
    }
}

#[test]
fn percent_names_are_expanded_as_by_the_real_host() {
    check_all(&["command line"]);
}

#[test]
fn point_2_app_settings_override_host_json_in_any_letter_case() {
    check_all(&["overrides"]);
}

#[test]
fn point_3_the_files_are_read_as_azures_readers_read_them() {
    check_all(&["reading"]);
}

#[test]
fn point_4_routes_by_name_and_functions_that_are_switched_off() {
    check_all(&["routes and switches"]);
}

#[test]
fn point_5_the_former_section_profiles_and_routes_of_host_json() {
    check_all(&["sections and profiles"]);
}

#[test]
fn point_6_a_function_that_can_not_run_here_leaves_the_others_running() {
    check_all(&["left out"]);
}

#[test]
fn point_7_the_envelope_is_refused_with_both_ways_on() {
    check_all(&["envelope"]);
}

#[test]
fn point_8_no_key_is_asked_for_and_azure_will_ask() {
    check_all(&["keys"]);
}

#[test]
fn point_14_what_azure_refuses_is_refused_or_left_out() {
    check_all(&["rules of Azure"]);
}

#[cfg(unix)]
#[test]
fn a_program_that_can_not_be_started_is_explained() {
    check_all(&["program", "not built"]);
}

#[test]
fn settings_of_answers_urls_and_calls_are_read() {
    check_all(&["watch", "answers", "urls", "ends", "calls"]);
}

#[test]
fn the_table_of_published_apps_is_whole() {
    let all = all();
    assert!(all.len() >= 40, "{}", all.len());
    let mut names: Vec<&str> = all.iter().map(|own| own.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "two entries have one name");
}
