//! The command line: one file per command, one directory per noun. A command authenticates the
//! caller, calls the authority layer once, and reports the result.

mod audit;
mod audit_target;
mod cli;
mod completers;
mod completions;
mod global;
mod help;
mod init;
mod keys;
mod lazy_parse;
mod login;
mod logout;
mod man;
mod owner;
mod paging;
mod parse_errors;
mod passwd;
mod password;
mod recover;
mod reflow;
mod refresh;
mod register;
mod run;
mod sessions;
mod settings;
mod shells;
mod stdin_conflicts;
mod store;
mod token;
mod urls;
mod users;
mod views;
mod whoami;

pub use cli::command;
pub(crate) use cli::run;
pub(crate) use shells::SHELLS;
