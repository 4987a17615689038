//! The fuzz targets of this crate, on their corpora.

#[path = "../../../fuzz/replay.rs"]
mod replay;

use local_http::fuzzing;

use self::replay::replay;

#[test]
fn rewriting() {
    replay("rewriting", fuzzing::rewriting);
}
