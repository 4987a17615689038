//! The fuzz targets of this crate, on their corpora.

use fuzz_replay::replay;
use greeting_cli::fuzzing;

#[test]
fn cache_file() {
    replay("cache_file", fuzzing::cache_file);
}

#[test]
fn capture() {
    replay("capture", fuzzing::capture);
}

#[test]
fn challenge() {
    replay("challenge", fuzzing::challenge);
}

#[test]
fn token_response() {
    replay("token_response", fuzzing::token_response);
}
