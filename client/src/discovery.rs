//! What a function says about itself, and how far that is trusted.

pub(crate) mod agreements;
pub(crate) mod challenge;
pub(crate) mod metadata;
pub(crate) mod trust;
