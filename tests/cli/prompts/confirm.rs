//! Confirmation prompts: conditions and answers.

use super::OnTerminal;
use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::time::Duration;

const DELETE: [&str; 3] = ["users", "delete", "john"];
const QUESTION: &str = "Delete john and revoke all of its tokens? [y/N] ";
const DELETED: &str = "deleted john, revoked 0 tokens\n";
const CANCELLED: &str = "error: cancelled, nothing was changed\n";
fn with_john() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    sandbox
}

fn is_there(sandbox: &Sandbox) -> bool {
    sandbox.json(&["users", "list"])["total"] == 2
}

#[test]
fn confirmation_requires_terminal_or_yes() {
    let yes = [&DELETE[..], &["--yes"]].concat();

    let sandbox = with_john();
    let mut asked = OnTerminal::run(&sandbox, &DELETE);
    asked.press(QUESTION, "y\n");
    let screen = format!("y\n{DELETED}");
    assert_eq!(asked.ends(), (0, screen, true), "a terminal, no --yes");
    assert!(!is_there(&sandbox));

    let sandbox = with_john();
    let said = OnTerminal::run(&sandbox, &yes).ends();
    assert_eq!(said, (0, DELETED.to_owned(), true), "a terminal and --yes");
    assert!(!is_there(&sandbox));

    let sandbox = with_john();
    assert_snapshot!(sandbox.run(&DELETE), @"
    --- exit code 2, stderr
    error: nobody is there to confirm it
    hint: add `--yes`
    ");
    assert_snapshot!(sandbox.run_with_input(&DELETE, "y\n"), @"
    --- exit code 2, stderr
    error: nobody is there to confirm it
    hint: add `--yes`
    ");
    assert!(is_there(&sandbox), "no terminal, no --yes");

    assert_snapshot!(sandbox.run(&yes), @"
    --- stderr
    deleted john, revoked 0 tokens
    ");
    assert!(!is_there(&sandbox), "no terminal, but --yes");
}

#[test]
fn hash_export_requires_confirmation() {
    let sandbox = with_john();
    let export = ["users", "export", "--with-hashes"];
    for (answer, code) in [("y\n", 0), ("n\n", 2)] {
        let mut asked = OnTerminal::run(&sandbox, &export);
        asked.press("Print the hashes of all passwords? [y/N] ", answer);
        let (ended, screen, _) = asked.ends();
        assert!(ended == code && screen.starts_with(answer), "{screen}");
        assert_eq!(screen.contains("argon2id"), code == 0, "{screen}");
    }
}

#[test]
fn confirmation_accepts_y_or_yes_only() {
    for answer in ["y\n", "Y\n", "yes\r", "YES\n", " Yes \n", "no\u{15}y\n"] {
        let sandbox = with_john();
        let mut run = OnTerminal::run(&sandbox, &DELETE);
        run.press(QUESTION, answer);
        let (code, screen, echoes) = run.ends();
        assert_eq!((code, echoes), (0, true), "{answer:?}: {screen}");
        assert!(screen.ends_with(DELETED), "{answer:?}: {screen}");
        assert!(!is_there(&sandbox), "{answer:?}");
    }
}

#[test]
fn other_answers_cancel() {
    let sandbox = with_john();
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
        let mut run = OnTerminal::run(&sandbox, &DELETE);
        run.press(QUESTION, answer);
        let (code, screen, echoes) = run.ends();
        assert_eq!((code, echoes), (2, true), "{answer:?}: {screen}");
        // The line of the question always ends with a line break.
        assert!(screen.ends_with(&format!("\n{CANCELLED}")), "{answer:?}: {screen}");
        assert!(is_there(&sandbox), "{answer:?}");
    }
}

#[test]
fn answer_requires_line_break() {
    let sandbox = with_john();
    let mut run = OnTerminal::run(&sandbox, &DELETE);
    run.press(QUESTION, "y").asks("y");
    std::thread::sleep(Duration::from_millis(200));
    assert!(is_there(&sandbox));
    run.0.send("\u{7f}n\n").unwrap();
    run.0.flush().unwrap();
    assert_eq!(run.ends().0, 2);
    assert!(is_there(&sandbox));
}

#[test]
fn text_pasted_before_question_is_discarded() {
    let sandbox = with_john();
    let line = "read -r first; echo \"first $first\"; exec \"$0\" \"$@\"";
    let mut run = OnTerminal::run_as(&sandbox, line, &DELETE, &[]);
    // One paste: the shell reads the first line, and the other lines stay in the terminal's queue.
    run.0.send("go\ny\nyes\n").unwrap();
    run.0.flush().unwrap();
    run.asks("first go").press(QUESTION, "n\n");
    assert_eq!(run.ends(), (2, format!("n\n{CANCELLED}"), true));
    assert!(is_there(&sandbox));
}

#[test]
fn text_pasted_after_answer_is_discarded() {
    for (answer, said) in [("y", DELETED), ("n", CANCELLED)] {
        let sandbox = with_john();
        let line = "\"$0\" \"$@\"; printf 'next? '; read -r next; echo \"got $next\"";
        let mut run = OnTerminal::run_as(&sandbox, line, &DELETE, &[]);
        run.press(QUESTION, &format!("{answer}\ntouch pasted\ny\n"));
        run.asks(&said.replace('\n', "\r\n")).press("next? ", "own\n");
        run.asks("got own\r\n");
        assert_eq!(run.ends().0, 0);
    }
}

#[test]
fn question_names_count_and_owner() {
    let sandbox = with_john();
    let revoke = ["token", "revoke", "--all"];
    sandbox.run(&["token", "create", "a", "--user", "john"]).ok();
    for (words, whose) in [
        (&[][..], "1 token of ada"),
        (&["--user", "john"], "1 token of john"),
        (&["--all-users"], "2 tokens of all users"),
    ] {
        sandbox.run(&["token", "create", "b"]).ok();
        let mut asked = OnTerminal::run(&sandbox, &[&revoke[..], words].concat());
        asked.press(&format!("Revoke {whose}? [y/N] "), "n\n");
        let screen = format!("n\n{CANCELLED}");
        assert_eq!(asked.ends(), (2, screen, true), "{words:?}");
        sandbox.run(&["token", "revoke", "--app", "b", "--yes"]).ok();
    }
}
