//! Command-line parsing and dispatch.

use super::global_args::{self, GlobalArgs, NamedFormat};
use super::{
    audit, audit_target, completions, help, help_reflow, init, keys, lazy_parse, login, logout,
    man, parse_errors, passwd, path_checks, recover, refresh, register, sessions, settings,
    stdin_conflicts, store, token, users, whoami,
};
use crate::app::{App, Console, Environment, OutputFormat};
use crate::failure::Failure;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
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
    command: Command,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(super) enum Command {
    Init(init::Args),
    Register(register::Args),
    Login(login::Args),
    Logout(logout::Args),
    Refresh(refresh::Args),
    Whoami(whoami::Args),
    Passwd(passwd::Args),
    Recover(recover::Args),
    #[command(subcommand, alias = "session")]
    Sessions(sessions::Command),
    #[command(subcommand, alias = "tokens")]
    Token(token::Command),
    Run(Box<super::run::Args>),
    #[command(subcommand, alias = "user")]
    Users(users::Command),
    #[command(subcommand, alias = "key")]
    Keys(keys::Command),
    #[command(subcommand, alias = "setting")]
    Settings(settings::Command),
    #[command(subcommand, alias = "stores")]
    Store(store::Command),
    #[command(subcommand, alias = "audits")]
    Audit(audit::Command),
    Completions(completions::Args),
    Man(man::Args),
    Help(help::Args),
}

impl Command {
    fn run(self, app: &mut App) -> Result<(), Failure> {
        match self {
            Self::Init(args) => init::run(app, args),
            Self::Register(args) => register::run(app, args),
            Self::Login(args) => login::run(app, args),
            Self::Logout(args) => logout::run(app, &args),
            Self::Refresh(args) => refresh::run(app, &args),
            Self::Whoami(args) => whoami::run(app, &args),
            Self::Passwd(args) => passwd::run(app, args),
            Self::Recover(args) => recover::run(app, args),
            Self::Sessions(command) => command.run(app),
            Self::Token(command) => command.run(app),
            Self::Run(args) => super::run::run(app, *args),
            Self::Users(command) => command.run(app),
            Self::Keys(command) => command.run(app),
            Self::Settings(command) => command.run(app),
            Self::Store(command) => command.run(app),
            Self::Audit(command) => command.run(app),
            Self::Completions(args) => completions::run(app, &args),
            Self::Man(args) => man::run(app, &args),
            Self::Help(args) => help::run(app, &args),
        }
    }
}

/// Read-only commands. The audit log does not record refusals of these commands.
const READ_ONLY_COMMANDS: &[&str] = &[
    "whoami",
    "sessions list",
    "sessions token",
    "token inspect",
    "token introspect",
    "token decode",
    "token verify",
    "token list",
    "token presets",
    "token show",
    "users list",
    "users export",
    "users show",
    "keys list",
    "keys export",
    "settings get",
    "settings list",
    "store info",
    "store check",
    "audit list",
    "completions",
    "man",
    "help",
];

/// Commands with an output format other than text and JSON.
const EXTRA_FORMATS: &[(&str, NamedFormat)] = &[
    ("token mint", ("jsonl", OutputFormat::JsonLines)),
    ("users export", ("jsonl", OutputFormat::JsonLines)),
    ("users export", ("csv", OutputFormat::Csv)),
    ("audit list", ("jsonl", OutputFormat::JsonLines)),
];

/// Commands that support only text output.
const TEXT_ONLY_COMMANDS: [&str; 2] = ["completions", "help"];

/// Returns the output formats that a command supports in addition to text.
fn output_formats(action: &str) -> Vec<NamedFormat> {
    let json = Some(global_args::JSON).filter(|_| !TEXT_ONLY_COMMANDS.contains(&action));
    let extra_formats =
        EXTRA_FORMATS.iter().filter(|(name, _)| *name == action).map(|(_, format)| *format);
    json.into_iter().chain(extra_formats).collect()
}

/// Returns the commands that support a format other than text and JSON.
pub(super) fn commands_with_format(format: &str) -> Vec<&'static str> {
    EXTRA_FORMATS.iter().filter(|(_, (word, _))| *word == format).map(|(name, _)| *name).collect()
}

/// Builds the complete command tree, for completion, help and documentation.
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    for action in EXTRA_FORMATS.iter().map(|(name, _)| *name).chain(TEXT_ONLY_COMMANDS) {
        let mut names = action.split(' ');
        let subcommand =
            names.try_fold(&mut command, |parent, name| parent.find_subcommand_mut(name));
        if let Some(subcommand) = subcommand {
            *subcommand =
                global_args::with_output_formats(mem::take(subcommand), &output_formats(action));
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
    let action = command_path(&matches);
    let options = match global_args::parse_options(&matches, &output_formats(&action)) {
        Ok(options) => options,
        Err(failure) => {
            return report_failure(
                &Console::new(global_args::requested_format(argv), false),
                &failure,
            );
        }
    };
    let report =
        |failure| report_failure(&Console::new(options.output_format, options.quiet), &failure);
    let environment =
        match path_checks::refuse_urls(&matches, &action).and_then(|()| Environment::from_env()) {
            Ok(environment) => environment,
            Err(failure) => return report(failure),
        };
    if let Err(failure) = stdin_conflicts::require_single_reader(&matches, &action) {
        return report(failure);
    }
    let target = audit_target::from_matches(&matches);
    let command = match Command::from_arg_matches_mut(&mut matches) {
        Ok(command) => command,
        Err(error) => return parse_errors::print_clap_error(error, argv),
    };
    let is_change = !READ_ONLY_COMMANDS.contains(&action.as_str());
    let mut app = App::new(options, environment, action, is_change);
    app.audit_target = target;
    match command.run(&mut app) {
        Ok(()) => app.finish(),
        Err(failure) => app.finish_with_failure(&failure),
    }
}

/// Returns the names of the command and its parents: `token create`.
fn command_path(matches: &clap::ArgMatches) -> String {
    let mut names = Vec::new();
    let mut innermost = matches;
    while let Some((name, submatches)) = innermost.subcommand() {
        names.push(name);
        innermost = submatches;
    }
    names.join(" ")
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
