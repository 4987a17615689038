//! The fuzz targets of this crate, on their corpora.

#[path = "../../fuzz/replay.rs"]
mod replay;

use greeting_cli::fuzzing;

use self::replay::replay;

#[test]
fn cache_file() {
    replay("cache_file", fuzzing::cache_file);
}

#[test]
fn challenge() {
    replay("challenge", fuzzing::challenge);
}

#[test]
fn token_response() {
    replay("token_response", fuzzing::token_response);
}
