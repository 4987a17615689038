//! Printing a result. A reader that has gone away (`| head`) is no reason to panic.

use std::fmt::Display;
use std::io::Write;

/// Prints one line of a result to stdout.
pub(crate) fn line(text: impl Display) {
    // Nobody is left to be told of a failure here.
    let _ = writeln!(anstream::stdout(), "{text}");
}
