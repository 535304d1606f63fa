//! Prompts for a new password: confirmation, minimum length, the current password of `passwd`, and
//! no escape sequences.

use super::PtyCommand;
use crate::sandbox::Sandbox;

// Questions, and the message after a confirmation that differs from the new password.
const CURRENT: &str = "Current password: ";
const NEW: &str = "New password: ";
const CONFIRM: &str = "Confirm password: ";
const MISMATCH: &str = "passwords do not match\r\n";

#[test]
fn mismatching_confirmation_repeats_the_prompts() {
    let sandbox = Sandbox::new();
    let mut run = PtyCommand::start(&sandbox, &["init", "ada"]);
    for _ in 0..2 {
        run.answer(NEW, "lovelace").answer(CONFIRM, "lovelaec").wait_for(MISMATCH);
    }
    run.answer(NEW, "lovelace").answer(CONFIRM, "lovelace");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn third_mismatching_confirmation_is_refused() {
    let sandbox = Sandbox::new();
    let mut run = PtyCommand::start(&sandbox, &["init", "ada"]);
    for _ in 0..2 {
        run.answer(NEW, "lovelace").answer(CONFIRM, "lovelaec").wait_for(MISMATCH);
    }
    run.answer(NEW, "lovelace").answer(CONFIRM, "lovelaec");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (2, true), "{screen}");
    assert!(screen.ends_with("error: passwords do not match\n"), "{screen}");
    assert!(!sandbox.has_store());
}

#[test]
fn empty_password_after_a_mismatching_confirmation_cancels() {
    let sandbox = Sandbox::new();
    let mut run = PtyCommand::start(&sandbox, &["init", "ada"]);
    run.answer(NEW, "lovelace").answer(CONFIRM, "lovelaec").wait_for(MISMATCH).answer(NEW, "");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (2, true), "{screen}");
    assert!(screen.ends_with("error: cancelled\n"), "{screen}");
}

#[test]
fn short_password_repeats_the_prompt_without_confirmation_and_fails_the_third_time() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "password.min_length", "8"]).ok();
    let refusal = "password shorter than 8 characters\r\n";
    for (words, user) in [
        (&["register", "eve"][..], "eve"),
        (&["users", "create", "kim"], "kim"),
        (&["passwd"], "ada"),
        (&["recover", "ada"], "ada"),
    ] {
        let mut run = PtyCommand::start(&sandbox, words);
        if words == ["passwd"] {
            run.answer(CURRENT, "lovelace");
        }
        run.answer(NEW, "7 chars").wait_for(refusal);
        run.answer(NEW, "8  chars").answer(CONFIRM, "8  chars");
        let (code, screen, has_echo) = run.finish();
        assert_eq!((code, has_echo), (0, true), "{words:?}: {screen}");
        sandbox.log_in(user, "8  chars");
        // The next command runs as ada again.
        sandbox.log_in("ada", if user == "ada" { "8  chars" } else { "lovelace" });
    }
    let mut run = PtyCommand::start(&sandbox, &["users", "create", "tim"]);
    for _ in 0..2 {
        run.answer(NEW, "7 chars").wait_for(refusal);
    }
    run.answer(NEW, "7 chars");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (2, true), "{screen}");
    assert!(screen.ends_with("error: password shorter than 8 characters\n"), "{screen}");
    sandbox.run(&["users", "show", "tim"]).fails(3);
}

#[test]
fn wrong_current_password_is_refused_before_the_prompt_for_the_new_password() {
    let sandbox = Sandbox::with_admin();
    let mut run = PtyCommand::start(&sandbox, &["passwd"]);
    run.answer(CURRENT, "wrong");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (6, true), "{screen}");
    assert!(screen.ends_with("error: wrong password\n") && !screen.contains(NEW), "{screen}");
    let output = sandbox.run_with_input(&["passwd", "--password-stdin"], "wrong\ncountess\n");
    assert_eq!((output.code, output.stderr.as_str()), (6, "error: wrong password\n"));
    let audit = sandbox.sql("SELECT outcome FROM audit WHERE action = 'passwd'");
    assert_eq!(audit, ["login_invalid", "login_invalid"]);
    sandbox.log_in("ada", "lovelace");
}

#[test]
fn password_set_by_another_process_during_the_prompt_is_kept() {
    let sandbox = Sandbox::with_admin();
    let mut run = PtyCommand::start(&sandbox, &["passwd"]);
    run.answer(CURRENT, "lovelace").wait_for(NEW);
    let recover = ["recover", "ada", "--password-stdin"];
    let _ = sandbox.run_with_input(&recover, "byron1815").ok();
    run.0.send_line("countess").unwrap();
    run.answer(CONFIRM, "countess");
    let (code, screen, _) = run.finish();
    assert_eq!(code, 12, "{screen}");
    sandbox.log_in("ada", "byron1815");
}

#[test]
fn prompts_send_no_escape_sequences() {
    for term in ["dumb", "xterm"] {
        let sandbox = Sandbox::new();
        let mut run = PtyCommand::start_unstripped(&sandbox, &["init", "ada"], &[("TERM", term)]);
        let mut screen = String::new();
        for (question, answer) in
            [(NEW, "lovelace"), (CONFIRM, "lovelaec"), (NEW, "lovelace"), (CONFIRM, "lovelace")]
        {
            screen += &run.0.exp_string(question).unwrap();
            run.wait_for_hidden_input().0.send_line(answer).unwrap();
        }
        let (code, end, has_echo) = run.finish();
        screen += &end;
        assert_eq!((code, has_echo), (0, true), "{term}: {screen}");
        assert!(screen.contains("passwords do not match"), "{term}: {screen}");
        assert!(!screen.contains('\u{1b}'), "{term}: {screen:?}");
    }
}
