//! Progress bar on standard error. The bar is shown only on a terminal, and only after one second.

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::{self, IsTerminal};
use std::thread;
use std::time::Duration;

/// Operations that finish within this time show no bar.
const INITIAL_DELAY: Duration = Duration::from_secs(1);

/// Interval at which a thread redraws the bar, even without progress.
const REFRESH_INTERVAL: Duration = Duration::from_millis(100);

/// Total amount of work. A number of 0 means that the total is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Total {
    /// Number of items.
    Items(usize),
    /// Number of bytes.
    Bytes(usize),
    /// Work that cannot be counted: only the elapsed time is shown.
    Uncounted,
}

impl Total {
    fn amount(self) -> usize {
        match self {
            Self::Items(amount) | Self::Bytes(amount) => amount,
            Self::Uncounted => 0,
        }
    }

    /// Returns the indicatif template of a bar or, while the total is unknown, of a counter without
    /// bar. Even with counts of ten digits, a line fits into 60 columns.
    fn template(self, is_known: bool) -> &'static str {
        match (self, is_known) {
            (Self::Items(_), true) => {
                "{msg} [{wide_bar}] {human_pos}/{human_len} {per_sec:0}{remaining}"
            }
            (Self::Items(_), false) => "{msg} {human_pos} {per_sec:0}",
            (Self::Bytes(_), true) => {
                "{msg} [{wide_bar}] {bytes}/{total_bytes} {bytes_per_sec}{remaining}"
            }
            (Self::Bytes(_), false) => "{msg} {bytes} {bytes_per_sec}",
            (Self::Uncounted, _) => "{msg} {elapsed}",
        }
    }

    fn set_style(self, bar: &ProgressBar, is_known: bool) {
        if let Ok(style) = ProgressStyle::with_template(self.template(is_known)) {
            let style = style.with_key("remaining", write_remaining_time);
            bar.set_style(style.progress_chars("#>-"));
        }
    }
}

/// Writes the remaining time, unless it is unknown.
fn write_remaining_time(state: &ProgressState, output: &mut dyn fmt::Write) {
    let remaining = state.eta();
    if !remaining.is_zero() {
        // indicatif collects the output in a `String`: writing cannot fail.
        let _ = write!(output, " {:#} left", HumanDuration(remaining));
    }
}

/// Progress bar; dropping the value clears the bar.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Starts a bar, a counter if the total is 0, or only the elapsed time for
    /// [`Total::Uncounted`]. Draws nothing unless `is_visible` is set and standard error is a
    /// terminal.
    pub(super) fn new(label: &'static str, total: Total, is_visible: bool) -> Self {
        let progress = Self(ProgressBar::hidden().with_message(label));
        progress.set(0, total.amount());
        // `TERM=dumb` has no sequences to redraw a line.
        if is_visible && io::stderr().is_terminal() && !console::is_dumb() {
            progress.show_after_delay(total);
        }
        progress
    }

    /// Starts the thread that shows the bar after the initial delay, which indicatif does not
    /// support. A thread is needed, because an operation that waits for a lock makes no calls that
    /// could show the bar. The thread ends when the bar is finished.
    fn show_after_delay(&self, total: Total) {
        let weak_bar = self.0.downgrade();
        let show = move || {
            thread::sleep(INITIAL_DELAY);
            // `None` until the style is set for the first time. Then `true` if the style shows a
            // total.
            let mut style_has_total = None;
            while let Some(bar) = weak_bar.upgrade().filter(|bar| !bar.is_finished()) {
                let has_total = bar.length().is_some();
                if style_has_total != Some(has_total) {
                    total.set_style(&bar, has_total);
                }
                if style_has_total.replace(has_total).is_none() {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                }
                bar.tick();
                drop(bar);
                thread::sleep(REFRESH_INTERVAL);
            }
        };
        // If the thread cannot be started, the operation continues without a bar.
        let _ = thread::Builder::new().spawn(show);
    }

    /// Adds `amount` to the finished amount of work.
    pub(crate) fn advance(&self, amount: usize) {
        self.0.inc(to_u64(amount));
    }

    /// Sets the finished and the total amount of work. A total of 0 leaves the total unchanged.
    pub(crate) fn set(&self, done: usize, total: usize) {
        if total > 0 {
            self.0.set_length(to_u64(total));
        }
        self.0.set_position(to_u64(done));
    }

    /// Sets the label, which names the current part of the operation.
    pub(crate) fn set_label(&self, label: &'static str) {
        if self.0.message() != label {
            self.0.set_message(label);
        }
    }

    /// Clears the bar.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}
