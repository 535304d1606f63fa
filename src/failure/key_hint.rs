//! Insertion of the key source and of file names into hints for errors about a key.

use crate::crypto::FILE_PLACEHOLDER;
use crate::model::{quote_shell_word, redact_for_error};
use std::path::Path;

/// Source from which a command reads a key.
#[derive(Debug, Clone, Copy)]
pub(crate) enum KeySource<'s> {
    /// File.
    File(&'s Path),
    /// Environment variable with this name.
    Variable(&'s str),
    /// Standard input.
    Stdin,
}

impl<'s> KeySource<'s> {
    /// Returns the source for a path, where `-` is standard input.
    pub(crate) fn from_path(path: &'s Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path) }
    }
}

/// Names of the files that commands in hints write.
const OUTPUT_FILES: [&str; 10] = [
    "key.pem",
    "key.der",
    "key.json",
    "key.txt",
    "key.ssh",
    "key.p12",
    "key.in",
    "cert.pem",
    "jwks.json",
    "new-key.pem",
];

/// Inserts the source of the key into a hint. If the command in the hint needs a file and the
/// source is not a file, the new hint first saves the key in a file. For a variable, this also
/// applies to a hint that needs a file but contains no command. Output files of the command get
/// names that no existing file has.
pub(super) fn insert_key_source(hint: &str, source: &KeySource<'_>) -> String {
    // A colon separates the instruction from the command.
    let has_command = hint.contains(": ");
    let name_files = |hint: &str, path: &str| insert_file_names(hint, path, &exists);
    match source {
        KeySource::File(path) => name_files(hint, &redact_for_error(&path.to_string_lossy())),
        _ if !hint.split(' ').any(|word| word.starts_with(FILE_PLACEHOLDER)) => {
            name_files(hint, "")
        }
        KeySource::Stdin if has_command => {
            let copy_name = unused_file_name("key.in");
            format!("save the input as {copy_name} and {}", name_files(hint, &copy_name))
        }
        KeySource::Stdin => name_files(hint, "-"),
        KeySource::Variable(name) => {
            let (name, copy_name) = (quote_shell_word(name), unused_file_name("key.in"));
            let save = format!("(umask 077; printenv {name} > {copy_name})");
            if has_command {
                return name_files(hint, &copy_name).replacen(": ", &format!(": {save} && "), 1);
            }
            let hint = hint.replace("`--key FILE`", &format!("`--secret-env {name}`"));
            format!("save the key and {}: {save}", name_files(&hint, &copy_name))
        }
    }
}

/// Returns whether an entry with that name exists in the working directory. A broken symbolic link
/// counts as an entry.
fn exists(name: &str) -> bool {
    Path::new(name).symlink_metadata().is_ok()
}

/// Returns the name for a file that a command in a hint writes. The name is `name`, or `name` with
/// a number if an entry named `name` exists in the working directory.
pub(crate) fn unused_file_name(name: &str) -> String {
    unused_name(name, &exists)
}

fn unused_name(name: &str, is_used: &dyn Fn(&str) -> bool) -> String {
    let (stem, extension) = name.rfind('.').map_or((name, ""), |at| name.split_at(at));
    let numbered = (2..=u32::MAX).map(|number| format!("{stem}-{number}{extension}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|name| !is_used(name)).unwrap_or_default()
}

/// Replaces each word that is the placeholder by the quoted path. A `jq` path that contains the
/// placeholder is unchanged. Replaces the name of each output file of the command by a name for
/// which `is_used` returns `false`.
fn insert_file_names(hint: &str, path: &str, is_used: &dyn Fn(&str) -> bool) -> String {
    let looks_like_option = path.starts_with('-') && path != "-";
    let path = if looks_like_option { format!("./{path}") } else { path.to_owned() };
    let quoted = quote_shell_word(&path);
    let replace = |word: &str| {
        let is_punctuation = |rest: &str| rest.bytes().all(|byte| b"`);\"".contains(&byte));
        if let Some(rest) = word.strip_prefix(FILE_PLACEHOLDER).filter(|rest| is_punctuation(rest))
        {
            return format!("{quoted}{rest}");
        }
        let output = OUTPUT_FILES.iter().find_map(|output| {
            let rest = word.strip_prefix(output).filter(|rest| is_punctuation(rest))?;
            Some(format!("{}{rest}", unused_name(output, is_used)))
        });
        output.unwrap_or_else(|| word.to_owned())
    };
    hint.split(' ').map(replace).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_placeholder_word_is_replaced_by_the_quoted_path() {
        for (hint, path, expected) in [
            (
                "extract the key: jq -r '.\"PRIVATE_KEY_FILE\"' FILE > key.txt",
                "x;touch pwned;.json",
                "extract the key: jq -r '.\"PRIVATE_KEY_FILE\"' 'x;touch pwned;.json' > key.txt",
            ),
            (
                "extract the key: jq -r '.\"FILE\"' FILE > key.txt",
                "FILE key",
                "extract the key: jq -r '.\"FILE\"' 'FILE key' > key.txt",
            ),
            (
                "use `--jwks FILE` in place of `--key FILE`",
                "a",
                "use `--jwks a` in place of `--key a`",
            ),
            ("decode: base64 -d FILE > key.txt", "-x", "decode: base64 -d ./-x > key.txt"),
        ] {
            assert_eq!(insert_file_names(hint, path, &|_| false), expected);
        }
    }

    #[test]
    fn command_in_a_hint_overwrites_no_file() {
        let files = ["key.txt", "key.pem", "key-2.pem", "jwks.json"];
        let is_used = |name: &str| files.contains(&name);
        for (hint, path, expected) in [
            (
                "decode the key first: (umask 077; xxd -r -p FILE > key.txt)",
                "dir/key.txt",
                "decode the key first: (umask 077; xxd -r -p dir/key.txt > key-2.txt)",
            ),
            (
                "convert a copy of the key: install FILE key.pem && ssh-keygen -p -f key.pem",
                "key.pem",
                "convert a copy of the key: install key.pem key-3.pem && ssh-keygen -p -f key-3.pem",
            ),
            (
                "fetch the keys: curl --url \"$(jq -r .jwks_uri FILE)\" > jwks.json",
                "a b.json",
                "fetch the keys: curl --url \"$(jq -r .jwks_uri 'a b.json')\" > jwks-2.json",
            ),
        ] {
            assert_eq!(insert_file_names(hint, path, &is_used), expected);
        }
    }
}
