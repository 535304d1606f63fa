//! Suggestions for unknown commands and options. A name that is usual in other tools has a fixed
//! suggestion. For another unknown command, the suggestion is a command with the same or a similar
//! name in the whole command tree. For another unknown option, the suggestion is an option of the
//! same command with a similar name.

use crate::model::find_similar;

/// Command names that users of other tools may try, and the commands to use instead.
const COMMAND_GUESSES: &[(&str, &str)] = &[
    ("auth", "login"),
    ("backup", "store backup"),
    ("config", "settings list"),
    ("create", "token create"),
    ("doctor", "store check"),
    ("exec", "run -- COMMAND"),
    ("generate", "token create"),
    ("issue", "token create"),
    ("jwks", "keys export"),
    ("log", "audit list"),
    ("logs", "audit list"),
    ("me", "whoami"),
    ("new", "token create"),
    ("password", "passwd"),
    ("rotate", "keys rotate"),
    ("setup", "init"),
    ("sign", "token mint"),
    ("signin", "login"),
    ("signout", "logout"),
    ("signup", "register"),
    ("validate", "token verify"),
    ("audit show", "audit list"),
    ("keys add", "keys import"),
    ("keys create", "keys generate"),
    ("keys delete", "keys revoke"),
    ("keys jwks", "keys export"),
    ("keys new", "keys generate"),
    ("keys public", "keys export"),
    ("keys show", "keys export"),
    ("sessions delete", "sessions revoke"),
    ("settings show", "settings get NAME"),
    ("store delete", "store info"),
    ("store init", "init"),
    ("store create", "init"),
    ("store status", "store info"),
    ("token check", "token verify"),
    ("token encode", "token mint"),
    ("token exchange", "refresh"),
    ("token generate", "token create"),
    ("token get", "token show ID"),
    ("token issue", "token create"),
    ("token new", "token create"),
    ("token parse", "token decode"),
    ("token refresh", "token renew"),
    ("token sign", "token mint"),
    ("token validate", "token verify"),
    ("users add", "register USERNAME"),
    ("users get", "users show USER"),
    ("users new", "register USERNAME"),
    ("users passwd", "recover USER"),
    ("users password", "recover USER"),
    ("users register", "register USERNAME"),
    ("users remove", "users delete USER"),
    ("users update", "users rename USER"),
];

/// Option names that users of other tools may try. Each entry has the path of a command or group
/// (empty for every command), the option, and the hint.
const OPTION_GUESSES: &[(&str, &str, &str)] = &[
    ("token create", "--scope", "use `--permission P[,P]`"),
    (
        "token create",
        "--sub",
        "omit `--sub`: the subject is the owner; use `--user USER` for another owner",
    ),
    ("token create", "--iss", "omit `--iss`: the issuer is the setting `issuer`"),
    (
        "token create",
        "--name",
        "pass the application name without an option: jeton token create APP",
    ),
    ("token create", "--alg", "use `jeton keys rotate --alg ALG` for another signing key"),
    ("token verify", "--scope", "use `--permission P[,P]`"),
    ("token verify", "--public-key", "use `--key FILE --alg ALG`"),
    ("token", "--secret", "use `--secret-env NAME` with the name of an environment variable"),
    ("run", "--secret", "use `--secret-env NAME` with the name of an environment variable"),
    ("token", "--payload", "use `--claims` with a JSON object or a file"),
    ("token", "--data", "use `--claims` with a JSON object or a file"),
    ("token", "--private-key", "use `--key-file FILE`"),
    ("token", "--expires-in", "use `--ttl DURATION`"),
    ("token", "--expiry", "use `--expires-at TIME` or `--ttl DURATION`"),
    ("token", "--expiration", "use `--expires-at TIME` or `--ttl DURATION`"),
    ("token", "--lifetime", "use `--ttl DURATION`"),
    ("token", "--duration", "use `--ttl DURATION`"),
    ("token", "--role", "use `--claim role=ROLE`"),
    ("login", "--username", "pass the username without an option: jeton login USERNAME"),
    ("login", "--user", "pass the username without an option: jeton login USERNAME"),
    ("login", "--email", "pass the address without an option: jeton login EMAIL"),
    ("register", "--username", "pass the username without an option: jeton register USERNAME"),
    ("register", "--user", "pass the username without an option: jeton register USERNAME"),
    ("", "--password", "use `--password-stdin`, `--password-file FILE` or a prompt"),
    ("", "--limit", "use `--per-page N`"),
    ("", "--json", "use `-o json`"),
    ("", "--format", "use `-o FORMAT`"),
    ("", "--force", "use `--yes`"),
    ("", "--db", "use `--store PATH`"),
    ("", "--verbose", "omit `--verbose`: messages are on unless `--quiet` is given"),
    ("", "-v", "use `--version`"),
];

