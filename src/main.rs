//! Entry point of the program; the library contains all other code.

use std::process::ExitCode;

fn main() -> ExitCode {
    jeton::run(std::env::args_os())
}
