//! `greeting-local launch`, which only this program itself calls: it becomes another program, such
//! as the handler, that ends when the process that asked for it does.

use std::process::ExitCode;

use local_child::{Beside, Launch, Stdin};

use crate::cli::LaunchArgs;

pub(crate) fn run(args: LaunchArgs) -> ExitCode {
    Launch {
        parent: args.parent,
        stdin: if args.keep_stdin {
            Stdin::Piped
        } else {
            Stdin::Nothing
        },
        beside: if args.beside {
            Beside::Always
        } else {
            Beside::AsNeeded
        },
        command: args.command,
    }
    .run()
}
