//! Shortcuts at top level for commands of the group `token`: `jeton mint` is `jeton token mint`.

use super::global_args::GlobalArgs;
use clap::Args;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};

/// Shortcuts, each with the name of its command in the group `token`.
const SHORTCUTS: [(&str, &str); 5] = [
    ("mint", "mint"),
    ("encode", "mint"),
    ("decode", "decode"),
    ("verify", "verify"),
    ("inspect", "inspect"),
];

/// Replaces a shortcut at top level, or after `help`, with the words of the full command. Without a
/// shortcut, returns `argv` unchanged.
pub(super) fn expand(argv: &[OsString]) -> Cow<'_, [OsString]> {
    let is_shortcut = |word: &OsString| SHORTCUTS.iter().any(|(name, _)| word == name);
    if !argv.iter().any(is_shortcut) {
        return Cow::Borrowed(argv);
    }
    let Some(mut position) = command_position(argv) else { return Cow::Borrowed(argv) };
    if argv.get(position).is_some_and(|word| word == "help") {
        position += 1;
    }
    let shortcut =
        SHORTCUTS.iter().find(|(name, _)| argv.get(position).is_some_and(|word| word == name));
    let (Some((_, verb)), Some((before, after))) = (shortcut, argv.split_at_checked(position))
    else {
        return Cow::Borrowed(argv);
    };
    let command = ["token", verb].map(OsString::from);
    Cow::Owned([before, &command, after.get(1..).unwrap_or_default()].concat())
}

/// Returns the index of the first word after the name of the program that is neither an option nor the
/// value of a global option. `None` if `argv` has no such word before `--`.
pub(super) fn command_position(argv: &[OsString]) -> Option<usize> {
    let global = GlobalArgs::augment_args(clap::Command::new("jeton"));
    let takes_next_word = |word: &OsStr| {
        let word = word.to_str().unwrap_or_default();
        let mut options =
            global.get_arguments().filter(|option| option.get_action().takes_values());
        if let Some(name) = word.strip_prefix("--") {
            return options.any(|option| option.get_long() == Some(name));
        }
        // Of combined short options such as `-qo`, only the last can have its value in the next word.
        let shorts: Vec<char> = options.filter_map(clap::Arg::get_short).collect();
        word.strip_prefix('-')
            .and_then(|letters| letters.split_once(shorts.as_slice()))
            .is_some_and(|(_, value)| value.is_empty())
    };
    let mut words = argv.iter().enumerate().skip(1);
    while let Some((position, word)) = words.next() {
        if word == "--" {
            return None;
        }
        if takes_next_word(word) {
            words.next();
        } else if !word.as_encoded_bytes().starts_with(b"-") {
            return Some(position);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcut_is_expanded_only_at_the_position_of_a_command() {
        for (line, expected) in [
            ("jeton mint --sub a", "jeton token mint --sub a"),
            ("jeton encode", "jeton token mint"),
            (
                "jeton -q -o json --store mint verify x",
                "jeton -q -o json --store mint token verify x",
            ),
            ("jeton -qo json mint", "jeton -qo json token mint"),
            ("jeton -qojson mint", "jeton -qojson token mint"),
            ("jeton --wait=3s decode -", "jeton --wait=3s token decode -"),
            ("jeton help inspect", "jeton help token inspect"),
            ("jeton token mint", "jeton token mint"),
            ("jeton run -- mint", "jeton run -- mint"),
            ("jeton --store mint whoami", "jeton --store mint whoami"),
            ("jeton -- mint", "jeton -- mint"),
            ("jeton --store mint", "jeton --store mint"),
        ] {
            let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(expand(&argv).join(OsStr::new(" ")), OsString::from(expected), "{line}");
        }
    }
}
