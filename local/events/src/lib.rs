//! What authority, gate and handler have decided on each request, with its reason: on the
//! terminal of `up`, for `greeting-local log`, and in the control room. No token and no code is
//! in it, and no claim value but `aud`, `iss`, `tid`, `scp`, `roles` and times.
//!
//! - `event`: one decision; `row`: as a list shows it, and by what that is filtered; `note`: what
//!   a handler adds to it
//! - `log`: where they go; `kept`: how many are kept
//! - `print`: what is printed, and nobody waits for; `printable`: the words of others;
//!   `width`: a terminal's columns; `tell`: what a person is told beside them
//! - `clock`: the time by which tokens are issued and checked
//! - `signals`: what ends a program

mod clock;
mod event;
mod kept;
mod log;
mod note;
mod output_file;
mod print;
mod printable;
mod row;
mod signals;
mod tell;
mod width;

pub use self::clock::{Clock, NoTimeShift, TimeShift};
pub use self::event::{Event, Kind, Outcome, Source, json};
pub use self::kept::{After, Kept};
pub use self::log::{Detail, Log, Print, millis};
pub use self::note::{EventNote, record_events};
pub use self::output_file::{output_files, print_into};
pub use self::print::{Stream, flush, print, print_later, print_result};
pub use self::printable::printable;
pub use self::row::{Class, Row};
pub use self::signals::interrupted;
pub use self::tell::{tell, tell_command};
pub use self::width::{columns, sentences, with_command, within};
