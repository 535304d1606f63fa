//! The command line. Each command has a module, and each command group (`token`, `keys`) has a
//! directory. Most commands authenticate the caller, call [`crate::authority`], and report the
//! result.

mod apply;
mod args;
mod audit;
mod cli;
mod command;
mod command_view;
mod completers;
mod completions;
mod global_args;
mod guides;
mod help;
mod init;
mod keys;
mod lazy_parse;
mod login;
mod logout;
mod man;
mod new_account;
mod paging;
mod parse_context;
mod parse_errors;
mod parse_hints;
mod parse_suggestions;
mod passwd;
mod recover;
mod refresh;
mod register;
mod run;
mod schemas;
mod sessions;
mod settings;
mod shortcuts;
mod status;
mod store;
mod token;
mod users;
mod variables;
mod version;
mod views;
mod whoami;

pub use cli::command;
pub(crate) use completions::COMPLETION_SHELLS;

use crate::app::{App, Console, Environment};
use clap::FromArgMatches;
use command::{CommandOrGroup, Effect, Invocation};
use global_args::GlobalArgs;
use parse_errors::{print_clap_error, report_failure};
use std::ffi::OsString;

/// Runs the command in `argv` and returns the exit code.
pub(crate) fn run(argv: &[OsString]) -> u8 {
    let argv = &*shortcuts::expand(argv);
    if argv.len() == 1 {
        status::print_state_before_help();
    }
    let parsed = lazy_parse::parse(argv).and_then(|mut matches| {
        let global = GlobalArgs::from_innermost_matches(&matches)?;
        Ok((global, cli::Commands::from_arg_matches_mut(&mut matches)?.into_invocation()))
    });
    let (global, invocation) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return print_clap_error(error, argv),
    };
    let Invocation { info, effect, audit_target, store_address, stdin_arguments, run } = invocation;
    let options = store_address.and_then(|store| global.into_options(info.formats, store));
    let options = match options {
        Ok(options) => options,
        Err(failure) => {
            // The output format, `--store` or the address of a store is refused. The error is JSON
            // if `json` is requested. For `jsonl`, which the command may not support, the error is
            // text.
            let console = Console::new(global_args::requested_format(argv, &["json"]), false);
            return report_failure(&console, &failure);
        }
    };
    let environment = match Environment::from_env() {
        Ok(environment) => environment,
        Err(failure) => {
            let console = Console::new(options.output_format, options.quiet);
            return report_failure(&console, &failure);
        }
    };
    let mut app =
        App::new(options, environment, info.action, effect == Effect::Changes, audit_target);
    let stdin_reservation =
        stdin_arguments.into_iter().try_for_each(|name| app.console.reserve_stdin(name));
    match stdin_reservation.and_then(|()| run(&mut app)) {
        Ok(()) => app.finish(),
        Err(failure) => app.finish_with_failure(failure),
    }
}
