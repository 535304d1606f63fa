//! The command line: one file per command, one directory per command group (`token`, `keys`). A
//! command authenticates the caller, calls the authority layer, and reports the result.

mod args;
mod audit;
mod cli;
mod command;
mod completers;
mod completion_shells;
mod completions;
mod global_args;
mod help;
mod help_reflow;
mod init;
mod keys;
mod lazy_parse;
mod login;
mod logout;
mod man;
mod paging;
mod parse_errors;
mod passwd;
mod recover;
mod refresh;
mod register;
mod run;
mod sessions;
mod settings;
mod store;
mod token;
mod users;
mod views;
mod whoami;

pub use cli::command;
pub(crate) use cli::run;
pub(crate) use completion_shells::COMPLETION_SHELLS;
