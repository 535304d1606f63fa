//! Argon2id with OWASP's parameters (m = 19 MiB, t = 2, p = 1), which are the crate's defaults.

use super::Error;
use crate::model::{Password, PasswordHash};
use argon2::password_hash::phc::{self, Ident};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier};

/// The hash of no password, with today's parameters: checking against it costs what checking
/// against a real one does.
const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$amV0b24gZGVjb3kgc2FsdA$\
                     9m2n1Q0rTzC4fEoYk0T8bX6c1yqkJqkV3mJH0w7dG2o";

/// A new salted hash.
pub(crate) fn hash(password: &Password) -> Result<PasswordHash, Error> {
    Argon2::default()
        .hash_password(password.expose())
        .map(|hash: phc::PasswordHash| PasswordHash::new(hash.to_string()))
        .map_err(|error| Error::Hash(error.to_string()))
}

/// Whether it is the password behind the hash. Without a hash or without a password the answer is
/// no, after the same work: an unknown name takes as long as a wrong password.
pub(crate) fn matches(password: Option<&Password>, hash: Option<&PasswordHash>) -> bool {
    let phc = hash.map_or(DECOY, PasswordHash::expose);
    let words = password.map_or(b"".as_slice(), Password::expose);
    let right = phc::PasswordHash::new(phc)
        .is_ok_and(|phc| Argon2::default().verify_password(words, &phc).is_ok());
    right && hash.is_some() && password.is_some()
}

/// Whether it was made with less work than today's: parameters that have risen since.
pub(crate) fn is_weak(hash: &PasswordHash) -> bool {
    let Ok(phc) = phc::PasswordHash::new(hash.expose()) else { return false };
    let Ok(made) = Params::try_from(&phc) else { return false };
    let today = Params::default();
    phc.algorithm != Ident::from(Algorithm::default())
        || made.m_cost() < today.m_cost()
        || made.t_cost() < today.t_cost()
        || made.p_cost() < today.p_cost()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn only_the_right_password_matches() {
        let hash = hash(&password("correct horse")).unwrap();
        assert!(matches(Some(&password("correct horse")), Some(&hash)));
        assert!(!matches(Some(&password("correct horsf")), Some(&hash)));
        assert!(!matches(Some(&password("correct horse")), None));
        assert!(!matches(None, Some(&hash)));
    }

    #[test]
    fn the_decoy_has_todays_parameters() {
        let decoy = phc::PasswordHash::new(DECOY).unwrap();
        let fresh = hash(&password("x")).unwrap();
        let fresh = phc::PasswordHash::new(fresh.expose()).unwrap();
        assert_eq!(decoy.algorithm, fresh.algorithm);
        assert_eq!(decoy.version, fresh.version);
        assert_eq!(decoy.params.to_string(), fresh.params.to_string());
        assert_eq!(decoy.hash.unwrap().as_bytes().len(), fresh.hash.unwrap().as_bytes().len());
    }
}
