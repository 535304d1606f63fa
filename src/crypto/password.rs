//! Argon2id with OWASP's parameters (m = 19 MiB, t = 2, p = 1), which are the crate's defaults.

use super::Error;
use super::hash_class::{HashClass, parse};
use crate::model::{Invalid, Password, PasswordHash};
use argon2::password_hash::phc::{self, Ident, Output, ParamsString, Salt};
use argon2::{
    Algorithm, Argon2, Block, MIN_SALT_LEN, Params, PasswordVerifier, RECOMMENDED_SALT_LEN, Version,
};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A new salted hash.
pub(crate) fn hash(password: &Password) -> Result<PasswordHash, Error> {
    hash_in(&mut Vec::new(), password)
}

/// The same in memory that can be used again: the system takes long to hand out new memory each
/// time, and threads do not get rid of it.
fn hash_in(memory: &mut Vec<Block>, password: &Password) -> Result<PasswordHash, Error> {
    let argon2 = Argon2::default();
    memory.resize(argon2.params().block_count(), Block::default());
    let salt = super::random::bytes(RECOMMENDED_SALT_LEN)?;
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    argon2
        .hash_password_into_with_memory(password.expose(), &salt, &mut output, memory)
        .map_err(|error| Error::Hash(error.to_string()))?;
    let written = |error: phc::Error| Error::Hash(error.to_string());
    let hash = phc::PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params())
            .map_err(|error| Error::Hash(error.to_string()))?,
        salt: Some(Salt::new(&salt).map_err(written)?),
        hash: Some(Output::new(&output).map_err(written)?),
    };
    Ok(PasswordHash::new(hash.to_string()))
}

/// New salted hashes of all of them, in their order, made on all processors. `done` is called after
/// each, by whatever thread made it.
pub(crate) fn hash_all(
    passwords: &[&Password],
    done: &(dyn Fn() + Sync),
) -> Result<Vec<PasswordHash>, Error> {
    let next = AtomicUsize::new(0);
    let work = || {
        let (mut made, mut memory) = (Vec::new(), Vec::new());
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(password) = passwords.get(at) else { return Ok(made) };
            made.push((at, hash_in(&mut memory, password)?));
            done();
        }
    };
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let mut made = Vec::with_capacity(passwords.len());
    thread::scope(|scope| {
        let threads = processors.min(passwords.len());
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            let ended = thread.join();
            made.extend(ended.map_err(|_| Error::Hash("a thread has died".to_owned()))??);
        }
        Ok::<_, Error>(())
    })?;
    made.sort_unstable_by_key(|(at, _)| *at);
    Ok(made.into_iter().map(|(_, hash)| hash).collect())
}

/// A hash from elsewhere, if it is one of Argon2 that passwords can be checked against here, and
/// whoever made it cannot choose how much memory and time a login takes.
pub(crate) fn foreign_hash(phc: String) -> Result<PasswordHash, Invalid> {
    judge(&phc)?;
    Ok(PasswordHash::new(phc))
}

/// Refuses a stored hash that no password can be checked against within the limits of an import:
/// whoever wrote it chose memory and time.
pub(crate) fn test_hash(hash: &PasswordHash) -> Result<(), Error> {
    judge(hash.expose()).map(|_| ()).map_err(|invalid| Error::DamagedHash(invalid.why))
}

fn judge(phc: &str) -> Result<HashClass, Invalid> {
    let hash = parse(phc)?;
    let class = HashClass::judge(&hash)?;
    let salt = hash.salt.is_some_and(|salt| salt.len() >= MIN_SALT_LEN);
    if !salt || hash.hash.is_none() {
        let why = "it needs a salt of 8 bytes at least and the hash, and no key";
        return Err(Invalid::new("password_hash", why));
    }
    Ok(class)
}

/// Returns whether the password is the one behind the hash. A text that cannot be a password is
/// compared like a wrong one.
pub(crate) fn matches(password: Option<&Password>, hash: &PasswordHash) -> Result<bool, Error> {
    test_hash(hash)?;
    #[cfg(test)]
    super::hash_class::work_done::add(&HashClass::of(hash)?);
    let is_behind = phc::PasswordHash::new(hash.expose())
        .is_ok_and(|phc| Argon2::default().verify_password(words(password), &phc).is_ok());
    Ok(is_behind && password.is_some())
}

