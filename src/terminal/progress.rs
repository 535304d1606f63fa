//! Progress bar on standard error, shown after one second and only on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::thread;
use std::time::Duration;

/// Operations that finish within this time show no bar.
const INITIAL_DELAY: Duration = Duration::from_secs(1);

const REFRESH_INTERVAL: Duration = Duration::from_millis(100);

/// Progress bar; dropping the value clears the bar.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Starts a bar for `total` items, or for a number that is not known yet if `total` is 0.
    /// Without `is_visible` nothing is drawn.
    pub(super) fn new(label: &'static str, total: usize, is_visible: bool) -> Self {
        let progress = Self(ProgressBar::hidden().with_message(label));
        progress.set(0, total);
        // `TERM=dumb` has no sequences to redraw a line.
        if is_visible && io::stderr().is_terminal() && !console::is_dumb() {
            progress.show_after_delay();
        }
        progress
    }

    /// Starts the thread that shows the bar. indicatif has no initial delay, and an operation that
    /// waits for a lock makes no calls that could show the bar. After the end of the operation, a
    /// finished bar draws nothing.
    fn show_after_delay(&self) {
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30}] {pos}/{len}") {
            self.0.set_style(style.progress_chars("#>-"));
        }
        let weak_bar = self.0.downgrade();
        let show = move || {
            thread::sleep(INITIAL_DELAY);
            if let Some(bar) = weak_bar.upgrade() {
                bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            while let Some(bar) = weak_bar.upgrade().filter(|bar| !bar.is_finished()) {
                bar.tick();
                drop(bar);
                thread::sleep(REFRESH_INTERVAL);
            }
        };
        // Without a thread the operation continues, without a bar.
        let _ = thread::Builder::new().spawn(show);
    }

    /// Counts one more finished item.
    pub(crate) fn advance(&self) {
        self.0.inc(1);
    }

    /// Returns a callback that takes the number of finished items and the number of all items.
    pub(crate) fn updater(&self) -> impl Fn(usize, usize) + Send + 'static {
        let bar = self.0.clone();
        move |done, total| update(&bar, done, total)
    }

    /// Sets the number of finished items and the number of all items.
    pub(crate) fn set(&self, done: usize, total: usize) {
        update(&self.0, done, total);
    }
}

/// Sets the numbers of a bar. A total of 0 is not known yet.
fn update(bar: &ProgressBar, done: usize, total: usize) {
    let [done, total] = [done, total].map(|count| u64::try_from(count).unwrap_or(u64::MAX));
    if total > 0 {
        bar.set_length(total);
    }
    bar.set_position(done);
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
