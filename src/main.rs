//! Entry point of the program; the library holds all code.

use std::process::ExitCode;

fn main() -> ExitCode {
    jeton::run(std::env::args_os())
}
