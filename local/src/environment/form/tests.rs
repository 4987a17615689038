use std::process::Command;

use clap::ValueEnum as _;

use super::*;

/// What a path or an option may have in it.
const VALUES: [&str; 12] = [
    "plain",
    "two words",
    "it's here",
    r#"a "quoted" word"#,
    r#"both ' and " and `tick`"#,
    "100% %PATH% %%",
    "$HOME ${HOME} $(id)",
    r"C:\a b\new\",
    r"\\server\it's",
    "a & b | c > d < e ^ f ! g",
    "‘typographic’ “quotes”",
    r#"-Djavax.net.ssl.trustStore='/it'"'"'s & so/java'"#,
];

fn set(value: &str) -> [Line; 1] {
    [Line::Set("A".to_owned(), value.to_owned())]
}

/// In the shells that are installed here; the others by the test below.
#[cfg(unix)]
#[test]
fn item_8_each_shell_sets_the_value_and_unsets_it() {
    for (program, shell) in [
        ("sh", Shell::Sh),
        ("bash", Shell::Bash),
        ("zsh", Shell::Zsh),
        ("fish", Shell::Fish),
        ("nu", Shell::Nushell),
        ("pwsh", Shell::Powershell),
    ] {
        for value in VALUES {
            let [set_it, unset_it] = [for_shell(shell, &set(value)), for_unset(shell, &set(value))]
                .map(|all| all.join("\n"));
            for (script, expected) in [
                (set_it.clone(), format!("{value}\n")),
                (format!("{set_it}\n{unset_it}\n{unset_it}"), String::new()),
            ] {
                let script = format!("{script}\nprintenv A\n");
                let Ok(output) = Command::new(program)
                    .args(["-c", &script])
                    .env_remove("A")
                    .output()
                else {
                    assert_ne!(program, "sh", "every Unix has it");
                    continue;
                };
                let printed = String::from_utf8_lossy(&output.stdout);
                assert_eq!(printed, expected, "{program}: {script}");
            }
        }
    }
}

/// Shells that may not be installed here, by the manuals that `shell` names.
#[test]
fn item_8_powershell_cmd_and_nushell_by_their_manuals() {
    for (shell, value, line) in [
        (Shell::Powershell, "$HOME 'x' %", "$env:A = '$HOME ''x'' %'"),
        (Shell::Powershell, "‘x’", "$env:A = '‘‘x’’'"),
        (Shell::Cmd, "two words 100%", "set \"A=two words 100%%\""),
        (Shell::Cmd, "a & b $HOME", "set \"A=a & b $HOME\""),
        (Shell::Cmd, r#"a"b & c"d & e"#, r#"set "A=a"b ^& c"d & e""#),
        (Shell::Nushell, "$HOME \\", "$env.A = '$HOME \\'"),
        (Shell::Nushell, r#"' " \"#, r#"$env.A = "' \" \\""#),
    ] {
        assert_eq!(for_shell(shell, &set(value)), [line]);
    }
    for (shell, line) in [
        (Shell::Powershell, "Remove-Item Env:A -ErrorAction Ignore"),
        (Shell::Cmd, "set \"A=\""),
        (Shell::Nushell, "hide-env --ignore-errors A"),
    ] {
        assert_eq!(for_unset(shell, &set("x")), [line]);
    }
}

#[test]
fn item_8_json_has_every_value_as_it_is() {
    for value in VALUES {
        let read: Value = serde_json::from_str(&json(&set(value))).unwrap();
        assert_eq!(read["A"], value);
    }
    let lines = [Line::Unset("B".to_owned()), Line::Comment("x".to_owned())];
    assert_eq!(json(&lines), "{\n  \"B\": null\n}");
}

#[test]
fn item_8_a_dotenv_value_is_one_that_all_readers_take_alike() {
    for (value, line) in [
        ("http://localhost:1/a?b=c%20d", None),
        ("api://a/Greeting.Read", Some("A=api://a/Greeting.Read")),
        ("two words", Some("A='two words'")),
        ("cost $5 & \"x\"", Some("A='cost $5 & \"x\"'")),
        ("it's", Some("A=\"it's\"")),
        (r"C:\a b", Some(r"A='C:\a b'")),
    ] {
        let line = line.map_or(format!("A='{value}'"), str::to_owned);
        assert_eq!(dotenv(&set(value)), Ok(vec![line]));
    }
    for value in ["${HOME} x", r"\\server\x", r"C:\", "it's $5", "a\nb"] {
        assert_eq!(dotenv(&set(value)), Err(NoDotenvForm("A".to_owned())));
    }
}

#[test]
fn item_8_what_no_shell_evaluates_is_a_comment_in_each() {
    let lines = [Line::Comment("50% of `x`".to_owned())];
    for shell in Shell::value_variants() {
        let expected = match shell {
            Shell::Cmd => "rem 50%% of `x`",
            _ => "# 50% of `x`",
        };
        assert_eq!(for_shell(*shell, &lines), [expected]);
    }
}
