//! Passwords and tokens from where the user keeps them: standard input, files, the environment, a
//! prompt. Never from a flag's value.

use super::App;
use super::environment::{self, INVALID_UTF8_TOKEN, NotUtf8};
use super::input_files::{InputKind, stdin_error};
use crate::crypto::MAX_TOKEN_BYTES;
use crate::failure::{Failure, Kind};
use crate::model::{Password, parse_strict_object, quote_shell_word, redact_for_error};
use crate::terminal::{Echo, StdinReader};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Nothing longer is read where a password is expected.
const MAX_PASSWORD_BYTES: usize = 8 * 1024;

/// Characters under which a password is called short.
const RECOMMENDED_PASSWORD_LENGTH: usize = 8;

/// Nothing longer is read where keys are expected. JSON of empty arrays takes a hundred times its
/// length in memory.
const MAX_KEY_FILE_BYTES: usize = 256 * 1024;

/// The longest file of claims: no longer than a row of claims.
const MAX_CLAIMS_FILE_BYTES: usize = 128 * 1024;

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    /// `--password-stdin`
    Stdin,
    /// `--password-file F`; `-` is standard input.
    File(PathBuf),
    /// Not said: `JETON_PASSWORD`, else a prompt.
    EnvOrPrompt,
}

impl App {
    /// A file of keys.
    pub(crate) fn read_key_file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let bytes = self.read_file(InputKind::Key, path, MAX_KEY_FILE_BYTES)?;
        if bytes.len() > MAX_KEY_FILE_BYTES {
            let message = format!("keys of more than {MAX_KEY_FILE_BYTES} bytes are not read");
            return Err(Failure::new(Kind::BadData, "bad_data", message));
        }
        Ok(bytes)
    }

    /// A file with claims: one JSON object.
    pub(crate) fn read_claims_file(&self, path: &Path) -> Result<Map<String, Value>, Failure> {
        let bytes = self.read_file(InputKind::Claims, path, MAX_CLAIMS_FILE_BYTES)?;
        let claims = if bytes.len() > MAX_CLAIMS_FILE_BYTES {
            Err(format!("longer than {} KiB", MAX_CLAIMS_FILE_BYTES / 1024))
        } else {
            parse_strict_object(&bytes)
        };
        claims.map_err(|reason| {
            Failure::new(Kind::BadData, "bad_data", format!("the file of claims is {reason}"))
        })
    }

    /// A key in an environment variable. Its name is not repeated: it may be the value, by mistake.
    pub(crate) fn read_key_variable(name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let value = environment::variable(name).ok_or_else(|| {
            Failure::usage("the environment variable that was named is not set")
                .with_hint("give the name of the variable, without `$`; its value is read there")
        });
        Ok(Zeroizing::new(value?.into_encoded_bytes()))
    }

    /// Whether a question may be asked.
    pub(super) fn can_prompt(&self) -> bool {
        !self.options.no_input && !self.environment.ci && io::stdin().is_terminal()
    }

    /// A password to log in with; `None` if what was given cannot be one.
    pub(crate) fn obtain_password(
        &self,
        source: &PasswordSource,
        question: &str,
    ) -> Result<Option<Password>, Failure> {
        match self.explicit_password_text(source)? {
            Some(text) => Ok(Password::parse(text.to_string()).ok()),
            None => self.prompt_password(|app| app.console.prompt_password(question)).map(Some),
        }
    }

    /// A new password; typed, it must be typed twice.
    pub(crate) fn obtain_new_password(&self, source: &PasswordSource) -> Result<Password, Failure> {
        match self.explicit_password(source)? {
            Some(password) => Ok(password),
            None => self.prompt_password(|app| app.console.prompt_new_password("New password")),
        }
    }

    /// Says that a password which was just accepted is short.
    pub(crate) fn warn_if_password_short(&self, password: &Password) {
        if password.char_count() < RECOMMENDED_PASSWORD_LENGTH {
            self.print_warning(&format!(
                "the password has fewer than {RECOMMENDED_PASSWORD_LENGTH} characters"
            ));
        }
    }

    /// A new password if it was said or somebody can be asked.
    pub(crate) fn try_obtain_new_password(
        &self,
        source: &PasswordSource,
    ) -> Result<Option<Password>, Failure> {
        match self.explicit_password(source)? {
            None if !self.can_prompt() => Ok(None),
            None => self.obtain_new_password(source).map(Some),
            password => Ok(password),
        }
    }

    /// The current password and the new one: two lines where they are read.
    pub(crate) fn obtain_password_change(
        &self,
        source: &PasswordSource,
    ) -> Result<(Password, Password), Failure> {
        let Some(text) = self.read_password_text(InputKind::PasswordChange, source)? else {
            if !self.can_prompt() {
                return Err(Failure::usage("both passwords are needed and nobody is there to ask")
                    .with_hint("give both, on two lines, with `--password-stdin` or `--password-file FILE`"));
            }
            let old =
                self.prompt_password(|app| app.console.prompt_password("Current password"))?;
            let new =
                self.prompt_password(|app| app.console.prompt_new_password("New password"))?;
            return Ok((old, new));
        };
        let mut lines = text.lines();
        match (lines.next(), lines.next(), lines.next()) {
            (Some(old), Some(new), None) => {
                Ok((Password::parse(old.to_owned())?, Password::parse(new.to_owned())?))
            }
            _ => Err(Failure::usage("two lines are needed: the current password and the new one")),
        }
    }

    fn explicit_password(&self, source: &PasswordSource) -> Result<Option<Password>, Failure> {
        let text = self.explicit_password_text(source)?;
        Ok(text.map(|text| Password::parse(text.to_string())).transpose()?)
    }

    fn explicit_password_text(
        &self,
        source: &PasswordSource,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(mut text) = self.read_password_text(InputKind::Password, source)? {
            if text.ends_with('\n') {
                text.pop();
                if text.ends_with('\r') {
                    text.pop();
                }
            }
            return Ok(Some(text));
        }
        match &self.environment.password {
            Some(Ok(password)) => Ok(Some(Zeroizing::new(password.expose_secret().to_owned()))),
            Some(Err(NotUtf8(name))) => {
                let message = format!("`{name}` is not UTF-8");
                Err(Failure::new(Kind::Usage, "invalid_input", message))
            }
            None => Ok(None),
        }
    }

    fn prompt_password(
        &self,
        prompt: impl FnOnce(&Self) -> Result<crate::terminal::Answer, crate::terminal::Error>,
    ) -> Result<Password, Failure> {
        if !self.can_prompt() {
            return Err(Failure::usage("a password is needed and nobody is there to ask")
                .with_hint(
                    "give it with `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`",
                ));
        }
        Ok(Password::parse(prompt(self)?.to_string())?)
    }

    /// A token to look at: the argument itself, `-` for standard input, `@FILE`, and without an
    /// argument the caller's own from the environment.
    pub(crate) fn read_token_argument(
        &self,
        argument: Option<&str>,
    ) -> Result<SecretString, Failure> {
        match argument {
            Some("-") => self
                .read_stdin(InputKind::Token, 2 * MAX_TOKEN_BYTES)
                .map(|bytes| normalize_token(&bytes)),
            Some(text) => match text.strip_prefix('@') {
                Some(path) => self.read_token_file(Path::new(path)),
                None if Path::new(text).is_file() => {
                    let display_path = redact_for_error(text);
                    let hint = format!("to read it: {}", quote_shell_word(&format!("@{display_path}")));
                    Err(Failure::usage(format!("`{display_path}` is a file, not a token")).with_hint(hint))
                }
                None => Ok(normalize_token(text.as_bytes())),
            },
            None => self.bearer_credential()?.map(|(token, _)| token).ok_or_else(|| {
                Failure::usage("a token is needed")
                    .with_hint("give it as an argument, as `-` on standard input, as `@FILE`, or in `JETON_TOKEN`")
            }),
        }
    }

    /// The caller's own token, where one is given instead of the session file, and from where. It
    /// is read once: standard input and pipes have it no second time.
    pub(super) fn bearer_credential(&self) -> Result<Option<(SecretString, String)>, Failure> {
        if let Some(credential) = self.bearer_credential.get() {
            return Ok(credential.clone());
        }
        let credential = self.read_bearer_credential()?;
        Ok(self.bearer_credential.get_or_init(|| credential).clone())
    }

    fn read_bearer_credential(&self) -> Result<Option<(SecretString, String)>, Failure> {
        if let Some(path) = &self.options.token_file {
            let display_path = redact_for_error(&path.to_string_lossy());
            return Ok(Some((self.read_token_file(path)?, format!("file {display_path}"))));
        }
        if let Some(token_text) = &self.environment.token {
            let token = normalize_token(token_text.expose_secret().as_bytes());
            return Ok(Some((token, "JETON_TOKEN".to_owned())));
        }
        match &self.environment.token_file {
            Some(path) => Ok(Some((self.read_token_file(path)?, "JETON_TOKEN_FILE".to_owned()))),
            None => Ok(None),
        }
    }

    /// Opens standard input to read tokens from it, one a line.
    pub(crate) fn open_token_lines(&self) -> Result<TokenLines, Failure> {
        Ok(TokenLines(BufReader::new(self.console.open_stdin("tokens", Echo::LineBreaksOnly)?)))
    }

    fn read_password_text(
        &self,
        kind: InputKind,
        source: &PasswordSource,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        let bytes = match source {
            PasswordSource::EnvOrPrompt => return Ok(None),
            PasswordSource::Stdin => self.read_stdin(kind, MAX_PASSWORD_BYTES)?,
            PasswordSource::File(path) => self.read_file(kind, path, MAX_PASSWORD_BYTES)?,
        };
        let text = String::from_utf8(bytes.to_vec());
        text.map(|text| Some(Zeroizing::new(text)))
            .map_err(|_| Failure::new(Kind::Usage, "invalid_input", "the password is not UTF-8"))
    }

    fn read_token_file(&self, path: &Path) -> Result<SecretString, Failure> {
        self.read_file(InputKind::Token, path, 2 * MAX_TOKEN_BYTES)
            .map(|bytes| normalize_token(&bytes))
    }
}

/// Tokens on standard input, one a line.
pub(crate) struct TokenLines(BufReader<StdinReader>);

impl TokenLines {
    /// The next one; `None` at the end. Of a line that is too long to be a token the beginning is
    /// kept, which is too long as well.
    pub(crate) fn next(&mut self) -> Result<Option<SecretString>, Failure> {
        let mut line = Zeroizing::new(Vec::new());
        let limit = u64::try_from(2 * MAX_TOKEN_BYTES).unwrap_or(u64::MAX);
        let length = (&mut self.0).take(limit).read_until(b'\n', &mut line).map_err(stdin_error)?;
        if length == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            self.0.skip_until(b'\n').map_err(stdin_error)?;
        }
        Ok(Some(normalize_token(&line)))
    }
}

/// What is left without white space around it and without `Bearer `.
fn normalize_token(bytes: &[u8]) -> SecretString {
    let text = std::str::from_utf8(bytes).unwrap_or(INVALID_UTF8_TOKEN).trim();
    let bare = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    };
    SecretString::from(bare)
}
