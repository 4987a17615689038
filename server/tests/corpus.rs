//! The fuzz targets of this crate, on their corpora.

#[path = "../../fuzz/replay.rs"]
mod replay;

use greeting_server::fuzzing;

use self::replay::replay;

#[test]
fn principal() {
    replay("principal", fuzzing::principal);
}