/// Returns the hint for the unknown command `word`. `group` is the path of the group in which `word`
/// was given, such as `token`; empty at top level.
pub(super) fn command_hint(root: &clap::Command, group: &str, word: &str) -> Option<String> {
    let path = format!("{group} {word}").trim_start().to_lowercase();
    if let Some((_, command)) = COMMAND_GUESSES.iter().find(|(guess, _)| *guess == path) {
        return Some(format!("use `jeton {command}`"));
    }
    let mut paths = Vec::new(); // Paths of all commands and groups: `token create`.
    add_paths(root, "", &mut paths);
    let is_in_group =
        |path: &&String| path.rsplit_once(' ').map_or("", |(parent, _)| parent) == group;
    let last_word = |path: &'_ str| path.rsplit(' ').next().unwrap_or_default().to_owned();
    let similar_path = |paths: &[&String]| {
        let words: Vec<String> = paths.iter().map(|path| last_word(path)).collect();
        let name = find_similar(word, words.iter().map(String::as_str))?;
        paths.iter().find(|path| last_word(path) == name).map(|path| (*path).clone())
    };
    let same_name_paths: Vec<&str> =
        paths.iter().filter(|path| last_word(path) == word).map(String::as_str).collect();
    if let [path] = same_name_paths.as_slice() {
        return Some(format!("use `jeton {path}`"));
    }
    if let Some(path) = similar_path(&paths.iter().filter(is_in_group).collect::<Vec<_>>()) {
        return Some(format!("use `jeton {path}`"));
    }
    if !same_name_paths.is_empty() {
        return Some(format!("use one of: jeton {}", same_name_paths.join(", jeton ")));
    }
    similar_path(&paths.iter().collect::<Vec<_>>()).map(|path| format!("use `jeton {path}`"))
}

/// Adds the paths of all visible commands and groups, without aliases.
fn add_paths(command: &clap::Command, parent: &str, paths: &mut Vec<String>) {
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        let path = format!("{parent} {}", subcommand.get_name()).trim_start().to_owned();
        add_paths(subcommand, &path, paths);
        paths.push(path);
    }
}

/// Returns the hint for the unknown option `flag` of `command`. `path` is the path of the command,
/// such as `token create`.
pub(super) fn option_hint(command: &clap::Command, path: &str, flag: &str) -> Option<String> {
    let flags: Vec<String> = command
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(|name| format!("--{name}")))
        .collect();
    // A hint is usable if `command` has the first option of each code span of the hint. This option
    // may also be `flag` itself. A code span with another command (`jeton …`) is not checked.
    let is_usable = |hint: &str| {
        hint.split('`').skip(1).step_by(2).all(|code| {
            let option = code.split(' ').find(|word| word.starts_with("--"));
            option.is_none_or(|option| {
                code.starts_with("jeton ")
                    || option == flag
                    || flags.iter().any(|known| known == option)
            })
        })
    };
    let is_in_scope = |scope: &str| {
        path.strip_prefix(scope)
            .is_some_and(|rest| scope.is_empty() || rest.is_empty() || rest.starts_with(' '))
    };
    let guess = OPTION_GUESSES
        .iter()
        .find(|(scope, name, hint)| *name == flag && is_in_scope(scope) && is_usable(hint));
    if let Some((.., hint)) = guess {
        return Some((*hint).to_owned());
    }
    let name = flag.strip_prefix("--")?;
    let names = flags.iter().filter_map(|flag| flag.strip_prefix("--"));
    find_similar(name, names).map(|name| format!("use `--{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::cli::command;

    #[test]
    fn command_guess_is_no_command_and_its_replacement_exists() {
        let root = command();
        let exists = |path: &str| {
            let mut words = path.split(' ').take_while(|word| word.chars().all(char::is_lowercase));
            words.try_fold(&root, |command, word| command.find_subcommand(word)).is_some()
        };
        for (guess, path) in COMMAND_GUESSES {
            assert!(exists(path), "{path}");
            assert!(!exists(guess), "{guess}");
        }
    }

    #[test]
    fn hint_of_every_option_guess_is_given_by_some_command() {
        fn collect_given_guesses(
            command: &clap::Command,
            path: &str,
            given_guesses: &mut Vec<&'static (&'static str, &'static str, &'static str)>,
        ) {
            for (_, flag, _) in OPTION_GUESSES {
                let given_hint = option_hint(command, path, flag);
                given_guesses.extend(OPTION_GUESSES.iter().find(|(scope, name, hint)| {
                    path.starts_with(*scope) && name == flag && given_hint.as_deref() == Some(*hint)
                }));
            }
            for subcommand in command.get_subcommands() {
                let path = format!("{path} {}", subcommand.get_name());
                collect_given_guesses(subcommand, path.trim_start(), given_guesses);
            }
        }
        let mut given_guesses = Vec::new();
        collect_given_guesses(&command(), "", &mut given_guesses);
        for guess in OPTION_GUESSES {
            assert!(given_guesses.contains(&guess), "{guess:?}");
        }
    }
}
