//! Passwords and tokens from where the user keeps them: standard input, files, the environment, a
//! prompt. Never from a flag's value.

use super::App;
use super::environment::{self, NO_TOKEN, NotText};
use super::source::{Content, unreadable};
use crate::crypto::LARGEST_TOKEN;
use crate::failure::{Failure, Kind};
use crate::model::{Password, repeatable, shell_word, strict_object};
use crate::terminal::{Echo, Input};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Nothing longer is read where a password is expected.
const LARGEST_PASSWORD: usize = 8 * 1024;

/// Characters under which a password is called short.
const GOOD_LENGTH: usize = 8;

/// Nothing longer is read where keys are expected. JSON of empty arrays takes a hundred times its
/// length in memory.
const LARGEST_KEYS: usize = 256 * 1024;

/// The longest file of claims: no longer than a row of claims.
const LARGEST_CLAIMS: usize = 128 * 1024;

/// Where a password comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PasswordFrom {
    /// `--password-stdin`
    Stdin,
    /// `--password-file F`; `-` is standard input.
    File(PathBuf),
    /// Not said: `JETON_PASSWORD`, else a prompt.
    Unsaid,
}

impl App {
    /// A file of keys.
    pub(crate) fn key_file(&self, path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let bytes = self.read_file(Content::Key, path, LARGEST_KEYS)?;
        if bytes.len() > LARGEST_KEYS {
            let why = format!("keys of more than {LARGEST_KEYS} bytes are not read");
            return Err(Failure::new(Kind::BadData, "bad_data", why));
        }
        Ok(bytes)
    }

    /// A file with claims: one JSON object.
    pub(crate) fn claims_file(&self, path: &Path) -> Result<Map<String, Value>, Failure> {
        let bytes = self.read_file(Content::Claims, path, LARGEST_CLAIMS)?;
        let claims = if bytes.len() > LARGEST_CLAIMS {
            Err(format!("longer than {} KiB", LARGEST_CLAIMS / 1024))
        } else {
            strict_object(&bytes)
        };
        claims.map_err(|why| {
            Failure::new(Kind::BadData, "bad_data", format!("the file of claims is {why}"))
        })
    }

    /// A key in an environment variable. Its name is not repeated: it may be the value, by mistake.
    pub(crate) fn key_variable(name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let value = environment::variable(name).ok_or_else(|| {
            Failure::usage("the environment variable that was named is not set")
                .with_hint("give the name of the variable, without `$`; its value is read there")
        });
        Ok(Zeroizing::new(value?.into_encoded_bytes()))
    }

    /// Whether a question may be asked.
    pub(super) fn may_ask(&self) -> bool {
        !self.options.no_input && !self.environment.ci && io::stdin().is_terminal()
    }

    /// A password to log in with; `None` if what was given cannot be one.
    pub(crate) fn password(
        &self,
        from: &PasswordFrom,
        question: &str,
    ) -> Result<Option<Password>, Failure> {
        match self.said_text(from)? {
            Some(text) => Ok(Password::parse(text.to_string()).ok()),
            None => self.asked(|app| app.voice.ask_password(question)).map(Some),
        }
    }

    /// A new password; typed, it must be typed twice.
    pub(crate) fn new_password(&self, from: &PasswordFrom) -> Result<Password, Failure> {
        match self.said_password(from)? {
            Some(password) => Ok(password),
            None => self.asked(|app| app.voice.ask_new_password("New password")),
        }
    }

    /// Says that a password which was just accepted is short.
    pub(crate) fn warn_of_short(&self, password: &Password) {
        if password.length() < GOOD_LENGTH {
            self.warning(&format!("the password has fewer than {GOOD_LENGTH} characters"));
        }
    }

    /// A new password if it was said or somebody can be asked.
    pub(crate) fn new_password_if_any(
        &self,
        from: &PasswordFrom,
    ) -> Result<Option<Password>, Failure> {
        match self.said_password(from)? {
            None if !self.may_ask() => Ok(None),
            None => self.new_password(from).map(Some),
            said => Ok(said),
        }
    }

