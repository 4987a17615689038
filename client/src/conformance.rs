//! What a gate really does: a fixed set of probes, what each row of `docs/easy-auth.md` claims of
//! their answers, and the file that the answers are kept in.
#![allow(
    dead_code,
    unused_imports,
    reason = "the command comes with the next commits"
)]

pub(crate) mod capture;
pub(crate) mod forged;
pub(crate) mod normal;
pub(crate) mod plan;
pub(crate) mod secrets;
pub(crate) mod send;
