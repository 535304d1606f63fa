//! From words to a command, or to exit 2.

use super::global::{self, Global, Named};
use super::{
    about, audit, branch, completions, flow, help, init, keys, login, logout, man, passwd, recover,
    refresh, register, sessions, settings, stdin, store, token, urls, usage, users, whoami,
};
use crate::app::{App, Environment, Form, Voice};
use crate::failure::Failure;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::mem;

/// Issue, inspect and revoke tokens, straight on a local SQLite file
///
/// The first command makes everything it needs:
///
///   jeton init                                       store, key, first admin, logged in
///   jeton token create my-app --permission read      a token on standard output
///
/// Results go to standard output, everything else to standard error. Every kind of failure has
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
    global: Global,
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

/// Commands that change nothing: their refusals are not written down.
const READING: &[&str] = &[
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

/// The forms that commands have besides text and JSON.
const MORE_FORMS: &[(&str, Named)] = &[
    ("token mint", ("jsonl", Form::JsonLines)),
    ("users export", ("jsonl", Form::JsonLines)),
    ("users export", ("csv", Form::Csv)),
    ("audit list", ("jsonl", Form::JsonLines)),
];

/// Commands whose result is a text and nothing else.
const TEXT_ALONE: [&str; 2] = ["completions", "help"];

/// The forms that a command has besides text.
fn forms(action: &str) -> Vec<Named> {
    let json = Some(global::JSON).filter(|_| !TEXT_ALONE.contains(&action));
    let more = MORE_FORMS.iter().filter(|(name, _)| *name == action).map(|(_, form)| *form);
    json.into_iter().chain(more).collect()
}

/// The commands that have that form besides text and JSON.
pub(super) fn commands_with(form: &str) -> Vec<&'static str> {
    MORE_FORMS.iter().filter(|(_, (word, _))| *word == form).map(|(name, _)| *name).collect()
}

/// The whole grammar of the command line, for completion, help and documentation.
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    for action in MORE_FORMS.iter().map(|(name, _)| *name).chain(TEXT_ALONE) {
        let mut names = action.split(' ');
        let found = names.try_fold(&mut command, |above, name| above.find_subcommand_mut(name));
        if let Some(found) = found {
            *found = global::with_forms(mem::take(found), &forms(action));
        }
    }
    flow::flowing(command)
}

/// Runs the command that `words` spell; the exit code.
pub(crate) fn run(words: &[OsString]) -> u8 {
    // What clap has to say, help or error, it says with the whole grammar at hand.
    let parsed = branch::parse(words).map_or_else(|| command().try_get_matches_from(words), Ok);
    let mut matches = match parsed {
        Ok(matches) => matches,
        Err(error) => return usage::refuse(error, words),
    };
    let action = action(&matches);
    let options = match global::options(&matches, &forms(&action)) {
        Ok(options) => options,
        Err(failure) => return tell(&Voice::new(global::form_in(words), false), &failure),
    };
    let refused = |failure| tell(&Voice::new(options.form, options.quiet), &failure);
    let environment = match urls::refuse(&matches, &action).and_then(|()| Environment::read()) {
        Ok(environment) => environment,
        Err(failure) => return refused(failure),
    };
    if let Err(failure) = stdin::read_once(&matches, &action) {
        return refused(failure);
    }
    let about = about::about(&matches);
    let command = match Command::from_arg_matches_mut(&mut matches) {
        Ok(command) => command,
        Err(error) => return usage::refuse(error, words),
    };
    let changes = !READING.contains(&action.as_str());
    let mut app = App::new(options, environment, action, changes);
    app.about = about;
    match command.run(&mut app) {
        Ok(()) => app.leave(),
        Err(failure) => app.fail(&failure),
    }
}

/// The path of the command: `token create`.
fn action(matches: &clap::ArgMatches) -> String {
    let mut names = Vec::new();
    let mut here = matches;
    while let Some((name, below)) = here.subcommand() {
        names.push(name);
        here = below;
    }
    names.join(" ")
}

pub(super) fn tell(voice: &Voice, failure: &Failure) -> u8 {
    voice.failure(&failure.message, failure.hint.as_deref(), &failure.json());
    failure.kind.exit_code()
}

/// The command, or the first words of some, as the audit has it; none is called like that.
pub(super) fn action_called(words: &str) -> Option<String> {
    let whole = command();
    let mut here = &whole;
    let mut names = Vec::new();
    for word in words.split_whitespace() {
        here = here.find_subcommand(word)?;
        names.push(here.get_name());
    }
    (!names.is_empty()).then(|| names.join(" "))
}

/// The form in which a failure before the flags are known is told.
pub(super) fn json_or_text(json: bool) -> Form {
    if json { Form::Json } else { Form::Text }
}
