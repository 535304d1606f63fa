//! The command tree: global options, and the commands in the order of the help.

use super::command::{
    CommandInfo, CommandOrGroup, CommandTree, DEFAULT_FORMATS, Node, command_group,
};
use super::global_args::{self, GlobalArgs};
use super::{
    apply, audit, completers, completions, help, init, keys, login, logout, man, passwd, recover,
    refresh, register, sessions, settings, status, store, token, users, version, whoami,
};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{CommandFactory, Parser};
use std::mem;

/// Colours of the help on a terminal.
const HELP_STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Issue, inspect and revoke tokens, in a local SQLite file or a PostgreSQL database
///
/// Results go to standard output, messages and errors to standard error. Every kind of error has
/// its own exit code: see `jeton help exit-codes`. `jeton help tour` shows the main commands in five
/// minutes.
///
///   jeton init
///   jeton token create my-app --permission read
///   jeton token mint --secret-env JWT_SECRET_KEY --alg HS256 --sub alice
#[derive(Debug, Parser)]
#[command(
    name = "jeton",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    styles = HELP_STYLES,
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
        Status(status::Args),
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
        Apply(apply::Args),
        #[command(subcommand, alias = "stores")]
        Store(store::Commands),
        #[command(subcommand, alias = "audits")]
        Audit(audit::Commands<Tree>),
        #[command(alias = "completion")]
        Completions(completions::Args),
        Man(man::Args<Tree>),
        Version(version::Args),
        Help(help::Args<Tree>),
    }
}

/// The command tree, as the type argument of commands that describe the tree.
#[derive(Debug, Clone)]
pub(super) struct Tree;

impl CommandTree for Tree {
    const ROOT: Node = Commands::NODE;

    fn build() -> clap::Command {
        command()
    }
}

/// Builds the complete command tree, for completion, documentation, help of commands and error
/// messages.
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    let commands = Tree::ROOT.commands().into_iter();
    for CommandInfo { action, formats, .. } in
        commands.filter(|info| info.formats != DEFAULT_FORMATS)
    {
        let mut names = action.split(' ');
        let subcommand =
            names.try_fold(&mut command, |parent, name| parent.find_subcommand_mut(name));
        if let Some(subcommand) = subcommand {
            *subcommand = global_args::with_output_formats(mem::take(subcommand), formats);
        }
    }
    reflow_help(global_args::with_global_options_line(completers::with_path_completion(command)))
}

/// Builds a command tree for the help of the program. Faster than [`command`], because the commands
/// inside groups are not built: this help does not show these commands.
pub(super) fn command_for_program_help() -> clap::Command {
    let mut command = Cli::command();
    for subcommand in command.get_subcommands_mut().filter(|command| !command.has_subcommands()) {
        subcommand.build();
    }
    reflow_help(global_args::with_global_options_line(command))
}

/// Joins the lines of each paragraph in the long description of a command and of all subcommands.
/// Clap wraps the joined lines at the terminal width, or at 100 columns on a wider terminal.
fn reflow_help(mut command: clap::Command) -> clap::Command {
    for subcommand in command.get_subcommands_mut() {
        *subcommand = reflow_help(mem::take(subcommand));
    }
    match command.get_long_about().map(ToString::to_string) {
        Some(text) => command.long_about(join_paragraph_lines(&text)),
        None => command,
    }
}

