//! The real program in a private world: its whole output, its exit code, its files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod architecture;
mod audit;
mod bytes;
mod crash;
mod exit_codes;
mod hostile;
mod keys;
mod mask;
mod memory;
mod node;
mod output;
mod prompts;
mod python;
mod races;
mod readme;
mod recipes;
mod rights;
mod run;
mod sessions;
mod stdin;
mod store;
mod tokens;
mod topics;
mod transcript;
mod users;
mod world;
