//! While a prompt is open, a signal gives the terminal back before it ends the program: echo on,
//! cursor visible.

use crate::model::escaped_json;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::Value;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::fs::File;
use std::io::{self, Write};
use std::sync::Once;

/// Shows the cursor (DECTCEM).
const SHOW_CURSOR: &[u8] = b"\x1b[?25h";

/// Restores the terminal when it is dropped. Signals are watched for from the first prompt to the
/// end of the run: once somebody watches, their default action would not come back.
pub(super) struct Guard {
    terminal: File,
    before: Termios,
}

impl Guard {
    /// `last_words` are what programs are told of the exit code, on standard error.
    pub(super) fn over(terminal: &File, last_words: Option<fn(u8) -> Value>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let (for_thread, modes) = (terminal.try_clone()?, before.clone());
        std::thread::spawn(move || {
            // Where one interrupts a read, the library sends itself Ctrl-C as well.
            let all: Vec<i32> = signals.wait().collect();
            restore(&for_thread, &modes);
            let code = if all.iter().all(|signal| *signal == SIGINT) { 130 } else { 143 };
            if let Some(words) = last_words {
                say_once(&words(code));
            }
            leave(code);
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

/// Every question of the run has a thread that hears the signal.
fn say_once(words: &Value) {
    static SAID: Once = Once::new();
    let line = escaped_json(&words.to_string()) + "\n";
    SAID.call_once(|| {
        let _ = io::stderr().write_all(line.as_bytes());
    });
}

#[expect(clippy::exit, reason = "the main thread is inside a read that cannot be woken")]
fn leave(code: u8) {
    std::process::exit(i32::from(code));
}
