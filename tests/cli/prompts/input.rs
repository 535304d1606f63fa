//! Standard input typed on a terminal: jeton announces the input once (not with `-q` or `-o json`),
//! and secrets are not echoed.

use super::PtyCommand;
use crate::sandbox::Sandbox;
use rexpect::process::Signal;

const SECRET: &str = "typed-and-not-shown-0123456789abcdef";
const ANNOUNCEMENT_END: &str = "from standard input; press Ctrl-D on an empty line to finish\r\n";

/// Commands that read secret input, each with the name of the input in the announcement.
const SECRET_COMMANDS: &[(&str, &str)] = &[
    ("login ada --password-stdin", "the password"),
    ("login ada --password-file -", "the password"),
    ("register eve --password-stdin", "the password"),
    ("passwd --password-stdin", "the current and new password"),
    ("passwd --password-file -", "the current and new password"),
    ("refresh --token-stdin", "the token"),
    ("whoami --token-file -", "the token"),
    ("token decode -", "the token"),
    ("token inspect -", "the token"),
    ("token introspect -", "the token"),
    ("token verify -", "the token"),
    ("token revoke -", "the token"),
    ("token renew -", "the token"),
    ("token verify --batch", "tokens"),
    ("token verify x --jwks -", "the key"),
    ("token verify x --key - --alg HS256", "the key"),
    ("token mint --key-file - --alg HS512", "the key"),
    ("token fixtures --key-file - --alg HS512 --out f", "the key"),
    ("keys import --from-file - --alg HS512", "the key"),
    // This command must be last, because it ends the session that other commands need.
    ("recover ada --password-stdin", "the password"),
];

fn split_words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[test]
fn typed_secret_is_announced_once_and_not_echoed() {
    let sandbox = Sandbox::with_admin();
    for (line, input_name) in SECRET_COMMANDS {
        let mut run = PtyCommand::start(&sandbox, &split_words(line));
        run.wait_for(&format!("reading {input_name} {ANNOUNCEMENT_END}")).wait_for_hidden_input();
        run.0.send_line(SECRET).unwrap();
        run.0.send_control('d').unwrap();
        let (code, screen, has_echo) = run.finish();
        assert!(has_echo && code != 101, "{line}: {code} {screen}");
        assert!(!screen.contains(SECRET) && !screen.contains("reading "), "{line}: {screen}");
    }
}

#[test]
fn typed_password_logs_in() {
    let sandbox = Sandbox::with_admin();
    let mut run = PtyCommand::start(&sandbox, &["login", "ada", "--password-stdin"]);
    run.wait_for(ANNOUNCEMENT_END).wait_for_hidden_input().0.send_line("lovelace").unwrap();
    run.0.send_control('d').unwrap();
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
    assert!(screen.ends_with("logged in as ada\n"), "{screen}");
}

#[test]
fn secret_is_not_echoed_on_a_terminal_that_is_not_the_controlling_terminal() {
    let sandbox = Sandbox::with_admin();
    let words = ["login", "ada", "--password-stdin"];
    let mut run =
        PtyCommand::start_shell_line(&sandbox, "exec setsid --wait \"$0\" \"$@\"", &words, &[]);
    run.wait_for(ANNOUNCEMENT_END).wait_for_hidden_input().0.send_line("lovelace").unwrap();
    run.0.send_control('d').unwrap();
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
}

#[test]
fn ctrl_c_and_ctrl_backslash_restore_echo() {
    let sandbox = Sandbox::with_admin();
    let start_login = || {
        let line = "ulimit -c 0; exec \"$0\" \"$@\"";
        let words = ["login", "ada", "--password-stdin"];
        let mut run = PtyCommand::start_shell_line(&sandbox, line, &words, &[]);
        run.wait_for(ANNOUNCEMENT_END).wait_for_hidden_input();
        run
    };
    let mut run = start_login();
    run.0.send_control('c').unwrap();
    assert_eq!(run.finish(), (130, "\n".to_owned(), true));
    let mut run = start_login();
    run.0.send_control('\\').unwrap();
    assert_eq!(run.wait_for_signal(), (Signal::SIGQUIT, true));
}

#[test]
fn non_secret_input_is_announced_and_echoed() {
    let sandbox = Sandbox::with_admin();
    for (line, input_name) in [
        ("users import -", "the rows"),
        ("token mint --from -", "the rows"),
        ("token mint --claims -", "the claims"),
        ("token fixtures --claims - --out f", "the claims"),
        ("run --claims - -- true", "the claims"),
    ] {
        let mut run = PtyCommand::start(&sandbox, &split_words(line));
        run.wait_for(&format!("reading {input_name} {ANNOUNCEMENT_END}"));
        assert!(run.has_echo(), "{line}");
        run.0.send_line("visible").unwrap();
        run.0.send_control('d').unwrap();
        let (code, screen, has_echo) = run.finish();
        assert!(has_echo && code != 101, "{line}: {code} {screen}");
        assert!(screen.starts_with("visible\n") && !screen.contains("reading "), "{screen}");
    }
}

#[test]
fn quiet_and_json_options_suppress_announcement() {
    let sandbox = Sandbox::with_admin();
    for flags in [&["-q"][..], &["-o", "json"]] {
        let words = [&["token", "decode", "-"], flags].concat();
        let mut run = PtyCommand::start(&sandbox, &words);
        run.wait_for_hidden_input().0.send_line("x").unwrap();
        run.0.send_control('d').unwrap();
        let (_, screen, has_echo) = run.finish();
        assert!(has_echo && !screen.contains("reading"), "{screen}");
    }
}
