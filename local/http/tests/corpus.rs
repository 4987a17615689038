//! The fuzz targets of this crate, on their corpora.

use fuzz_replay::replay;
use local_http::fuzzing;

#[test]
fn rewriting() {
    replay("rewriting", fuzzing::rewriting);
}
