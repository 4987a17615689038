use clap::{Command, CommandFactory as _, Parser as _};

use super::{Cli, Line, Tokens};

/// clap wraps a longer line, and what is wrapped does not paste.
#[test]
fn item_14_no_line_of_an_example_is_wrapped() {
    fn check(command: &Command) {
        let more = command.get_after_help().map(ToString::to_string);
        for line in more.unwrap_or_default().lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", command.get_name());
        }
        command.get_subcommands().for_each(check);
    }
    check(&Cli::command());
}

/// `token inspect` is read by a description of its own: every option of the whole one's is in it.
#[test]
fn item_5_token_inspect_by_itself_is_read_as_in_the_whole_command_line() {
    let command = Cli::command();
    let described = command
        .find_subcommand("token")
        .and_then(|token| token.find_subcommand("inspect"))
        .expect("token inspect");
    let mut lines: Vec<Vec<String>> = vec![vec!["-".into()], vec!["-".into(), "-v".into()]];
    let all = described.get_arguments().chain(command.get_arguments());
    for long in all.filter_map(clap::Arg::get_long) {
        for value in ["https://a.example", "json", "always", "3", "1s"] {
            lines.push(vec![format!("--{long}"), value.into()]);
            lines.push(vec!["-".into(), format!("--{long}={value}")]);
        }
        lines.push(vec!["-".into(), format!("--{long}")]);
    }
    let mut taken = 0;
    for line in lines {
        let words = ["greeting-cli", "token", "inspect"].map(String::from);
        let words: Vec<String> = words.into_iter().chain(line).collect();
        let whole = Cli::try_parse_from(&words).map(|mut cli| {
            if let super::Command::Token(super::TokenCommand::Inspect(args)) = &mut cli.command {
                args.verbose = cli.verbose;
            }
            format!("{cli:?}")
        });
        let alone = Line::<Tokens>::try_parse_from(&words);
        match (whole, alone) {
            (Ok(whole), Ok(alone)) => {
                assert_eq!(whole, format!("{:?}", Cli::from(alone)));
                taken += 1;
            }
            (Err(_), Err(_)) => {}
            (whole, alone) => panic!("{words:?}: {whole:?}, and by itself {alone:?}"),
        }
    }
    assert!(taken >= 10, "{taken}");
}
