//! The door: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    jeton::run(std::env::args_os())
}
