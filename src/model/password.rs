//! Passwords and password hashes.

use super::InvalidValue;
use super::precis::enforce_to_fixed_point;
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use zeroize::Zeroize;

/// Password of 1 to 1,024 bytes, normalized by PRECIS `OpaqueString` (RFC 8265, section 4.2).
/// Spaces at the start and end are kept. `Display` is not implemented, and `Debug` is redacted.
#[derive(Debug, Clone)]
pub(crate) struct Password(SecretString);

impl Password {
    const MAX_BYTES: usize = 1_024;

    /// Parses a password, and overwrites `text` in memory.
    pub(crate) fn parse(mut text: String) -> Result<Self, InvalidValue> {
        let invalid = |reason: &str| InvalidValue::new("password", reason);
        if text.is_empty() {
            return Err(invalid("must not be empty"));
        }
        let check_length = |text: &str| {
            let is_too_long = text.len() > Self::MAX_BYTES;
            if is_too_long { Err(invalid("longer than 1,024 bytes")) } else { Ok(()) }
        };
        let password = check_length(&text).and_then(|()| {
            let normalized = enforce_to_fixed_point(&text, |text| {
                OpaqueString::enforce(text).map(Cow::into_owned)
            })
            .ok_or_else(|| invalid("contains a character that is not allowed"))?;
            // The normalized form can be longer than the text.
            check_length(&normalized)?;
            Ok(Self(SecretString::from(normalized.as_str())))
        });
        text.zeroize();
        password
    }

    /// Returns the number of characters, for comparison with the setting `password.min_length`.
    pub(crate) fn char_count(&self) -> usize {
        self.0.expose_secret().chars().count()
    }

    /// Returns the normalized password in UTF-8.
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// Argon2 hash as a PHC string such as `$argon2id$…`.
#[derive(Debug, Clone)]
pub(crate) struct PasswordHash(SecretString);

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for PasswordHash {}

impl PasswordHash {
    pub(crate) fn new(phc: String) -> Self {
        Self(SecretString::from(phc))
    }

    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_normalized_and_keeps_outer_spaces() {
        let composed = Password::parse("caf\u{e9} au lait".to_owned()).unwrap();
        let decomposed = Password::parse("cafe\u{301} au lait".to_owned()).unwrap();
        assert_eq!(composed.expose(), decomposed.expose());
        assert_eq!(Password::parse(" x ".to_owned()).unwrap().expose(), b" x ");
    }

    #[test]
    fn password_with_invalid_normalized_form_is_refused() {
        // Normalization replaces the Greek middle dot by the Latin middle dot. The Latin middle dot
        // is valid only between two `l` (RFC 5892, appendix A.3).
        assert!(Password::parse("p\u{387}p".to_owned()).is_err());
        assert_eq!(Password::parse("l\u{387}l".to_owned()).unwrap().expose(), "l·l".as_bytes());
    }

    #[test]
    fn password_error_omits_password() {
        let error = Password::parse("hunter2\u{7}".to_owned()).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn password_length_is_limited_before_and_after_normalization() {
        assert!(Password::parse(String::new()).is_err());
        assert!(Password::parse("x".repeat(1_025)).is_err());
        // The character has three bytes in the text, and four bytes in normalized form.
        let longest = Password::parse("\u{fa6c}".repeat(256)).unwrap();
        assert_eq!(longest.expose().len(), 1_024);
        assert!(Password::parse("\u{fa6c}".repeat(257)).is_err());
    }

    #[test]
    fn password_debug_is_redacted() {
        let password = Password::parse("hunter2".to_owned()).unwrap();
        assert!(!format!("{password:?}").contains("hunter2"));
    }
}
