//! Signals that end a process by default, signals that this process ignores, and the end of an
//! operation by Ctrl-C.

#[cfg(target_os = "linux")]
use rustix::process::Signal;
#[cfg(target_os = "linux")]
use rustix_libc_wrappers::process::SignalExt;
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1,
    SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ,
};

/// Early end of an operation by Ctrl-C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub(crate) struct Interrupted;

/// Function that returns an error after Ctrl-C. An operation can call the function on any thread.
pub(crate) type InterruptionCheck<'c> = dyn Fn() -> Result<(), Interrupted> + Sync + 'c;

/// Signals of [`terminating_signals`] that exist not only on Linux. On macOS, SIGIO does not end a
/// process by default.
const PORTABLE_TERMINATING_SIGNALS: [i32; 15] = [
    SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGABRT, SIGIO, SIGPROF, SIGSYS,
    SIGTRAP, SIGVTALRM, SIGXCPU, SIGXFSZ,
];

/// Returns the signals that end a process by default and that a process can catch, including the
/// real-time signals. The result includes neither the fault signals (BUS, FPE, ILL, SEGV) nor PIPE,
/// which the Rust runtime ignores.
#[cfg(target_os = "linux")]
pub(crate) fn terminating_signals() -> impl Iterator<Item = i32> {
    let linux_signals = [Signal::POWER.as_raw(), Signal::STKFLT.as_raw()];
    let real_time = Signal::rt_min().as_raw()..=Signal::rt_max().as_raw();
    PORTABLE_TERMINATING_SIGNALS.into_iter().chain(linux_signals).chain(real_time)
}

/// Returns the signals that end a process by default and that a process can catch. The result
/// includes neither the fault signals (BUS, FPE, ILL, SEGV) nor PIPE, which the Rust runtime
/// ignores.
#[cfg(not(target_os = "linux"))]
pub(crate) fn terminating_signals() -> impl Iterator<Item = i32> {
    PORTABLE_TERMINATING_SIGNALS.into_iter()
}

/// Returns the `signals` without the signals that this process ignores. A process that `nohup`
/// started, or that a script started in the background, ignores some signals from its start, and
/// must continue to ignore these signals. Without `/proc`, returns all `signals`.
pub(crate) fn exclude_ignored(signals: impl Iterator<Item = i32>) -> impl Iterator<Item = i32> {
    let mask = ignored_mask();
    signals.filter(move |signal| mask >> (signal - 1) & 1 == 0)
}

/// Returns the mask of ignored signals: bit `n - 1` is set if signal `n` is ignored.
fn ignored_mask() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
