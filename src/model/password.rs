//! Passwords, and the hashes that other rooms pass on without looking inside.

use super::Invalid;
use super::precis::settled;
use precis_profiles::OpaqueString;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;
use zeroize::Zeroize;

/// A password in the form of PRECIS `OpaqueString` (RFC 8265, section 4.2): nothing is trimmed,
/// at most 1,024 bytes. It has no `Display`, and its `Debug` shows nothing.
#[derive(Debug, Clone)]
pub(crate) struct Password(SecretString);

impl Password {
    const MOST: usize = 1_024;

    pub(crate) fn parse(mut text: String) -> Result<Self, Invalid> {
        let refused = |why: &str| Invalid::new("password", why);
        if text.is_empty() {
            return Err(refused("must not be empty"));
        }
        let fits = |text: &str| {
            let is_long = text.len() > Self::MOST;
            if is_long { Err(refused("longer than 1,024 bytes")) } else { Ok(()) }
        };
        let form = fits(&text).and_then(|()| {
            let form = settled(&text, |text| OpaqueString::enforce(text).map(Cow::into_owned))
                .ok_or_else(|| refused("has control characters or characters without a meaning"))?;
            // Some characters are longer in it.
            fits(&form)?;
            Ok(Self(SecretString::from(form.as_str())))
        });
        text.zeroize();
        form
    }

    /// The characters that a minimum length counts.
    pub(crate) fn length(&self) -> usize {
        self.0.expose_secret().chars().count()
    }

    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

/// An Argon2 hash as a PHC string: opaque to all but `crypto` and the column it is kept in.
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
    fn two_spellings_of_one_password_are_one() {
        let composed = Password::parse("caf\u{e9} au lait".to_owned()).unwrap();
        let decomposed = Password::parse("cafe\u{301} au lait".to_owned()).unwrap();
        assert_eq!(composed.expose(), decomposed.expose());
        assert_eq!(Password::parse(" x ".to_owned()).unwrap().expose(), b" x ");
    }

    #[test]
    fn a_form_is_its_own_form() {
        // The Greek middle dot becomes the Latin one, which stands between two `l` only.
        assert!(Password::parse("p\u{387}p".to_owned()).is_err());
        assert_eq!(Password::parse("l\u{387}l".to_owned()).unwrap().expose(), "l·l".as_bytes());
    }

    #[test]
    fn refusals_do_not_repeat_the_password() {
        let error = Password::parse("hunter2\u{7}".to_owned()).unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
        assert!(Password::parse(String::new()).is_err());
        assert!(Password::parse("x".repeat(1_025)).is_err());
        // Three bytes each, and four in the form.
        let longest = Password::parse("\u{fa6c}".repeat(256)).unwrap();
        assert_eq!(longest.expose().len(), 1_024);
        assert!(Password::parse("\u{fa6c}".repeat(257)).is_err());
    }

    #[test]
    fn debug_shows_nothing() {
        let password = Password::parse("hunter2".to_owned()).unwrap();
        assert!(!format!("{password:?}").contains("hunter2"));
    }
}
