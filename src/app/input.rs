//! Passwords, keys, claims and TOML documents from standard input, files, the environment or a
//! prompt. The value of a flag may contain claims, but never a password.

use super::environment::{self, NotUtf8};
use super::input_files::InputKind;
use super::run_console::RunConsole;
use crate::authority::accounts::{PasswordRules, PasswordVerification};
use crate::failure::{Code, Failure};
use crate::model::{
    BOM, InvalidLine, Password, TomlTable, normalize_encoding, parse_strict_object,
    redact_for_error,
};
use crate::terminal::{Answer, Console};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Maximum size of password input in bytes.
const MAX_PASSWORD_BYTES: usize = 8 * 1024;

/// Minimum recommended number of characters of a password.
const RECOMMENDED_PASSWORD_LENGTH: usize = 8;

/// Maximum size of a key file in bytes, enough for a JWK Set of 10,000 public RSA keys of 2048
/// bits. The number of JSON values in the file has a separate limit.
const MAX_KEY_FILE_BYTES: usize = 6 * 1024 * 1024;

/// Maximum size of a claims file in bytes. The claims of one token in a file with rows of claims
/// have the same maximum size.
const MAX_CLAIMS_FILE_BYTES: usize = 128 * 1024;

/// Maximum size of a TOML file in bytes.
const MAX_TOML_FILE_BYTES: usize = 4 * 1024 * 1024;

/// Source of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    /// `--password-stdin`
    Stdin,
    /// `--password-file F`; `-` is standard input.
    File(PathBuf),
    /// No option. The command then uses `JETON_PASSWORD`, unless the command is `passwd`, or else a
    /// prompt. Without both, `init` generates a password.
    NotGiven,
}

