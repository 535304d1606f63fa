//! Confirmation prompts: the conditions under which a command asks, and the effects of the answers.

use super::PtyCommand;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::time::Duration;

const DELETE: [&str; 3] = ["users", "delete", "john"];
const QUESTION: &str = "Delete john and revoke all tokens of this user? [y/N] ";
const DELETED: &str = "deleted john, revoked 0 tokens\n";
const CANCELLED: &str = "error: cancelled, nothing was changed\n";

/// Creates a sandbox with the logged-in admin ada and the user john, who is not logged in.
fn sandbox_with_registered_john() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    sandbox
}

fn john_exists(sandbox: &Sandbox) -> bool {
    sandbox.json(&["users", "list"])["total"] == 2
}

#[test]
fn confirmation_requires_terminal_or_yes_option() {
    let delete_with_yes = [&DELETE[..], &["--yes"]].concat();

    let sandbox = sandbox_with_registered_john();
    let mut prompt = PtyCommand::start(&sandbox, &DELETE);
    prompt.press(QUESTION, "y\n");
    let screen = format!("y\n{DELETED}");
    assert_eq!(prompt.finish(), (0, screen, true), "a terminal, no --yes");
    assert!(!john_exists(&sandbox));

    let sandbox = sandbox_with_registered_john();
    let output = PtyCommand::start(&sandbox, &delete_with_yes).finish();
    assert_eq!(output, (0, DELETED.to_owned(), true), "a terminal and --yes");
    assert!(!john_exists(&sandbox));

    let sandbox = sandbox_with_registered_john();
    assert_snapshot!(sandbox.run(&DELETE), @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    assert_snapshot!(sandbox.run_with_input(&DELETE, "y\n"), @"
    --- exit code 2, stderr
    error: confirmation required, but standard input is not a terminal
    hint: add `--yes`
    ");
    assert!(john_exists(&sandbox), "no terminal, no --yes");

    assert_snapshot!(sandbox.run(&delete_with_yes), @"
    --- stderr
    deleted john, revoked 0 tokens
    ");
    assert!(!john_exists(&sandbox), "no terminal, but --yes");
}

#[test]
fn hash_export_requires_confirmation() {
    let sandbox = sandbox_with_registered_john();
    let export = ["users", "export", "--with-hashes"];
    for (answer, expected_code) in [("y\n", 0), ("n\n", 2)] {
        let mut prompt = PtyCommand::start(&sandbox, &export);
        prompt.press("Print all password hashes? [y/N] ", answer);
        let (code, screen, _) = prompt.finish();
        assert!(code == expected_code && screen.starts_with(answer), "{screen}");
        assert_eq!(screen.contains("argon2id"), expected_code == 0, "{screen}");
    }
}

#[test]
fn confirmation_accepts_y_and_yes_in_any_case() {
    // In the last answer, Ctrl-U (`\u{15}`) erases `no`.
    for answer in ["y\n", "Y\n", "yes\r", "YES\n", " Yes \n", "no\u{15}y\n"] {
        let sandbox = sandbox_with_registered_john();
        let mut prompt = PtyCommand::start(&sandbox, &DELETE);
        prompt.press(QUESTION, answer);
        let (code, screen, has_echo) = prompt.finish();
        assert_eq!((code, has_echo), (0, true), "{answer:?}: {screen}");
        assert!(screen.ends_with(DELETED), "{answer:?}: {screen}");
        assert!(!john_exists(&sandbox), "{answer:?}");
    }
}

#[test]
fn answer_other_than_y_or_yes_cancels() {
    let sandbox = sandbox_with_registered_john();
    // `\u{4}` is Ctrl-D, which ends the input.
    for answer in [
        "\n",
        "n\n",
        "N\r",
        "no\n",
        "maybe\n",
        "stay\n",
        "yess\n",
        "ye\n",
        "y n\n",
        "yy\n",
        "\u{1b}\n",
        "\u{4}",
        "y\u{4}\u{4}",
    ] {
        let mut prompt = PtyCommand::start(&sandbox, &DELETE);
        prompt.press(QUESTION, answer);
        let (code, screen, has_echo) = prompt.finish();
        assert_eq!((code, has_echo), (2, true), "{answer:?}: {screen}");
        // A line break separates the question from the error, also after Ctrl-D.
        assert!(screen.ends_with(&format!("\n{CANCELLED}")), "{answer:?}: {screen}");
        assert!(john_exists(&sandbox), "{answer:?}");
    }
}

#[test]
fn answer_requires_line_break() {
    let sandbox = sandbox_with_registered_john();
    let mut prompt = PtyCommand::start(&sandbox, &DELETE);
    prompt.press(QUESTION, "y").wait_for("y");
    std::thread::sleep(Duration::from_millis(200));
    assert!(john_exists(&sandbox));
    // Backspace (`\u{7f}`) erases the `y`.
    prompt.0.send("\u{7f}n\n").unwrap();
    prompt.0.flush().unwrap();
    assert_eq!(prompt.finish().0, 2);
    assert!(john_exists(&sandbox));
}

#[test]
fn text_pasted_before_question_is_discarded() {
    let sandbox = sandbox_with_registered_john();
    let line = "read -r first; echo \"first $first\"; exec \"$0\" \"$@\"";
    let mut prompt = PtyCommand::start_shell_line(&sandbox, line, &DELETE, &[]);
    // The paste has three lines: the shell reads the first line, and the other lines stay in the
    // input queue of the terminal.
    prompt.0.send("go\ny\nyes\n").unwrap();
    prompt.0.flush().unwrap();
    prompt.wait_for("first go").press(QUESTION, "n\n");
    assert_eq!(prompt.finish(), (2, format!("n\n{CANCELLED}"), true));
    assert!(john_exists(&sandbox));
}

#[test]
fn text_pasted_after_answer_is_discarded() {
    for (answer, output) in [("y", DELETED), ("n", CANCELLED)] {
        let sandbox = sandbox_with_registered_john();
        let line = "\"$0\" \"$@\"; printf 'next? '; read -r next; echo \"got $next\"";
        let mut prompt = PtyCommand::start_shell_line(&sandbox, line, &DELETE, &[]);
        prompt.press(QUESTION, &format!("{answer}\ntouch pasted\ny\n"));
        prompt.wait_for(&output.replace('\n', "\r\n")).press("next? ", "own\n");
        prompt.wait_for("got own\r\n");
        assert_eq!(prompt.finish().0, 0);
    }
}

#[test]
fn revocation_question_names_token_count_and_owner() {
    let sandbox = sandbox_with_registered_john();
    let revoke = ["token", "revoke", "--all"];
    sandbox.run(&["token", "create", "a", "--user", "john"]).ok();
    for (options, objects) in [
        (&[][..], "1 token of ada"),
        (&["--user", "john"], "1 token of john"),
        (&["--all-users"], "2 tokens of all users"),
    ] {
        sandbox.run(&["token", "create", "b"]).ok();
        let mut prompt = PtyCommand::start(&sandbox, &[&revoke[..], options].concat());
        prompt.press(&format!("Revoke {objects}? [y/N] "), "n\n");
        let screen = format!("n\n{CANCELLED}");
        assert_eq!(prompt.finish(), (2, screen, true), "{options:?}");
        sandbox.run(&["token", "revoke", "--app", "b", "--yes"]).ok();
    }
}
