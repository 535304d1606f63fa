//! Tokens from arguments, standard input, files and the environment. All commands read single
//! tokens here; `token_batch` reads tokens line by line.

use super::environment::MALFORMED_TOKEN;
use super::input_files::InputKind;
use super::run_console::RunConsole;
use crate::authority::RejectReason;
use crate::crypto::{MAX_DECODABLE_TOKEN_BYTES, is_token_in_base64};
use crate::failure::{Code, Failure};
use crate::model::{
    NotOneToken, extract_token, normalize_encoding, quote_shell_word, redact_for_error,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::fmt;
use std::path::Path;
use zeroize::Zeroizing;

/// Maximum size in bytes of an input with one token, including accepted text around the token, such
/// as JSON.
const MAX_INPUT_BYTES: usize = 2 * MAX_DECODABLE_TOKEN_BYTES;

/// Maximum number of JSON members in a message about several tokens.
const MAX_LISTED_MEMBERS: usize = 3;

/// Hint for a missing argument that may be omitted if a bearer credential is given.
const TOKEN_SOURCES_HINT: &str = "pass a token, `-` for standard input or `@FILE` as the argument, \
                                  or set `JETON_TOKEN`";

/// Hint for an input that is too large, or that has other text in place of or around a token.
const ONLY_TOKEN_HINT: &str = "pass only the token, from `ey` to the end of the signature";

/// Hint for several tokens where a command reads one token.
pub(crate) const SEVERAL_TOKENS_HINT: &str = "pass one token";

impl RunConsole {
    /// Returns the token in the value of `argument`: the token itself, `-` for standard input, or
    /// `@FILE`. A token id or `jti` in place of the token is returned unchanged. Without a value,
    /// returns the bearer credential from `--token-file` or the environment.
    pub(crate) fn read_token_argument(
        &self,
        argument: &'static str,
        value: Option<&str>,
    ) -> Result<SecretString, Failure> {
        match value {
            Some("-") => {
                parse_token(&self.read_stdin(InputKind::Token, argument, MAX_INPUT_BYTES)?)
            }
            Some(text) => match text.strip_prefix('@') {
                Some(path) => self.read_token_file(argument, Path::new(path)),
                None if Path::new(text).is_file() => {
                    let display_path = redact_for_error(text);
                    let word = quote_shell_word(&format!("@{display_path}"));
                    Err(Failure::usage(format!("`{display_path}` is a file, not a token"))
                        .with_hint(format!("to read the file, use {word}")))
                }
                None if has_form_of_file_name(text) => {
                    let display_path = redact_for_error(text);
                    Err(Failure::usage(format!(
                        "`{display_path}` is neither a token nor a regular file"
                    ))
                    .with_hint("use `@FILE` for a token in a file, or `-` for standard input"))
                }
                None if is_variable_reference(text) => {
                    let hint = format!(
                        "use double quotes, so that the shell inserts the value: \"{text}\""
                    );
                    Err(malformed("name of a variable found, expected a token".to_owned(), hint))
                }
                None => parse_token(text.as_bytes()),
            },
            None => self
                .bearer_credential()?
                .map(|(token, _)| token)
                .ok_or_else(|| Failure::usage("token required").with_hint(TOKEN_SOURCES_HINT)),
        }
    }

    /// Returns the bearer credential that is used instead of the session file, if given, and the
    /// source of the credential. Reads the credential only once, because standard input and pipes
    /// cannot be read again.
    pub(crate) fn bearer_credential(&self) -> Result<Option<(SecretString, String)>, Failure> {
        if let Some(credential) = self.bearer_credential.get() {
            return Ok(credential.clone());
        }
        let credential = self.read_bearer_credential()?;
        Ok(self.bearer_credential.get_or_init(|| credential).clone())
    }

    /// Returns the name of the source of the bearer credential, if given. Does not read the
    /// credential.
    pub(super) fn bearer_source_name(&self) -> Option<String> {
        Some(self.bearer_source()?.to_string())
    }

    fn bearer_source(&self) -> Option<BearerSource<'_>> {
        let flag = self.options.token_file.as_deref().map(BearerSource::Flag);
        let variable = || self.environment.token.as_ref().map(BearerSource::Variable);
        let file_variable =
            || self.environment.token_file.as_deref().map(BearerSource::FileVariable);
        flag.or_else(variable).or_else(file_variable)
    }

    fn read_bearer_credential(&self) -> Result<Option<(SecretString, String)>, Failure> {
        let Some(source) = self.bearer_source() else { return Ok(None) };
        let token = match source {
            BearerSource::Flag(path) => self.read_token_file("--token-file", path),
            BearerSource::Variable(text) => parse_token_variable(text.expose_secret()),
            BearerSource::FileVariable(path) => self.read_token_file("JETON_TOKEN_FILE", path),
        };
        Ok(Some((token?, source.to_string())))
    }

    fn read_token_file(
        &self,
        argument: &'static str,
        path: &Path,
    ) -> Result<SecretString, Failure> {
        parse_token(&self.read_file(InputKind::Token, argument, path, MAX_INPUT_BYTES)?)
    }
}

