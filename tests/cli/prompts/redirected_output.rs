//! Prompts open the terminal device, so redirection of both outputs does not hide the questions.

use super::PtyCommand;
use crate::sandbox::Sandbox;

/// Files for standard output and standard error.
const FILES: [&str; 2] = ["out", "err"];

fn file_contents(sandbox: &Sandbox) -> [String; 2] {
    FILES.map(|name| std::fs::read_to_string(sandbox.home().join(name)).unwrap())
}

#[test]
fn password_prompt_works_with_redirected_output() {
    let sandbox = Sandbox::with_admin();
    let mut run = PtyCommand::start_redirected(&sandbox, FILES, &["passwd", "-o", "json"]);
    run.answer("Current password: ", "lovelace")
        .answer("New password: ", "countess")
        .answer("Confirm password: ", "countess");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, screen.trim(), has_echo), (0, "", true));
    assert_eq!(file_contents(&sandbox), ["{\"changed\":true,\"sessions_ended\":0}\n", ""]);
    sandbox.log_in("ada", "countess");
}

#[test]
fn confirmation_works_with_redirected_output() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    let question = "Delete john and revoke all tokens of this user? [y/N] ";
    for (answer, code, message) in [
        ("n\n", 2, "error: cancelled, nothing was changed\n"),
        ("y\n", 0, "deleted john, revoked 0 tokens\n"),
    ] {
        let mut run = PtyCommand::start_redirected(&sandbox, FILES, &["users", "delete", "john"]);
        run.press(question, answer);
        assert_eq!(run.finish(), (code, answer.to_owned(), true));
        assert_eq!(file_contents(&sandbox), ["", message]);
    }
    sandbox.run(&["users", "show", "john"]).fails(3);
}
