//! The principal header that was granted last, one for each thread.
//!
//! A caller's calls come in rows, with the same header byte for byte, and the decision depends on
//! those bytes alone: so the same bytes as before are the same yes, and reading them again is saved.
//! It costs up to [`MAX_BYTES`] a thread, in which the last granted header stays until another is
//! granted; a refusal is never remembered. `bench/run` prints what the handler then costs.

use std::cell::RefCell;

/// Longer headers are decided anew each time. A principal with 200 groups fits.
const MAX_BYTES: usize = 48 * 1024;

thread_local! {
    static LAST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Whether these are the bytes that were granted last. An empty header never was.
pub(super) fn is(header: &[u8]) -> bool {
    LAST.with_borrow(|last| !last.is_empty() && last == header)
}

/// Remembers a header that was granted, in place of the one before.
pub(super) fn remember(header: &[u8]) {
    if header.len() <= MAX_BYTES {
        LAST.with_borrow_mut(|last| {
            last.clear();
            last.extend_from_slice(header);
        });
    }
}
