//! jeton issues, inspects and revokes tokens in a local SQLite file or a PostgreSQL database.
//!
//! This library is the program `jeton`. Its public API is [`run`] and [`command`], and, in tests
//! and fuzz builds, `fuzzing`. A module imports only from the layers below its own layer. The
//! layers, from the highest to the lowest, have these modules:
//!
//! ```text
//! main, lib            entry points; `fuzzing` is the entry point of the fuzzer
//! commands             the command line: one file per command
//! app                  state of one run: console, store, current time, session
//! failure              all failures and their exit codes
//! authority            the rules for accounts, sessions, tokens and keys
//! store, crypto, terminal, session_file
//!                      SQLite and PostgreSQL; signatures and hashes; console; session file
//! directory            directory permissions
//! model, paths, files, os_users, signals, parallel
//!                      validated values; default paths; atomic file replacement; users of the
//!                      operating system; signals that end a process; work on several threads
//! ```

#![cfg_attr(
    not(feature = "postgres"),
    expect(
        clippy::trivially_copy_pass_by_ref,
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "without `postgres`, enums of the database engines have one variant"
    )
)]

mod app;
mod authority;
#[expect(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    rustdoc::bare_urls,
    reason = "the doc comments of `commands` are the help texts"
)]
mod commands;
mod crypto;
mod directory;
mod failure;
mod files;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
mod model;
mod os_users;
mod parallel;
mod paths;
mod session_file;
mod signals;
mod store;
mod terminal;

pub use commands::command;

use clap_complete::CompleteEnv;
use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with `args` and returns the exit code. The first argument is the program name.
///
/// If the kernel provides no random numbers, the program fails before any other action.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // The error is not printed as a `Failure`, because a `Failure` contains hash maps, and hash
    // maps also need random numbers.
    if let Err(error) = crypto::check_random_source() {
        let console = terminal::Console::new(terminal::OutputFormat::Text, false);
        console.print_failure(&error.to_string(), None, &serde_json::Value::Null);
        return ExitCode::from(failure::Kind::Internal.exit_code());
    }
    crypto::initialize_crypto();
    if !may_be_completion_request(&args) {
        return ExitCode::from(commands::run(&args));
    }
    // A shell sets the environment variable `COMPLETE` to request completions. A failed request has
    // no output: the shell then offers no completions.
    match CompleteEnv::with_factory(command)
        .shells(commands::COMPLETION_SHELLS)
        .try_complete(&args, env::current_dir().ok().as_deref())
    {
        Ok(false) => ExitCode::from(commands::run(&args)),
        Ok(true) | Err(_) => ExitCode::SUCCESS,
    }
}

/// Returns whether the command line has the form of a completion request. There are two forms: no
/// arguments, for the completion script of a shell, and `-- LINE`, for the completions of `LINE`.
/// Any other command line is executed even if `COMPLETE` is set, because a command must not exit
/// with code 0 without effect.
fn may_be_completion_request(args: &[OsString]) -> bool {
    args.get(1).is_none_or(|first| first == "--")
}
