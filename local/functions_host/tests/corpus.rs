//! The fuzz targets of this crate, on their corpora.

use fuzz_replay::replay;
use local_functions_host::fuzzing;

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
