//! The command line: one file a command, a folder a noun. A command says who is calling, makes one
//! call into the rules, and reports.

mod about;
mod audit;
mod branch;
mod complete;
mod completions;
mod flow;
mod global;
mod grammar;
mod help;
mod init;
mod keys;
mod login;
mod logout;
mod man;
mod owner;
mod paging;
mod passwd;
mod password;
mod recover;
mod refresh;
mod register;
mod run;
mod sessions;
mod settings;
mod shapes;
mod shells;
mod stdin;
mod store;
mod token;
mod urls;
mod usage;
mod users;
mod whoami;

pub use grammar::command;
pub(crate) use grammar::run;
pub(crate) use shells::SHELLS;
