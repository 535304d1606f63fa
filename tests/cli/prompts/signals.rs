//! A signal in a prompt ends the program, changes nothing, and gives the terminal back.

use super::OnTerminal;
use crate::sandbox::Sandbox;
use rexpect::process::Signal;

#[test]
fn ctrl_c_in_a_prompt_is_130_and_gives_the_terminal_back() {
    let sandbox = Sandbox::with_admin();
    for (words, question) in
        [(&["login", "ada"][..], "Password: "), (&["passwd"], "Current password: ")]
    {
        let mut run = OnTerminal::run(&sandbox, words);
        run.asks(question).hides();
        run.0.send_control('c').unwrap();
        assert_eq!(run.ends(), (130, "\n".to_owned(), true), "{words:?}");
    }
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn sigterm_in_a_prompt_is_143_and_gives_the_terminal_back() {
    let sandbox = Sandbox::with_admin();
    let mut run = OnTerminal::run(&sandbox, &["login", "ada"]);
    run.asks("Password: ").hides();
    run.0.process_mut().signal(Signal::SIGTERM).unwrap();
    let (code, screen, echoes) = run.ends();
    assert_eq!((code, echoes), (143, true), "{screen}");
}

#[test]
fn ctrl_c_at_a_yes_or_no_question_is_130_and_changes_nothing() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    // Several times: the question's own thread must never answer before the signal does.
    for _ in 0..8 {
        let mut run = OnTerminal::run(&sandbox, &["users", "delete", "john"]);
        run.asks("Delete john and revoke all of its tokens? [y/N] ");
        run.0.send_control('c').unwrap();
        assert_eq!(run.ends(), (130, "^C\n".to_owned(), true));
    }
    sandbox.run(&["users", "show", "john"]).ok();
}

#[test]
fn sighup_in_a_prompt_is_143_and_gives_the_terminal_back() {
    let sandbox = Sandbox::with_admin();
    for (words, question) in
        [(&["login", "ada"][..], "Password: "), (&["passwd"], "Current password: ")]
    {
        let mut run = OnTerminal::run(&sandbox, words);
        run.asks(question).hides();
        run.0.process_mut().signal(Signal::SIGHUP).unwrap();
        assert_eq!(run.ends(), (143, "\n".to_owned(), true), "{words:?}");
    }
    sandbox.run(&["whoami"]).ok();
}

#[test]
fn sighup_and_sigterm_at_a_yes_or_no_question_are_143_and_change_nothing() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    for signal in [Signal::SIGHUP, Signal::SIGTERM].repeat(8) {
        let mut run = OnTerminal::run(&sandbox, &["users", "delete", "john"]);
        run.asks("Delete john and revoke all of its tokens? [y/N] ");
        run.0.process_mut().signal(signal).unwrap();
        assert_eq!(run.ends(), (143, "\n".to_owned(), true), "{signal}");
    }
    sandbox.run(&["users", "show", "john"]).ok();
}

#[test]
fn programs_are_told_of_a_signal_in_one_line() {
    let sandbox = Sandbox::with_admin();
    let error = |code: i32| {
        format!(
            "{{\"error\":{{\"kind\":\"Interrupted\",\"code\":\"interrupted\",\"exit_code\":{code},\
             \"message\":\"interrupted\",\"hint\":null,\"details\":{{}}}}}}\n"
        )
    };
    // Of two questions each has a thread that hears it.
    let asked = |words: &[&str], questions: &[&str], signal, code| {
        let mut run = OnTerminal::run_into(&sandbox, ["out", "err"], words);
        for question in &questions[1..] {
            run.answer(question, "lovelace");
        }
        run.asks(questions[0]).hides();
        run.0.process_mut().signal(signal).unwrap();
        assert_eq!(run.ends(), (code, "\n".to_owned(), true), "{words:?}");
        let text = |name: &str| std::fs::read_to_string(sandbox.home().join(name)).unwrap();
        assert_eq!((text("out"), text("err")), (String::new(), error(code)), "{words:?}");
    };
    let login = ["login", "ada", "-o", "json"];
    asked(&login, &["Password: "], Signal::SIGINT, 130);
    asked(&login, &["Password: "], Signal::SIGTERM, 143);
    let passwd = ["passwd", "-o", "json"];
    let questions = ["New password: ", "Current password: "];
    asked(&passwd, &questions, Signal::SIGTERM, 143);
}
