//! SIGINT (Ctrl-C), SIGTERM and SIGHUP at a prompt: the program restores the terminal, changes
//! nothing and exits.

use super::PtyCommand;
use crate::sandbox::Sandbox;
use rexpect::process::Signal;

#[test]
fn ctrl_c_at_prompt_exits_130_and_restores_terminal() {
    let sandbox = Sandbox::with_admin();
    for (words, question) in
        [(&["login", "ada"][..], "Password: "), (&["passwd"], "Current password: ")]
    {
        let mut run = PtyCommand::start(&sandbox, words);
        run.wait_for(question).wait_for_hidden_input();
        run.0.send_control('c').unwrap();
        assert_eq!(run.finish(), (130, "\n".to_owned(), true), "{words:?}");
    }
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn sigterm_at_prompt_exits_143_and_restores_terminal() {
    let sandbox = Sandbox::with_admin();
    let mut run = PtyCommand::start(&sandbox, &["login", "ada"]);
    run.wait_for("Password: ").wait_for_hidden_input();
    run.0.process_mut().signal(Signal::SIGTERM).unwrap();
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (143, true), "{screen}");
}

#[test]
fn ctrl_c_at_confirmation_exits_130_and_changes_nothing() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    // Repeated to detect a race: the thread that handles the signal must end the program before the
    // thread that asks the question continues.
    for _ in 0..8 {
        let mut run = PtyCommand::start(&sandbox, &["users", "delete", "john"]);
        run.wait_for("Delete john and revoke all tokens of this user? [y/N] ");
        run.0.send_control('c').unwrap();
        assert_eq!(run.finish(), (130, "^C\n".to_owned(), true));
    }
    sandbox.run(&["users", "show", "john"]).ok();
}

#[test]
fn sighup_at_prompt_exits_143_and_restores_terminal() {
    let sandbox = Sandbox::with_admin();
    for (words, question) in
        [(&["login", "ada"][..], "Password: "), (&["passwd"], "Current password: ")]
    {
        let mut run = PtyCommand::start(&sandbox, words);
        run.wait_for(question).wait_for_hidden_input();
        run.0.process_mut().signal(Signal::SIGHUP).unwrap();
        assert_eq!(run.finish(), (143, "\n".to_owned(), true), "{words:?}");
    }
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn sighup_and_sigterm_at_confirmation_exit_143_and_change_nothing() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    for signal in [Signal::SIGHUP, Signal::SIGTERM].repeat(8) {
        let mut run = PtyCommand::start(&sandbox, &["users", "delete", "john"]);
        run.wait_for("Delete john and revoke all tokens of this user? [y/N] ");
        run.0.process_mut().signal(signal).unwrap();
        assert_eq!(run.finish(), (143, "\n".to_owned(), true), "{signal}");
    }
    sandbox.run(&["users", "show", "john"]).ok();
}

#[test]
fn signal_is_reported_as_one_line_json_error() {
    let sandbox = Sandbox::with_admin();
    let error = |code: i32| {
        format!(
            "{{\"error\":{{\"kind\":\"Interrupted\",\"code\":\"interrupted\",\"exit_code\":{code},\
             \"message\":\"interrupted\",\"hint\":null,\"details\":{{}}}}}}\n"
        )
    };
    // Answers all questions except the last, at which the closure sends the signal.
    let assert_reported = |words: &[&str], questions: &[&str], signal, code| {
        let (last_question, earlier_questions) = questions.split_last().unwrap();
        let mut run = PtyCommand::start_redirected(&sandbox, ["out", "err"], words);
        for question in earlier_questions {
            run.answer(question, "lovelace");
        }
        run.wait_for(last_question).wait_for_hidden_input();
        run.0.process_mut().signal(signal).unwrap();
        assert_eq!(run.finish(), (code, "\n".to_owned(), true), "{words:?}");
        let text = |name: &str| std::fs::read_to_string(sandbox.home().join(name)).unwrap();
        assert_eq!((text("out"), text("err")), (String::new(), error(code)), "{words:?}");
    };
    let login = ["login", "ada", "-o", "json"];
    assert_reported(&login, &["Password: "], Signal::SIGINT, 130);
    assert_reported(&login, &["Password: "], Signal::SIGTERM, 143);
    // The signal is also reported if it arrives at the second question of a command.
    let passwd = ["passwd", "-o", "json"];
    let questions = ["Current password: ", "New password: "];
    assert_reported(&passwd, &questions, Signal::SIGTERM, 143);
}
