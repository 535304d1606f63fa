//! End-to-end tests: most tests run the real program in a private sandbox and check output, exit
//! code and files. The tests of `architecture` and `prose` read the source.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

mod abbreviated_ids;
mod accounts;
mod apply;
mod architecture;
mod audit;
mod crash;
mod default_signals;
mod documentation;
mod dry_run;
mod exit_codes;
mod first_guesses;
mod hints;
mod hostile;
mod inputs;
mod interruption;
mod keys;
mod lists;
mod main_workflow;
mod many_machines;
mod memory;
mod node;
mod non_utf8;
mod output;
mod prompts;
mod prose;
mod python;
mod races;
mod readme;
mod recipes;
mod redact;
mod required;
mod rights;
mod rows;
mod run;
mod run_output;
mod sandbox;
mod server;
mod sessions;
mod stdin;
mod store;
mod test_schema;
mod test_server;
mod tokens;
mod users;
mod version;
mod write_lock;
