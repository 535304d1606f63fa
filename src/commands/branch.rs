//! The one branch of the grammar that words call. To spell out all commands, each with all global
//! flags, takes longer than most of them run; what this cannot parse is parsed with the whole tree.

use super::global::Global;
use super::{audit, grammar, keys, sessions, settings, store, token, users};
use clap::{ArgMatches, Args, Subcommand};
use std::ffi::OsString;
use std::mem;

/// What the words say, if they are a correct call of a command. A word that is taken for a command
/// and is the value of a flag leads to an error here, never to another reading: neither the
/// program nor its groups take words of their own.
pub(super) fn parse(words: &[OsString]) -> Option<ArgMatches> {
    let whole: Spell = grammar::Command::augment_subcommands;
    // Behind `--` are the words of another program.
    let own = words.split(|word| word == "--").next().unwrap_or_default();
    let found = own.iter().find_map(group);
    let (name, spell) = found.unwrap_or(("jeton", whole));
    let (at, called) = take(spell(clap::Command::new(name)), own)?;
    let mut path = vec![clap::Command::new("jeton")];
    path.extend(found.map(|(name, _)| clap::Command::new(name)));
    // Flags between the names belong to the program, and to the command because it inherits them;
    // so does one of a group, if that is called by another name.
    let inherits = at > path.len() || group(&OsString::from(called.get_name())).is_some();
    let called = if inherits { called } else { with_flags(called) };
    let root = path.into_iter().rev().fold(called, |called, above| only(above, called));
    let root = if inherits { Global::augment_args(root) } else { root };
    root.try_get_matches_from(words).ok()
}

/// The first word that names a command of these, by its position.
fn take(mut all: clap::Command, words: &[OsString]) -> Option<(usize, clap::Command)> {
    words
        .iter()
        .enumerate()
        .find_map(|(at, word)| Some((at, mem::take(all.find_subcommand_mut(word)?))))
}

/// The command with the flags as its own: nothing is left to inherit.
fn with_flags(called: clap::Command) -> clap::Command {
    Global::augment_args(called).mut_args(|flag| flag.global(false))
}

fn only(above: clap::Command, called: clap::Command) -> clap::Command {
    above.subcommand(called).subcommand_required(true).disable_help_subcommand(true)
}

type Spell = fn(clap::Command) -> clap::Command;

/// A group of commands by its name, and what spells it out.
fn group(word: &OsString) -> Option<(&'static str, Spell)> {
    let groups: [(&'static str, Spell); 7] = [
        ("sessions", sessions::Command::augment_subcommands),
        ("token", token::Command::augment_subcommands),
        ("users", users::Command::augment_subcommands),
        ("keys", keys::Command::augment_subcommands),
        ("settings", settings::Command::augment_subcommands),
        ("store", store::Command::augment_subcommands),
        ("audit", audit::Command::augment_subcommands),
    ];
    groups.into_iter().find(|(name, _)| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::global;
    use clap::FromArgMatches;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn every_group_is_known() {
        for command in grammar::command().get_subcommands() {
            let known = group(&OsString::from(command.get_name())).is_some();
            assert_eq!(known, command.has_subcommands(), "{}", command.get_name());
        }
    }

    #[test]
    fn a_call_is_the_same_in_its_branch_and_in_the_whole_tree() {
        for line in [
            "jeton -q token create my-app --permission read,write -o json",
            "jeton token --store token ls --page 2",
            "jeton tokens list",
            "jeton whoami --wait 3s",
            "jeton token presets show flask -o json",
            "jeton --yes users rm john",
            "jeton run --app ci --env TOKEN -q -- jeton token verify -q",
            "jeton --store store store check -o json",
        ] {
            let branch = parse(&words(line)).unwrap();
            let whole = grammar::command().try_get_matches_from(words(line)).unwrap();
            let read = |matches| {
                let command = grammar::Command::from_arg_matches(matches).unwrap();
                format!("{command:?} {:?}", global::options(matches, &[global::JSON]).unwrap())
            };
            assert_eq!(read(&branch), read(&whole), "{line}");
        }
    }

    #[test]
    fn what_is_no_correct_call_is_left_to_the_whole_tree() {
        for line in ["jeton", "jeton --store token whoami", "jeton token", "jeton token crate"] {
            assert!(parse(&words(line)).is_none(), "{line}");
        }
    }
}
