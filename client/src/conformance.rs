//! What a gate really does: a fixed set of probes, what each row of `docs/easy-auth.md` claims of
//! their answers, and the file that the answers are kept in.

pub(crate) mod capture;
pub(crate) mod compare;
mod facet;
pub(crate) mod forged;
pub(crate) mod judge;
pub(crate) mod normal;
#[cfg(test)]
mod page;
pub(crate) mod plan;
pub(crate) mod probes;
pub(crate) mod refusal;
pub(crate) mod rows;
pub(crate) mod secrets;
pub(crate) mod send;
