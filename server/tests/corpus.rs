//! The fuzz targets of this crate, on their corpora.

use fuzz_replay::replay;
use greeting_server::fuzzing;

#[test]
fn principal() {
    replay("principal", fuzzing::principal);
}