impl RunConsole {
    /// Reads the key file `path`, which is the value of `argument`.
    pub(crate) fn read_key_file(
        &self,
        argument: &'static str,
        path: &Path,
    ) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let bytes = self.read_file(InputKind::Key, argument, path, MAX_KEY_FILE_BYTES)?;
        if bytes.len() > MAX_KEY_FILE_BYTES {
            let message = format!("key file too large: more than {MAX_KEY_FILE_BYTES} bytes");
            return Err(Failure::new(Code::BadData, message));
        }
        Ok(bytes)
    }

    /// Reads the claims in `value`, the value of `argument`: a JSON object, or the name of a file
    /// with a JSON object.
    pub(crate) fn read_claims(
        &self,
        argument: &'static str,
        value: &Path,
    ) -> Result<Map<String, Value>, Failure> {
        if is_inline_json(value) {
            return parse_strict_object(value.as_os_str().as_encoded_bytes()).map_err(|error| {
                Failure::new(Code::InvalidInput, format!("`{argument}` is {error}"))
            });
        }
        let bytes = self.read_file(InputKind::Claims, argument, value, MAX_CLAIMS_FILE_BYTES)?;
        let claims = if bytes.len() > MAX_CLAIMS_FILE_BYTES {
            Err(format!("larger than {} KiB", MAX_CLAIMS_FILE_BYTES / 1024))
        } else {
            parse_strict_object(&normalize_encoding(&bytes)).map_err(|error| error.to_string())
        };
        claims.map_err(|reason| {
            Failure::new(Code::BadData, format!("claims in {} {reason}", display_file(value)))
        })
    }

    /// Reads the TOML file `path`, which is the value of `argument`.
    pub(crate) fn read_toml(
        &self,
        argument: &'static str,
        path: &Path,
    ) -> Result<TomlTable, Failure> {
        let bytes = self.read_file(InputKind::Toml, argument, path, MAX_TOML_FILE_BYTES)?;
        if bytes.len() > MAX_TOML_FILE_BYTES {
            let message = format!("TOML file too large: more than {MAX_TOML_FILE_BYTES} bytes");
            return Err(Failure::new(Code::BadData, message));
        }
        TomlTable::parse(&bytes).map_err(|InvalidLine { line, reason }| {
            Failure::new(Code::BadData, reason).at_line(&display_file(path), line)
        })
    }

    /// Returns a password for a login; `None` if the text from `source` or `JETON_PASSWORD` cannot
    /// be a password. An invalid password from a prompt is an error.
    pub(crate) fn obtain_password(
        &self,
        source: &PasswordSource,
        question: &str,
    ) -> Result<Option<Password>, Failure> {
        match self.read_explicit_password_text(source)? {
            Some(text) => Ok(Password::parse(text.to_string()).ok()),
            None => {
                self.prompt_password(|terminal| Ok(terminal.prompt_password(question)?)).map(Some)
            }
        }
    }

    /// Returns a new password. A prompt asks for the password twice, and asks again if the rules
    /// from `load_rules` refuse the password. The rules are not applied to a password from another
    /// source.
    pub(crate) fn obtain_new_password(
        &self,
        source: &PasswordSource,
        load_rules: impl FnOnce() -> Result<PasswordRules, Failure>,
    ) -> Result<Password, Failure> {
        match self.read_explicit_password(source)? {
            Some(password) => Ok(password),
            None => self.prompt_new_password(load_rules),
        }
    }

    fn prompt_new_password(
        &self,
        load_rules: impl FnOnce() -> Result<PasswordRules, Failure>,
    ) -> Result<Password, Failure> {
        self.prompt_password(|terminal| {
            let rules = load_rules()?;
            let refusal = |text: &str| {
                // A malformed password is refused after the prompt.
                let password = Password::parse(text.to_owned()).ok()?;
                rules.check(&password).err().map(|error| error.to_string())
            };
            Ok(terminal.prompt_new_password("New password", refusal)?)
        })
    }

    /// Warns if a password is shorter than recommended.
    pub(crate) fn warn_if_password_short(&self, password: &Password) {
        if password.char_count() < RECOMMENDED_PASSWORD_LENGTH {
            self.print_warning(&format!(
                "password shorter than {RECOMMENDED_PASSWORD_LENGTH} characters"
            ));
        }
    }

    /// Returns the password of the first user, or `None` if no password is given and no prompt is
    /// possible.
    pub(crate) fn try_obtain_first_password(
        &self,
        source: &PasswordSource,
    ) -> Result<Option<Password>, Failure> {
        match self.read_explicit_password(source)? {
            None if self.prompt_obstacle().is_some() => Ok(None),
            None => self.prompt_new_password(|| Ok(PasswordRules::default())).map(Some),
            password => Ok(password),
        }
    }

    /// Reads the current and the new password, from two lines of input or from prompts. Returns the
    /// result of `verify`, which checks the current password, together with the new password. A
    /// wrong current password is refused before the prompt for the new password.
    pub(crate) fn obtain_password_change(
        &self,
        source: &PasswordSource,
        verify: impl FnOnce(&Password) -> Result<PasswordVerification, Failure>,
    ) -> Result<(PasswordVerification, Password), Failure> {
        let Some(text) = self.read_password_input(InputKind::PasswordChange, source)? else {
            if let Some(obstacle) = self.prompt_obstacle() {
                return Err(Failure::usage(format!(
                    "current and new password required, but {obstacle}"
                ))
                .with_hint(
                    "pass both on two lines with `--password-stdin` or `--password-file FILE`",
                ));
            }
            let current =
                self.prompt_password(|terminal| Ok(terminal.prompt_password("Current password")?))?;
            let verified = verify(&current)?;
            let new = self.prompt_new_password(|| Ok(verified.rules))?;
            return Ok((verified, new));
        };
        let mut lines = text.lines();
        match (lines.next(), lines.next(), lines.next()) {
            (Some(current), Some(new), None) => {
                let current = Password::parse(current.to_owned())?;
                let new = Password::parse(new.to_owned())?;
                Ok((verify(&current)?, new))
            }
            _ => Err(Failure::usage(
                "two lines required: the current password, then the new password",
            )),
        }
    }

    /// Reads the password from standard input or a file, or for [`PasswordSource::NotGiven`]
    /// from `JETON_PASSWORD`. Returns `None` if this variable is not set.
    fn read_explicit_password(&self, source: &PasswordSource) -> Result<Option<Password>, Failure> {
        let text = self.read_explicit_password_text(source)?;
        Ok(text.map(|text| Password::parse(text.to_string())).transpose()?)
    }

    /// Reads the text of the password as [`Self::read_explicit_password`] does. The text need not
    /// be a valid password. A final line break of standard input or a file is removed.
    fn read_explicit_password_text(
        &self,
        source: &PasswordSource,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        if let Some(mut text) = self.read_password_input(InputKind::Password, source)? {
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
                Err(Failure::new(Code::InvalidInput, message))
            }
            None => Ok(None),
        }
    }

    fn prompt_password(
        &self,
        prompt: impl FnOnce(&Console) -> Result<Answer, Failure>,
    ) -> Result<Password, Failure> {
        if let Some(obstacle) = self.prompt_obstacle() {
            return Err(Failure::usage(format!("password required, but {obstacle}"))
                .with_hint("use `--password-stdin`, `--password-file FILE` or `JETON_PASSWORD`"));
        }
        self.clock.reset();
        Ok(Password::parse(prompt(&self.terminal)?.to_string())?)
    }

    /// Reads the text of standard input or a password file. Returns `None` for
    /// [`PasswordSource::NotGiven`].
    fn read_password_input(
        &self,
        kind: InputKind,
        source: &PasswordSource,
    ) -> Result<Option<Zeroizing<String>>, Failure> {
        let bytes = match source {
            PasswordSource::NotGiven => return Ok(None),
            PasswordSource::Stdin => {
                self.read_stdin(kind, "--password-stdin", MAX_PASSWORD_BYTES)?
            }
            PasswordSource::File(path) => {
                self.read_file(kind, "--password-file", path, MAX_PASSWORD_BYTES)?
            }
        };
        if bytes.len() > MAX_PASSWORD_BYTES {
            let message = format!("password input too large: more than {MAX_PASSWORD_BYTES} bytes");
            return Err(Failure::new(Code::InvalidInput, message));
        }
        // The removal of a byte order mark changes no valid password: PRECIS permits no byte order
        // mark in a password.
        let text = String::from_utf8(bytes.strip_prefix(BOM).unwrap_or(&bytes).to_vec());
        text.map(|text| Some(Zeroizing::new(text)))
            .map_err(|_| Failure::new(Code::InvalidInput, "password input is not UTF-8"))
    }
}

/// Returns whether the value of an option for claims is JSON, not the name of a file.
pub(crate) fn is_inline_json(value: &Path) -> bool {
    let text = value.as_os_str().as_encoded_bytes();
    text.trim_ascii_start().starts_with(b"{") && !value.exists()
}

/// Returns the name of an input file for messages; `-` is standard input.
pub(crate) fn display_file(path: &Path) -> String {
    if path.as_os_str() == "-" {
        return "standard input".to_owned();
    }
    format!("`{}`", redact_for_error(&path.to_string_lossy()))
}

/// Reads a key from the environment variable `name`. The value of `argument` is the name of the
/// variable. Errors do not repeat the name, because the user may have typed the key instead.
pub(crate) fn read_key_variable(argument: &str, name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let value = environment::read_variable(name).ok_or_else(|| {
        Failure::usage(format!("environment variable of `{argument}` not set or empty"))
            .with_hint("export the variable, and pass its name without `$`")
    });
    Ok(Zeroizing::new(value?.into_encoded_bytes()))
}
