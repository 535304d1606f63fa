//! The real program in a private world: its whole output, its exit code, its files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod readme;
mod world;

mod exit_codes;
mod hostile;
mod output;
mod prompts;
mod store;
mod tidy;
mod crash;
mod python;
mod races;
mod transcript;
