//! While a prompt is open, a signal gives the terminal back before it ends the program: echo on,
//! cursor visible.

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{self, Write};

/// Shows the cursor (DECTCEM).
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";

/// Restores the terminal when it is dropped. Signals are watched for from the first prompt to the
/// end of the run: once somebody watches, their default action would not come back.
pub(super) struct Guard {
    terminal: File,
    before: Termios,
}

impl Guard {
    pub(super) fn over(terminal: &File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (for_thread, modes) = (terminal.try_clone()?, before.clone());
        std::thread::spawn(move || {
            // Where one interrupts a read, the library sends itself Ctrl-C as well.
            let all: Vec<i32> = signals.wait().collect();
            restore(&for_thread, &modes);
            leave(if all.iter().all(|signal| *signal == SIGINT) { 130 } else { 143 });
        });
        Ok(Self { terminal: terminal.try_clone()?, before })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore(&self.terminal, &self.before);
    }
}

fn restore(mut terminal: &File, modes: &Termios) {
    // Nothing is left to do if the terminal is gone.
    let _ = tcsetattr(terminal, OptionalActions::Now, modes);
    let _ = terminal.write_all(SHOW_CURSOR);
}

#[expect(clippy::exit, reason = "the main thread is inside a read that cannot be woken")]
fn leave(code: i32) {
    std::process::exit(code);
}
