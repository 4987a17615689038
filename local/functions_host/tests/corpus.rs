//! The fuzz targets of this crate, on their corpora.

#[path = "../../../fuzz/replay.rs"]
mod replay;

use local_functions_host::fuzzing;

use self::replay::replay;

#[test]
fn function_json() {
    replay("function_json", fuzzing::function_json);
}

#[test]
fn host_json() {
    replay("host_json", fuzzing::host_json);
}

#[test]
fn paths() {
    replay("paths", fuzzing::paths);
}