    /// The current password and the new one: two lines where they are read.
    pub(crate) fn old_and_new_password(
        &self,
        from: &PasswordFrom,
    ) -> Result<(Password, Password), Failure> {
        let Some(text) = self.read_password(Content::Passwords, from)? else {
            if !self.may_ask() {
                return Err(Failure::usage("both passwords are needed and nobody is there to ask")
                    .with_hint("give both, on two lines, with `--password-stdin` or `--password-file FILE`"));
            }
            let old = self.asked(|app| app.voice.ask_password("Current password"))?;
            let new = self.asked(|app| app.voice.ask_new_password("New password"))?;
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

    fn said_password(&self, from: &PasswordFrom) -> Result<Option<Password>, Failure> {
        let text = self.said_text(from)?;
        Ok(text.map(|text| Password::parse(text.to_string())).transpose()?)
    }

    fn said_text(&self, from: &PasswordFrom) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(mut text) = self.read_password(Content::Password, from)? {
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
            Some(Err(NotText(name))) => {
                let message = format!("`{name}` is not UTF-8");
                Err(Failure::new(Kind::Usage, "invalid_input", message))
            }
            None => Ok(None),
        }
    }

    fn asked(
        &self,
        ask: impl FnOnce(&Self) -> Result<crate::terminal::Answer, crate::terminal::Error>,
    ) -> Result<Password, Failure> {
        if !self.may_ask() {
            return Err(Failure::usage("a password is needed and nobody is there to ask")
                .with_hint(
                    "give it with `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`",
                ));
        }
        Ok(Password::parse(ask(self)?.to_string())?)
    }

    /// A token to look at: the argument itself, `-` for standard input, `@FILE`, and without an
    /// argument the caller's own from the environment.
    pub(crate) fn token_argument(&self, argument: Option<&str>) -> Result<SecretString, Failure> {
        match argument {
            Some("-") => self
                .read_stdin(Content::Token, 2 * LARGEST_TOKEN)
                .map(|bytes| token(&bytes)),
            Some(text) => match text.strip_prefix('@') {
                Some(path) => self.token_from_file(Path::new(path)),
                None if Path::new(text).is_file() => {
                    let shown = repeatable(text);
                    let hint = format!("to read it: {}", shell_word(&format!("@{shown}")));
                    Err(Failure::usage(format!("`{shown}` is a file, not a token")).with_hint(hint))
                }
                None => Ok(token(text.as_bytes())),
            },
            None => self.given_token()?.map(|(token, _)| token).ok_or_else(|| {
                Failure::usage("a token is needed")
                    .with_hint("give it as an argument, as `-` on standard input, as `@FILE`, or in `JETON_TOKEN`")
            }),
        }
    }

    /// The caller's own token, where one is given instead of the session file, and from where. It
    /// is read once: standard input and pipes have it no second time.
    pub(super) fn given_token(&self) -> Result<Option<(SecretString, String)>, Failure> {
        if let Some(given) = self.given.get() {
            return Ok(given.clone());
        }
        let given = self.read_given_token()?;
        Ok(self.given.get_or_init(|| given).clone())
    }

    fn read_given_token(&self) -> Result<Option<(SecretString, String)>, Failure> {
        if let Some(path) = &self.options.token_file {
            let shown = repeatable(&path.to_string_lossy());
            return Ok(Some((self.token_from_file(path)?, format!("file {shown}"))));
        }
        if let Some(given) = &self.environment.token {
            let token = token(given.expose_secret().as_bytes());
            return Ok(Some((token, "JETON_TOKEN".to_owned())));
        }
        match &self.environment.token_file {
            Some(path) => Ok(Some((self.token_from_file(path)?, "JETON_TOKEN_FILE".to_owned()))),
            None => Ok(None),
        }
    }

    /// Opens standard input to read tokens from it, one a line.
    pub(crate) fn token_lines(&self) -> Result<TokenLines, Failure> {
        Ok(TokenLines(BufReader::new(self.voice.stdin("tokens", Echo::Off)?)))
    }

    fn read_password(
        &self,
        content: Content,
        from: &PasswordFrom,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        let bytes = match from {
            PasswordFrom::Unsaid => return Ok(None),
            PasswordFrom::Stdin => self.read_stdin(content, LARGEST_PASSWORD)?,
            PasswordFrom::File(path) => self.read_file(content, path, LARGEST_PASSWORD)?,
        };
        let text = String::from_utf8(bytes.to_vec());
        text.map(|text| Some(Zeroizing::new(text)))
            .map_err(|_| Failure::new(Kind::Usage, "invalid_input", "the password is not UTF-8"))
    }

    fn token_from_file(&self, path: &Path) -> Result<SecretString, Failure> {
        self.read_file(Content::Token, path, 2 * LARGEST_TOKEN).map(|bytes| token(&bytes))
    }
}

/// Tokens on standard input, one a line.
pub(crate) struct TokenLines(BufReader<Input>);

impl TokenLines {
    /// The next one; `None` at the end. Of a line that is too long to be a token the beginning is
    /// kept, which is too long as well.
    pub(crate) fn next(&mut self) -> Result<Option<SecretString>, Failure> {
        let mut line = Zeroizing::new(Vec::new());
        let most = u64::try_from(2 * LARGEST_TOKEN).unwrap_or(u64::MAX);
        let read = (&mut self.0).take(most).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            self.0.skip_until(b'\n').map_err(unreadable)?;
        }
        Ok(Some(token(&line)))
    }
}

/// What is left without white space around it and without `Bearer `.
fn token(bytes: &[u8]) -> SecretString {
    let text = std::str::from_utf8(bytes).unwrap_or(NO_TOKEN).trim();
    let bare = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    };
    SecretString::from(bare)
}
