//! How far something is that takes long: on standard error, only where that is a terminal, and not
//! before a second has passed.

use console::Term;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What takes less is not worth a look.
const INITIAL_DELAY: Duration = Duration::from_secs(1);

const REFRESH_INTERVAL: Duration = Duration::from_millis(100);

/// The length of the bar.
const BAR_WIDTH: usize = 30;

/// A bar that goes away when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    state: Arc<ProgressState>,
    /// Who shows it, and the end of a wire to call that off.
    renderer: Option<(Sender<()>, JoinHandle<()>)>,
}

/// So many of so many things are done.
#[derive(Debug, Default)]
struct ProgressState {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Progress {
    /// For so many things; one that is not `shown` is there for nobody to see.
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

    /// One thing more is done.
    pub(crate) fn advance(&self) {
        self.state.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns what is told how many of how many things are done.
    pub(crate) fn updater(&self) -> impl Fn(usize, usize) + Send + 'static {
        let state = Arc::clone(&self.state);
        move |done, total| state.set(done, total)
    }

    /// So many of so many things are done.
    pub(crate) fn set(&self, done: usize, total: usize) {
        self.state.set(done, total);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((stop_sender, renderer)) = self.renderer.take() {
            drop(stop_sender);
            // Had it died, there would be nothing to clear.
            let _ = renderer.join();
        }
    }
}

/// Shows it from time to time, until the wire is cut. What the terminal does not take is not shown.
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

    /// The line that says it, no longer than the terminal is wide, so that it can be cleared.
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
