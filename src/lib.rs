//! jeton issues, inspects and revokes tokens, straight on a local SQLite file.
//!
//! This library is the program `jeton`; it promises [`run`] and [`command`] and nothing else. The
//! house, from the door down; a room imports only from floors below its own:
//!
//! ```text
//! main, lib            the door; `fuzzing` is another, for the fuzzer alone
//! commands             the command line: one file a command
//! app                  what one run has: the voice, the time, the store, the caller
//! failure              every way to fail, and its exit code
//! authority            the rules: accounts, sessions, tokens, keys
//! store, crypto, terminal, credentials
//!                      SQLite; signatures and hashes; the only voice; the session file
//! model, paths, files, signals
//!                      plain values checked at the door; where files live; how they are replaced;
//!                      the signals that end a process
//! ```

mod app;
mod authority;
#[expect(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    rustdoc::bare_urls,
    reason = "the doc comments in there are the help that terminals show"
)]
mod commands;
mod credentials;
mod crypto;
mod directory;
mod failure;
mod files;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod model;
mod paths;
mod signals;
mod store;
mod terminal;

pub use commands::command;

use clap_complete::CompleteEnv;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these words, the first being its own name. Without random numbers from the
/// kernel nothing is done.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // Failures as commands report them are objects with hash maps, which take random numbers, too.
    if let Err(error) = crypto::check_generator() {
        let console = terminal::Console::new(terminal::OutputFormat::Text, false);
        console.print_failure(&error.to_string(), None, &serde_json::Value::Null);
        return ExitCode::from(failure::Kind::Internal.exit_code());
    }
    crypto::initialize();
    // The shell asks for completions through the variable `COMPLETE`.
    match CompleteEnv::with_factory(command).shells(commands::SHELLS).try_complete(&args, None) {
        Ok(false) => ExitCode::from(commands::run(&args)),
        Ok(true) | Err(_) => ExitCode::SUCCESS,
    }
}
