//! Progress bar on standard error, shown after one second and only on a terminal.

use console::Term;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Operations that finish within this time show no bar.
const INITIAL_DELAY: Duration = Duration::from_secs(1);

const REFRESH_INTERVAL: Duration = Duration::from_millis(100);

/// Length of the bar in characters.
const BAR_WIDTH: usize = 30;

/// Progress bar; dropping the value clears the bar.
#[derive(Debug)]
pub(crate) struct Progress {
    state: Arc<ProgressState>,
    /// Thread that draws the bar; dropping the sender stops the thread.
    renderer: Option<(Sender<()>, JoinHandle<()>)>,
}

/// Number of finished items and number of all items.
#[derive(Debug, Default)]
struct ProgressState {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Progress {
    /// Starts a bar for `total` items; without `is_visible` nothing is drawn.
    pub(super) fn new(label: &'static str, total: usize, is_visible: bool) -> Self {
        let state = Arc::new(ProgressState { total: total.into(), ..ProgressState::default() });
        let renderer = (is_visible && Term::stderr().is_term()).then(|| {
            let (stop_sender, stop_receiver) = channel();
            let state = Arc::clone(&state);
            (
                stop_sender,
                std::thread::spawn(move || render_until_stopped(label, &state, &stop_receiver)),
            )
        });
        Self { state, renderer }
    }

    /// Counts one more finished item.
    pub(crate) fn advance(&self) {
        self.state.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns a callback that takes the number of finished items and the number of all items.
    pub(crate) fn updater(&self) -> impl Fn(usize, usize) + Send + 'static {
        let state = Arc::clone(&self.state);
        move |done, total| state.set(done, total)
    }

    /// Sets the number of finished items and the number of all items.
    pub(crate) fn set(&self, done: usize, total: usize) {
        self.state.set(done, total);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop_sender, renderer)) = self.renderer.take() {
            drop(stop_sender);
            // The thread clears the bar before it ends; a panic of the thread is harmless.
            let _ = renderer.join();
        }
    }
}

/// Redraws the bar periodically until the sender is dropped. Errors of the terminal are ignored.
fn render_until_stopped(label: &str, state: &ProgressState, stop_receiver: &Receiver<()>) {
    let terminal = Term::buffered_stderr();
    let mut timeout = INITIAL_DELAY;
    while stop_receiver.recv_timeout(timeout) == Err(RecvTimeoutError::Timeout) {
        timeout = REFRESH_INTERVAL;
        let _ = terminal.clear_line();
        let _ = terminal.write_str(&state.render_line(label, usize::from(terminal.size().1)));
        let _ = terminal.flush();
    }
    if timeout == REFRESH_INTERVAL {
        let _ = terminal.clear_line();
        let _ = terminal.flush();
    }
}

impl ProgressState {
    fn set(&self, done: usize, total: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// Returns the line of the bar, shorter than the terminal is wide, so that `clear_line` removes
    /// all of the bar.
    fn render_line(&self, label: &str, width: usize) -> String {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        let filled = (done * BAR_WIDTH).checked_div(total).unwrap_or(0);
        let head = if filled == BAR_WIDTH { "" } else { ">" };
        let bar = format!("{}{head}", "#".repeat(filled));
        let line = format!("{label} [{bar:-<BAR_WIDTH$}] {done}/{total}");
        line.chars().take(width.saturating_sub(1)).collect()
    }
}