/// Joins the lines of each paragraph. Indented lines are examples and remain unchanged.
fn join_paragraph_lines(text: &str) -> String {
    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let mut result = String::with_capacity(text.len());
    let mut previous_line = "";
    for line in text.lines() {
        if !result.is_empty() {
            result.push(if is_prose(previous_line) && is_prose(line) { ' ' } else { '\n' });
        }
        result += line;
        previous_line = line;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::command::Effect;
    use clap::FromArgMatches;
    use clap::parser::ValueSource;
    use std::collections::BTreeSet;
    use std::fs;

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
        let actions: Vec<&str> = Tree::ROOT.commands().iter().map(|info| info.action).collect();
        assert_eq!(actions, paths);
    }

    /// Checks that every command with [`Effect::Changes`] has a step in `tests/cli/audit/steps.rs`.
    /// The audit tests run these steps, and compare the audit events of each step. A command
    /// without a step is run only once, without arguments, and must add no event.
    #[test]
    fn audit_steps_have_every_changing_command() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/audit/steps.rs");
        let steps = fs::read_to_string(path).unwrap();
        for CommandInfo { action, effect, .. } in Tree::ROOT.commands() {
            let has_step = [' ', '"'].iter().any(|end| steps.contains(&format!("\"{action}{end}")));
            assert!(has_step || effect == Effect::Reads, "`{action}` needs a step");
        }
    }

    /// Adds to `found` every argument whose help mentions standard input, as the path of the
    /// command and the id of the argument. Omits `--no-input`, which does not read standard input,
    /// and the global option `--token-file`, which is not in `stdin_arguments` of any command.
    fn find_stdin_arguments(path: &str, command: &clap::Command, found: &mut BTreeSet<String>) {
        let arguments = command.get_arguments().filter(|argument| {
            let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
            help.contains("standard input")
                && !["no_input", "token_file"].contains(&argument.get_id().as_str())
        });
        found.extend(arguments.map(|argument| format!("{path} {}", argument.get_id())));
        for subcommand in command.get_subcommands() {
            find_stdin_arguments(&format!("{path} {}", subcommand.get_name()), subcommand, found);
        }
    }

    #[test]
    fn arguments_that_read_stdin_are_declared() {
        let mut remaining = BTreeSet::new();
        find_stdin_arguments("jeton", &command(), &mut remaining);
        assert!(remaining.len() > 20, "{remaining:?}");
        for line in [
            "init --password-stdin",
            "init --password-file -",
            "register ada --password-stdin",
            "register ada --password-file -",
            "login --password-stdin",
            "login --password-file -",
            "passwd --password-stdin",
            "passwd --password-file -",
            "recover ada --password-stdin",
            "recover ada --password-file -",
            "refresh --token-stdin",
            "keys import --purpose test --from-file -",
            "users create kim --password-stdin",
            "users create kim --password-file -",
            "users import -",
            "apply -f -",
            "token inspect -",
            "token introspect -",
            "token decode -",
            "token verify -",
            "token verify --batch",
            "token verify a.b.c --jwks -",
            "token verify a.b.c --key - --alg HS256",
            "token renew -",
            "token revoke -",
            "token mint --claims -",
            "token mint --from -",
            "token mint --key-file -",
            "token mint --file -",
            "token fixtures --claims -",
            "token fixtures --key-file -",
            "run --claims - -- true",
            "run --key-file - -- true",
            "run --file - -- true",
        ] {
            let mut matches =
                command().try_get_matches_from(format!("jeton {line}").split(' ')).unwrap();
            let (mut path, mut innermost) = ("jeton".to_owned(), &matches);
            while let Some((name, submatches)) = innermost.subcommand() {
                path = format!("{path} {name}");
                innermost = submatches;
            }
            for id in innermost.ids() {
                if innermost.value_source(id.as_str()) == Some(ValueSource::CommandLine) {
                    remaining.remove(&format!("{path} {id}"));
                }
            }
            let invocation = Commands::from_arg_matches_mut(&mut matches).unwrap();
            assert_eq!(invocation.into_invocation().stdin_arguments.len(), 1, "{line}");
        }
        assert_eq!(remaining, BTreeSet::new(), "arguments that no line of this test uses");
    }

    #[test]
    fn paragraph_lines_are_joined_and_example_lines_are_not() {
        let text = "One\ntwo\n\nthree:\nfour\n\n  five\n  six\n\nseven\n";
        assert_eq!(join_paragraph_lines(text), "One two\n\nthree: four\n\n  five\n  six\n\nseven");
    }

    #[test]
    fn help_of_every_command_is_reflowed() {
        fn assert_reflowed(command: &clap::Command) {
            let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert_eq!(join_paragraph_lines(&about), about, "{}", command.get_name());
            command.get_subcommands().for_each(assert_reflowed);
        }
        assert_reflowed(&command());
    }
}
