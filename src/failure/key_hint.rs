//! Name of the key file in hints with conversion commands.

use crate::crypto::FILE_PLACEHOLDER;
use crate::model::quote_shell_word;

/// Output files of conversion commands.
const OUTPUTS: [&str; 8] =
    ["key.pem", "key.der", "key.json", "key.txt", "key.ssh", "key.p12", "cert.pem", "jwks.json"];

/// Replaces the placeholder, where it is a word, by the quoted path. Paths within documents, which
/// can contain the placeholder, are unchanged. Output files do not have the name of the input.
pub(super) fn name_file(hint: &str, path: &str) -> String {
    let is_option = path.starts_with('-');
    let path = if is_option { format!("./{path}") } else { path.to_owned() };
    let name = path.rsplit('/').next().unwrap_or_default();
    let output = OUTPUTS.iter().find(|output| output.eq_ignore_ascii_case(name));
    let quoted = quote_shell_word(&path);
    let replace = |word: &str| {
        let has_end = |rest: &str| rest.bytes().all(|byte| b"`);\"".contains(&byte));
        if let Some(rest) = word.strip_prefix(FILE_PLACEHOLDER).filter(|rest| has_end(rest)) {
            return format!("{quoted}{rest}");
        }
        let is_output = |output: &&&str| word.strip_prefix(**output).is_some_and(has_end);
        match output.filter(is_output) {
            Some(_) => format!("converted-{word}"),
            None => word.to_owned(),
        }
    };
    hint.split(' ').map(replace).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_placeholder_is_replaced() {
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
            (
                "decode the key first: xxd -r -p FILE > key.txt",
                "dir/key.txt",
                "decode the key first: xxd -r -p dir/key.txt > converted-key.txt",
            ),
            (
                "convert a copy of the key: cp FILE key.pem && ssh-keygen -p -f key.pem",
                "key.pem",
                "convert a copy of the key: cp key.pem converted-key.pem && ssh-keygen -p -f converted-key.pem",
            ),
            (
                "fetch the keys: curl --url \"$(jq -r .jwks_uri FILE)\" > jwks.json",
                "JWKS.json",
                "fetch the keys: curl --url \"$(jq -r .jwks_uri JWKS.json)\" > converted-jwks.json",
            ),
            ("decode: base64 -d FILE > key.txt", "-x", "decode: base64 -d ./-x > key.txt"),
        ] {
            assert_eq!(name_file(hint, path), expected);
        }
    }
}
