//! How far something is that takes long: on standard error, only where that is a terminal, and not
//! before a second has passed.

use console::Term;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What takes less is not worth a look.
const UNSEEN: Duration = Duration::from_secs(1);

const FRAME: Duration = Duration::from_millis(100);

/// The length of the bar.
const CELLS: usize = 30;

/// A bar that goes away when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    far: Arc<Far>,
    /// Who shows it, and the end of a wire to call that off.
    shower: Option<(Sender<()>, JoinHandle<()>)>,
}

/// So many of so many things are done.
#[derive(Debug, Default)]
struct Far {
    done: AtomicUsize,
    total: AtomicUsize,
}

impl Progress {
    /// For so many things; one that is not `shown` is there for nobody to see.
    pub(super) fn new(doing: &'static str, total: usize, shown: bool) -> Self {
        let far = Arc::new(Far { total: total.into(), ..Far::default() });
        let shower = (shown && Term::stderr().is_term()).then(|| {
            let (off, wire) = channel();
            let far = Arc::clone(&far);
            (off, std::thread::spawn(move || show(doing, &far, &wire)))
        });
        Self { far, shower }
    }

    /// One thing more is done.
    pub(crate) fn advance(&self) {
        self.far.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns what is told how many of how many things are done.
    pub(crate) fn counter(&self) -> impl Fn(usize, usize) + Send + 'static {
        let far = Arc::clone(&self.far);
        move |done, total| far.set(done, total)
    }

    /// So many of so many things are done.
    pub(crate) fn at(&self, done: usize, total: usize) {
        self.far.set(done, total);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((off, shower)) = self.shower.take() {
            drop(off);
            // Had it died, there would be nothing to clear.
            let _ = shower.join();
        }
    }
}

/// Shows it from time to time, until the wire is cut. What the terminal does not take is not shown.
fn show(doing: &str, far: &Far, wire: &Receiver<()>) {
    let terminal = Term::buffered_stderr();
    let mut next = UNSEEN;
    while wire.recv_timeout(next) == Err(RecvTimeoutError::Timeout) {
        next = FRAME;
        let _ = terminal.clear_line();
        let _ = terminal.write_str(&far.line(doing, usize::from(terminal.size().1)));
        let _ = terminal.flush();
    }
    if next == FRAME {
        let _ = terminal.clear_line();
        let _ = terminal.flush();
    }
}

impl Far {
    fn set(&self, done: usize, total: usize) {
        self.done.store(done, Ordering::Relaxed);
        self.total.store(total, Ordering::Relaxed);
    }

    /// The line that says it, no longer than the terminal is wide, so that it can be cleared.
    fn line(&self, doing: &str, width: usize) -> String {
        let total = self.total.load(Ordering::Relaxed);
        let done = self.done.load(Ordering::Relaxed).min(total);
        let full = (done * CELLS).checked_div(total).unwrap_or(0);
        let head = if full == CELLS { "" } else { ">" };
        let bar = format!("{}{head}", "#".repeat(full));
        let line = format!("{doing} [{bar:-<CELLS$}] {done}/{total}");
        line.chars().take(width.saturating_sub(1)).collect()
    }
}
