//! Command-line parsing and dispatch.

use super::command::{CommandInfo, CommandSet, Effect, Invocation, command_group};
use super::global_args::{self, GlobalArgs};
use super::{
    audit, completions, help, help_reflow, init, keys, lazy_parse, login, logout, man,
    parse_errors, passwd, recover, refresh, register, sessions, settings, store, token, users,
    whoami,
};
use crate::app::{App, Console, Environment, OutputFormat};
use crate::failure::Failure;
use clap::{CommandFactory, FromArgMatches, Parser};
use std::ffi::OsString;
use std::mem;

/// Issue, inspect and revoke tokens in a local SQLite file
///
/// Create a store, then a token:
///
///   jeton init
///   jeton token create my-app --permission read
///
/// Results go to standard output, messages and errors to standard error. Every kind of error has
/// its own exit code: see `jeton help exit-codes`.
#[derive(Debug, Parser)]
#[command(
    name = "jeton",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    verbatim_doc_comment
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Commands,
}

command_group! {
    pub(super) enum Commands {
        Init(init::Args),
        Register(register::Args),
        Login(login::Args),
        Logout(logout::Args),
        Refresh(refresh::Args),
        Whoami(whoami::Args),
        Passwd(passwd::Args),
        Recover(recover::Args),
        #[command(subcommand, alias = "session")]
        Sessions(sessions::Commands),
        #[command(subcommand, alias = "tokens")]
        Token(token::Commands),
        Run(super::run::Args),
        #[command(subcommand, alias = "user")]
        Users(users::Commands),
        #[command(subcommand, alias = "key")]
        Keys(keys::Commands),
        #[command(subcommand, alias = "setting")]
        Settings(settings::Commands),
        #[command(subcommand, alias = "stores")]
        Store(store::Commands),
        #[command(subcommand, alias = "audits")]
        Audit(audit::Commands),
        Completions(completions::Args),
        Man(man::Args),
        Help(help::Args),
    }
}

/// Returns the commands that support an output format.
pub(super) fn commands_with_format(format: OutputFormat) -> Vec<&'static str> {
    let commands = Commands::list().into_iter();
    commands.filter(|info| info.formats.contains(&format)).map(|info| info.action).collect()
}

/// Builds the complete command tree, for completion, help and documentation.
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    for CommandInfo { action, formats } in Commands::list() {
        let mut names = action.split(' ');
        let subcommand =
            names.try_fold(&mut command, |parent, name| parent.find_subcommand_mut(name));
        if let Some(subcommand) = subcommand {
            *subcommand = global_args::with_output_formats(mem::take(subcommand), formats);
        }
    }
    help_reflow::reflow_help(command)
}

/// Runs the command in `argv` and returns the exit code.
pub(crate) fn run(argv: &[OsString]) -> u8 {
    // Help and error messages of clap need the complete command tree.
    let parsed = lazy_parse::parse(argv).map_or_else(|| command().try_get_matches_from(argv), Ok);
    let mut matches = match parsed {
        Ok(matches) => matches,
        Err(error) => return parse_errors::print_clap_error(error, argv),
    };
    let global = match GlobalArgs::from_innermost_matches(&matches) {
        Ok(global) => global,
        Err(error) => return parse_errors::print_clap_error(error, argv),
    };
    let invocation = match Commands::from_arg_matches_mut(&mut matches) {
        Ok(command) => command.into_invocation(),
        Err(error) => return parse_errors::print_clap_error(error, argv),
    };
    let options = match global.into_options(invocation.info.formats) {
        Ok(options) => options,
        Err(failure) => {
            let console = Console::new(global_args::requested_format(argv), false);
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
    let Invocation { info, effect, audit_target, run } = invocation;
    let mut app =
        App::new(options, environment, info.action, effect == Effect::Changes, audit_target);
    match run(&mut app) {
        Ok(()) => app.finish(),
        Err(failure) => app.finish_with_failure(&failure),
    }
}

pub(super) fn report_failure(console: &Console, failure: &Failure) -> u8 {
    console.print_failure(&failure.message, failure.hint.as_deref(), &failure.to_json());
    failure.kind().exit_code()
}

/// Returns the audit action for a command or a group of commands, with aliases resolved. `None` if no
/// command has this name.
pub(super) fn resolve_action(words: &str) -> Option<String> {
    let root = command();
    let mut innermost = &root;
    let mut names = Vec::new();
    for word in words.split_whitespace() {
        innermost = innermost.find_subcommand(word)?;
        names.push(innermost.get_name());
    }
    (!names.is_empty()).then(|| names.join(" "))
}

/// Returns the output format for errors that occur before the flags are parsed.
pub(super) fn json_or_text(json: bool) -> OutputFormat {
    if json { OutputFormat::Json } else { OutputFormat::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_equal_command_paths() {
        fn add_paths(parent: &str, command: &clap::Command, paths: &mut Vec<String>) {
            for subcommand in command.get_subcommands() {
                let path = format!("{parent} {}", subcommand.get_name()).trim_start().to_owned();
                if subcommand.has_subcommands() {
                    add_paths(&path, subcommand, paths);
                } else {
                    paths.push(path);
                }
            }
        }
        let mut paths = Vec::new();
        add_paths("", &command(), &mut paths);
        let actions: Vec<&str> = Commands::list().iter().map(|info| info.action).collect();
        assert_eq!(actions, paths);
    }
}
