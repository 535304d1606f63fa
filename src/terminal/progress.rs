//! How far something is that takes long: on standard error, only where that is a terminal, and not
//! before a second has passed.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// What takes less is not worth a look.
const UNSEEN: Duration = Duration::from_secs(1);

const FRAME: Duration = Duration::from_millis(100);

const LINE: &str = "{msg} [{bar:30}] {pos}/{len}";

/// A bar that goes away when it is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Who shows it, and the end of a wire to call that off.
    shower: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// For so many things; one that is not `shown` is there for nobody to see.
    pub(super) fn new(doing: &'static str, total: usize, shown: bool) -> Self {
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template(LINE);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = bar.with_style(style.progress_chars("#>-")).with_message(doing);
        let shower = shown.then(|| {
            let (off, wire) = channel();
            let bar = bar.clone();
            let show = move || {
                if wire.recv_timeout(UNSEEN) == Err(RecvTimeoutError::Timeout) {
                    bar.set_draw_target(ProgressDrawTarget::stderr());
                    bar.enable_steady_tick(FRAME);
                }
            };
            (off, std::thread::spawn(show))
        });
        Self { bar, shower }
    }

    /// One thing more is done.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
    }

    /// So many of so many things are done.
    pub(crate) fn at(&self, done: usize, total: usize) {
        self.bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
        self.bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((off, shower)) = self.shower.take() {
            drop(off);
            // Had it died, there would be nothing to clear.
            let _ = shower.join();
        }
        self.bar.finish_and_clear();
    }
}
