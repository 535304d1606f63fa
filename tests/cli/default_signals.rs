//! Default actions of signals in the tested programs, also if the tests run under `nohup` or as a
//! background job of a script, where SIGHUP, SIGINT or SIGQUIT are ignored.
//!
//! A started program inherits ignored signals, but not handlers: a signal with a handler gets its
//! default action. So each signal that the process of the tests ignores gets a handler without
//! effect.

use signal_hook::consts::{FORBIDDEN, SIGPIPE};
use std::sync::{Arc, LazyLock};

/// Signals other than the real-time signals.
const STANDARD_SIGNALS: std::ops::Range<i32> = 1..32;

/// Restores the default actions of standard signals for programs that this process starts.
/// Without `/proc`, ignored signals stay ignored.
pub(crate) fn restore_in_child_processes() {
    static HANDLERS: LazyLock<()> = LazyLock::new(|| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = ignored_signals(&status).into_iter();
        // The Rust runtime ignores SIGPIPE, but `Command` restores the default action in the
        // started program.
        for signal in ignored.filter(|signal| *signal != SIGPIPE && !FORBIDDEN.contains(signal)) {
            signal_hook::flag::register(signal, Arc::default()).unwrap();
        }
    });
    *HANDLERS;
}

/// Returns the standard signals that a process ignores. `status` is the content of
/// `/proc/PID/status`.
fn ignored_signals(status: &str) -> Vec<i32> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.map_or(0, |mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    STANDARD_SIGNALS.filter(|signal| mask >> (signal - 1) & 1 == 1).collect()
}

#[cfg(target_os = "linux")]
mod tests {
    use super::ignored_signals;
    use crate::sandbox::Sandbox;
    use std::process::Command;

    #[test]
    fn programs_start_without_ignored_signals() {
        // `Sandbox::new` calls `restore_in_child_processes`.
        let _sandbox = Sandbox::new();
        let output = Command::new("cat").arg("/proc/self/status").output().unwrap();
        let status = String::from_utf8(output.stdout).unwrap();
        assert_eq!(ignored_signals(&status), Vec::<i32>::new());
    }

    #[test]
    fn signals_that_the_tests_ignore_are_not_ignored_in_programs() {
        // The shell ignores signals, and replaces itself by this test program, which runs the other
        // test.
        let script = "trap '' HUP INT QUIT USR1 TSTP TTOU; exec \"$0\" --exact \"$1\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(std::env::current_exe().unwrap());
        shell.arg("default_signals::tests::programs_start_without_ignored_signals");
        let stdout = String::from_utf8(shell.output().unwrap().stdout).unwrap();
        assert!(stdout.contains("1 passed"), "{stdout}");
    }
}
