//! The fuzz targets of this crate, on their corpora.

use fuzz_replay::replay;
use local_easy_auth::fuzzing;

#[test]
fn bearer() {
    replay("bearer", fuzzing::bearer);
}

#[test]
fn excluded() {
    replay("excluded", fuzzing::excluded);
}

#[test]
fn settings() {
    replay("settings", fuzzing::settings);
}

#[test]
fn strip() {
    replay("strip", fuzzing::strip);
}
