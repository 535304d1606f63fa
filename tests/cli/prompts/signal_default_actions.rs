//! Signals other than SIGINT, SIGTERM and SIGHUP whose default action ends or stops the program: at
//! a prompt, the program first restores the terminal. Ignored signals stay ignored.

use super::PtyCommand;
use crate::sandbox::Sandbox;
use rexpect::process::Signal;
#[cfg(target_os = "linux")]
use {
    rustix::{process::Signal as LinuxSignal, termios::tcgetpgrp},
    rustix_libc_wrappers::process::SignalExt,
    std::process::Command,
};

/// Shell line that runs jeton without core dumps.
const EXEC_WITHOUT_CORE_DUMP: &str = "ulimit -c 0; exec \"$0\" \"$@\"";

/// Shells with job control. `sh` may be dash, which keeps the terminal modes of a stopped program.
/// Bash sets its own modes.
const SHELLS: [&str; 2] = ["sh -i", "bash --norc --noprofile -i"];

/// Starts `login ada`, and waits for the password prompt.
fn start_login(sandbox: &Sandbox) -> PtyCommand {
    let mut run =
        PtyCommand::start_shell_line(sandbox, EXEC_WITHOUT_CORE_DUMP, &["login", "ada"], &[]);
    run.wait_for("Password: ").wait_for_hidden_input();
    run
}

#[test]
fn terminating_signals_restore_terminal() {
    let sandbox = Sandbox::with_admin();
    for signal in [
        Signal::SIGQUIT,
        Signal::SIGUSR1,
        Signal::SIGUSR2,
        Signal::SIGALRM,
        Signal::SIGXCPU,
        Signal::SIGXFSZ,
        Signal::SIGABRT,
        Signal::SIGVTALRM,
        Signal::SIGPROF,
        Signal::SIGSYS,
        Signal::SIGTRAP,
    ] {
        let mut run = start_login(&sandbox);
        run.0.process_mut().signal(signal).unwrap();
        assert_eq!(run.wait_for_signal(), (signal, true));
    }
    sandbox.run(&["whoami"]).ok();
}

#[test]
#[cfg(target_os = "linux")]
fn signals_without_portable_default_action_exit_with_128_plus_number() {
    let sandbox = Sandbox::with_admin();
    let signals = [
        LinuxSignal::IO,
        LinuxSignal::POWER,
        LinuxSignal::STKFLT,
        LinuxSignal::rt_min(),
        LinuxSignal::rt_max(),
    ];
    for number in signals.map(LinuxSignal::as_raw) {
        let run = start_login(&sandbox);
        let terminal = run.0.process().get_file_handle().unwrap();
        let pid = tcgetpgrp(terminal).unwrap();
        let kill = format!("kill -{number} {pid}");
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert_eq!(run.finish(), (128 + number, "\n".to_owned(), true));
    }
}

#[test]
fn ctrl_backslash_restores_terminal_and_quits() {
    let sandbox = Sandbox::with_admin();
    let mut run = start_login(&sandbox);
    run.0.send_control('\\').unwrap();
    assert_eq!(run.wait_for_signal(), (Signal::SIGQUIT, true));
}

#[test]
fn ignored_signal_stays_ignored() {
    let sandbox = Sandbox::with_admin();
    let line = format!("trap '' HUP USR1; {EXEC_WITHOUT_CORE_DUMP}");
    let mut run = PtyCommand::start_shell_line(&sandbox, &line, &["login", "ada"], &[]);
    run.wait_for("Password: ").wait_for_hidden_input();
    for signal in [Signal::SIGHUP, Signal::SIGUSR1] {
        run.0.process_mut().signal(signal).unwrap();
    }
    run.0.send_line("lovelace").unwrap();
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
}

#[test]
fn ctrl_z_restores_terminal_and_fg_repeats_prompt() {
    let variables = [("PS1", "ready> "), ("JETON", env!("CARGO_BIN_EXE_jeton"))];
    for shell in SHELLS {
        let sandbox = Sandbox::with_admin();
        sandbox.register("john", "123456");
        let mut run =
            PtyCommand::start_shell_line(&sandbox, &format!("exec {shell}"), &[], &variables);
        run.wait_for("ready> ").0.send_line("\"$JETON\" login ada").unwrap();
        run.wait_for("Password: ").wait_for_hidden_input();
        run.0.send("half-typed").unwrap();
        run.0.send_control('z').unwrap();
        run.wait_for("Stopped").wait_for("ready> ");
        // While an interactive bash waits for a line, echo is disabled.
        assert!(shell.starts_with("bash") || run.has_echo(), "{shell}");
        // Because of the quotes, the echo of the typed line does not contain `done`.
        run.0.send_line("stty -a; echo d\"\"one").unwrap();
        let modes = run.0.exp_string("done").unwrap();
        assert!(modes.contains(" echo ") && modes.contains(" icanon "), "{shell}: {modes}");
        run.0.send_line("fg").unwrap();
        run.answer("Password: ", "lovelace").wait_for("logged in as ada").wait_for("ready> ");
        run.0.send_line("\"$JETON\" users delete john").unwrap();
        run.wait_for("[y/N] ").0.send_control('z').unwrap();
        run.wait_for("Stopped").wait_for("ready> ").0.send_line("fg").unwrap();
        run.press("this user? [y/N] ", "y\n").wait_for("deleted john").wait_for("ready> ");
        run.0.send_line("exit").unwrap();
        let (code, screen, has_echo) = run.finish();
        assert_eq!((code, has_echo), (0, true), "{shell}: {screen}");
    }
}

#[test]
fn background_prompt_waits_for_fg() {
    let variables = [("PS1", "ready> "), ("JETON", env!("CARGO_BIN_EXE_jeton"))];
    for shell in SHELLS {
        let sandbox = Sandbox::with_admin();
        let mut run =
            PtyCommand::start_shell_line(&sandbox, &format!("exec {shell}"), &[], &variables);
        run.wait_for("ready> ").0.send_line("\"$JETON\" login ada &").unwrap();
        // The shell reports a stopped job before its next prompt.
        let poll = "until jobs >jobs; grep -q Stopped jobs; do sleep 0.05; done";
        run.wait_for("ready> ").0.send_line(poll).unwrap();
        run.wait_for("ready> ").0.send_line("fg").unwrap();
        run.wait_for("Password: ").wait_for_hidden_input().0.send_control('z').unwrap();
        run.wait_for("Stopped").wait_for("ready> ").0.send_line("bg").unwrap();
        run.wait_for("ready> ").0.send_line("fg").unwrap();
        run.answer("Password: ", "lovelace").wait_for("logged in as ada").wait_for("ready> ");
        run.0.send_line("stty -a; echo d\"\"one").unwrap();
        let modes = run.0.exp_string("done").unwrap();
        assert!(modes.contains(" echo ") && modes.contains(" icanon "), "{shell}: {modes}");
        run.wait_for("ready> ").0.send_line("exit").unwrap();
        run.finish();
    }
}

#[test]
fn ctrl_z_without_job_control_repeats_prompt() {
    let sandbox = Sandbox::with_admin();
    let mut run = start_login(&sandbox);
    run.0.send_control('z').unwrap();
    run.answer("Password: ", "lovelace");
    let (code, screen, has_echo) = run.finish();
    assert_eq!((code, has_echo), (0, true), "{screen}");
}