/// Source of the bearer credential.
#[derive(Clone, Copy)]
enum BearerSource<'e> {
    /// File of `--token-file`.
    Flag(&'e Path),
    /// Token in `JETON_TOKEN`.
    Variable(&'e SecretString),
    /// File of `JETON_TOKEN_FILE`.
    FileVariable(&'e Path),
}

impl fmt::Display for BearerSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(path) if path.as_os_str() == "-" => f.write_str("standard input"),
            Self::Flag(path) => write!(f, "file {}", redact_for_error(&path.to_string_lossy())),
            Self::Variable(_) => f.write_str("JETON_TOKEN"),
            Self::FileVariable(_) => f.write_str("JETON_TOKEN_FILE"),
        }
    }
}

/// Returns the token in `JETON_TOKEN`.
fn parse_token_variable(text: &str) -> Result<SecretString, Failure> {
    let token = if text.starts_with('@') {
        let hint = "use `JETON_TOKEN_FILE` for the name of a file, without the `@`";
        Err(malformed("`@` found, expected a token".to_owned(), hint.to_owned()))
    } else {
        parse_token(text.as_bytes())
    };
    token.map_err(|failure| Failure {
        message: format!("`JETON_TOKEN`: {}", failure.message),
        ..failure
    })
}

/// Returns the token in a text: see [`extract_token`]. Refuses a text of more than
/// [`MAX_INPUT_BYTES`], because [`RunConsole::read_file`] does not read the rest of such a text.
fn parse_token(bytes: &[u8]) -> Result<SecretString, Failure> {
    if bytes.len() > MAX_INPUT_BYTES {
        let message =
            format!("input larger than {} KiB found, expected a token", MAX_INPUT_BYTES / 1024);
        return Err(malformed(message, ONLY_TOKEN_HINT.to_owned()));
    }
    let text = decode_text(bytes);
    let token = extract_token(&text).map_err(to_failure)?;
    if is_token_in_base64(&token) {
        let message = "base64-encoded token found, expected the token itself";
        let hint = "decode the token: base64 -d FILE";
        return Err(malformed(message.to_owned(), hint.to_owned()));
    }
    Ok(SecretString::from(token.into_owned()))
}

fn decode_text(bytes: &[u8]) -> Zeroizing<String> {
    let text = String::from_utf8(normalize_encoding(bytes).into_owned());
    Zeroizing::new(text.unwrap_or_else(|_| MALFORMED_TOKEN.to_owned()))
}

fn to_failure(found: NotOneToken) -> Failure {
    let (message, hint) = match found {
        NotOneToken::Url => (
            "URL found, expected a token".to_owned(),
            "fetch the token, and pass the token on standard input with the argument `-`"
                .to_owned(),
        ),
        NotOneToken::Json(jq_paths) => match jq_paths.as_slice() {
            [] => (
                "JSON without a token found, expected a token".to_owned(),
                ONLY_TOKEN_HINT.to_owned(),
            ),
            [first, ..] => {
                let list = jq_paths.get(..MAX_LISTED_MEMBERS).unwrap_or(&jq_paths).join("`, `");
                let more = if jq_paths.len() > MAX_LISTED_MEMBERS { " and others" } else { "" };
                (
                    format!("JSON with several tokens found (`{list}`{more}), expected one token"),
                    format!("pass the value of one member: jq -r {} FILE", quote_shell_word(first)),
                )
            }
        },
        NotOneToken::JsonSerialization(jq_filter) => (
            "token in JSON serialization found, expected the compact serialization".to_owned(),
            format!("convert the token: jq -r {} FILE", quote_shell_word(jq_filter)),
        ),
        NotOneToken::Several => {
            ("several tokens found, expected one token".to_owned(), SEVERAL_TOKENS_HINT.to_owned())
        }
        NotOneToken::InsideOtherText => (
            "text around a token found, expected only the token".to_owned(),
            ONLY_TOKEN_HINT.to_owned(),
        ),
    };
    malformed(message, hint)
}

/// Returns the failure for input that is not exactly one token. The rejection reason is
/// `malformed`.
fn malformed(message: String, hint: String) -> Failure {
    let mut failure = Failure::new(Code::InvalidToken, message).with_hint(hint);
    failure.details.insert("reason".to_owned(), json!(RejectReason::Malformed));
    failure
}

/// Returns whether a word is `$NAME` or `${NAME}` in capital letters. The shell does not expand
/// such a word in single quotes.
fn is_variable_reference(word: &str) -> bool {
    let Some(rest) = word.strip_prefix('$') else { return false };
    let name = rest.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(rest);
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Returns whether a word has the form of a file name: a path, or a name with an extension that
/// files with tokens have.
fn has_form_of_file_name(word: &str) -> bool {
    const EXTENSIONS: [&str; 5] = ["jwt", "jws", "token", "txt", "json"];
    let extension = word.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_path = word.starts_with(['/', '~']) || word.starts_with("./") || word.starts_with("../");
    is_path || word.matches('.').count() == 1 && EXTENSIONS.contains(&extension)
}
