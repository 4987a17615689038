//! The scope that a session asks a token for.

use super::Session;
use crate::discovery::challenge::Challenge;
use crate::scope;

/// The user's scope, where it names its API: then the API is the user's word and not the function's.
pub(super) fn named(session: &Session) -> Option<&str> {
    let scope = session.args.scope.as_deref()?;
    scope::names_resource(scope).then_some(scope)
}

/// The scope to ask for: the user's, whose bare name is one of the function's API; else the
/// function's.
pub(super) fn asked(session: &Session, challenge: &Challenge) -> String {
    match &session.args.scope {
        Some(scope) => scope::of_resource(scope, &challenge.resource),
        None => challenge.scope(),
    }
}