/// Completes the work of a failed login: after the comparison with the user's own hash, if there is
/// one, it costs as much as a comparison with a hash of the costliest class.
pub(crate) fn complete_work(
    password: Option<&Password>,
    own: Option<&PasswordHash>,
    costliest: &HashClass,
) -> Result<(), Error> {
    let done = own.map(HashClass::of).transpose()?.map_or(0, |own| own.work());
    costliest.filler(done).map_or(Ok(()), |filler| filler.spend(words(password)))
}

fn words(password: Option<&Password>) -> &[u8] {
    password.map_or(b"".as_slice(), Password::expose)
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
        assert!(matches(Some(&password("correct horse")), &hash).unwrap());
        assert!(!matches(Some(&password("correct horsf")), &hash).unwrap());
        assert!(!matches(None, &hash).unwrap());
    }

    #[test]
    fn many_are_hashed_in_their_order() {
        let passwords: Vec<Password> = (0..5).map(|n| password(&n.to_string())).collect();
        let made = AtomicUsize::new(0);
        let count = || {
            made.fetch_add(1, Ordering::Relaxed);
        };
        let hashes = hash_all(&passwords.iter().collect::<Vec<_>>(), &count).unwrap();
        assert_eq!((hashes.len(), made.into_inner()), (5, 5));
        for (password, hash) in passwords.iter().zip(&hashes) {
            assert!(matches(Some(password), hash).unwrap());
        }
        assert!(hash_all(&[], &|| {}).unwrap().is_empty());
    }

    /// Made by the reference implementation: password `password`, salt `somesalt`.
    const FOREIGN: [&str; 4] = [
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ];

    #[test]
    fn hashes_of_others_are_as_good() {
        for phc in FOREIGN {
            let hash = foreign_hash(phc.to_owned()).unwrap();
            assert!(matches(Some(&password("password")), &hash).unwrap(), "{phc}");
            assert!(!matches(Some(&password("passwort")), &hash).unwrap(), "{phc}");
            assert!(is_weak(&hash), "{phc}");
        }
    }

    #[test]
    fn a_hash_that_would_cost_too_much_or_match_nothing_is_refused() {
        let with = |head: &str| format!("{head}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu");
        for taken in ["m=262144,t=4,p=1", "m=65536,t=16,p=4", "m=8,t=1,p=1", "m=512,t=1,p=64"] {
            assert!(foreign_hash(with(&format!("$argon2d$v=19${taken}"))).is_ok(), "{taken}");
        }
        for head in [
            "$argon2id$v=19$m=262145,t=1,p=1",
            "$argon2id$v=19$m=262144,t=5,p=1",
            "$argon2id$v=19$m=4294967295,t=1,p=1",
            "$argon2id$v=19$m=8,t=4294967295,p=1",
            "$argon2id$v=19$m=8,t=1,p=65",
            "$argon2id$v=19$m=8,t=1,p=16777215",
            "$argon2id$v=19$m=4294967296,t=1,p=1",
            "$argon2id$v=19$m=7,t=1,p=1",
            "$argon2id$v=19$m=8,t=0,p=1",
            "$argon2id$v=19$m=8,t=1,p=0",
            "$argon2id$v=19$m=8,t=1,p=1,x=1",
            "$argon2id$v=19$m=8,t=1,p=1,keyid=Hj5+dsK0",
            "$argon2id$v=19$m=8,t=1,p=1,data=sRlHhRmKUGzdOmXn01XmXygd5Kc",
            "$argon2id$v=18$m=8,t=1,p=1",
            "$argon2id$m=8,t=1,p=1",
            "$argon2x$v=19$m=8,t=1,p=1",
            "$scrypt$v=1$ln=16,r=8,p=1",
        ] {
            assert!(foreign_hash(with(head)).is_err(), "{head}");
        }
        for phc in [
            "",
            "$",
            "lovelace",
            "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
            "$argon2id$v=19$m=8,t=1,p=1",
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ",
            "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu",
            "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu$",
        ] {
            assert!(foreign_hash(phc.to_owned()).is_err(), "{phc}");
        }
    }

    #[test]
    fn default_class_is_the_class_of_new_hashes() {
        let fresh = hash(&password("x")).unwrap();
        assert_eq!(HashClass::of(&fresh).unwrap().to_string(), HashClass::default().to_string());
    }
}
