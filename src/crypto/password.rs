//! Password hashes. New hashes are Argon2id with the parameters that OWASP recommends (m = 19 MiB,
//! t = 2, p = 1), the defaults of the crate `argon2`. Imported hashes can have any variant of
//! Argon2 and other parameters.

use super::error::Error;
use super::hash_class::{HashClass, parse_phc};
use crate::model::{InvalidValue, Password, PasswordHash};
use crate::parallel::{ThreadError, map_in_order, worker_count};
use argon2::password_hash::phc::{self, Ident, Output, ParamsString, Salt};
use argon2::{
    Algorithm, Argon2, Block, MIN_SALT_LEN, Params, PasswordVerifier, RECOMMENDED_SALT_LEN, Version,
};

/// Returns a new salted hash.
pub(crate) fn hash_password(password: &Password) -> Result<PasswordHash, Error> {
    hash_password_in(&mut Vec::new(), password)
}

/// Returns a new salted hash. The computation uses `memory` as its buffer. A caller that computes
/// many hashes passes the same buffer each time, because allocating memory for each hash is slow
/// and does not become faster with more threads.
fn hash_password_in(memory: &mut Vec<Block>, password: &Password) -> Result<PasswordHash, Error> {
    let argon2 = Argon2::default();
    memory.resize(argon2.params().block_count(), Block::default());
    let salt = super::random::random_bytes(RECOMMENDED_SALT_LEN)?;
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    argon2
        .hash_password_into_with_memory(password.expose(), &salt, &mut output, memory)
        .map_err(|error| Error::Hash(error.to_string()))?;
    let to_error = |error: phc::Error| Error::Hash(error.to_string());
    let hash = phc::PasswordHash {
        algorithm: Algorithm::default().ident(),
        version: Some(Version::default().into()),
        params: ParamsString::try_from(argon2.params())
            .map_err(|error| Error::Hash(error.to_string()))?,
        salt: Some(Salt::new(&salt).map_err(to_error)?),
        hash: Some(Output::new(&output).map_err(to_error)?),
    };
    Ok(PasswordHash::new(hash.to_string()))
}

/// Returns new salted hashes in the order of `passwords`, computed on all processors. `on_hashed`
/// is called after each hash, from any thread. An error from `on_hashed` stops the hashing and is
/// returned.
pub(crate) fn hash_passwords<E: From<Error> + From<ThreadError> + Send>(
    passwords: &[&Password],
    on_hashed: &(impl Fn() -> Result<(), E> + Sync),
) -> Result<Vec<PasswordHash>, E> {
    let create_worker = || {
        let mut memory = Vec::new();
        Ok(move |password: &Password| {
            let hash = hash_password_in(&mut memory, password)?;
            on_hashed()?;
            Ok::<_, E>(hash)
        })
    };
    let thread_count = worker_count().min(passwords.len());
    let passwords = passwords.iter().copied().map(Ok);
    let mut hashes = Vec::with_capacity(passwords.len());
    map_in_order(thread_count, passwords, create_worker, |hash| {
        hashes.push(hash);
        Ok(())
    })?;
    Ok(hashes)
}

/// Parses an imported hash, a PHC string such as `$argon2id$v=19$m=…,t=…,p=…$…$…`. Refuses hashes
/// other than Argon2, and unsupported versions and parameters. Also refuses hashes above the cost
/// limits for imported hashes: otherwise, the source of the hash could choose the memory and time
/// of a login.
pub(crate) fn parse_imported_hash(phc: String) -> Result<PasswordHash, InvalidValue> {
    parse_hash_class(&phc)?;
    Ok(PasswordHash::new(phc))
}

/// Refuses a stored hash that is malformed or exceeds the cost limits for imported hashes. Without
/// the limits, a program that changes the store could choose the memory and time of a login.
pub(crate) fn check_hash(hash: &PasswordHash) -> Result<(), Error> {
    parse_hash_class(hash.expose())
        .map(|_| ())
        .map_err(|invalid| Error::DamagedHash(invalid.reason))
}

/// Returns the class of a hash: the algorithm, the version and the parameters, which determine the
/// cost. Refuses malformed hashes and hashes above the cost limits for imported hashes.
fn parse_hash_class(phc: &str) -> Result<HashClass, InvalidValue> {
    let hash = parse_phc(phc)?;
    let class = HashClass::from_phc(&hash)?;
    let has_valid_salt = hash.salt.is_some_and(|salt| salt.len() >= MIN_SALT_LEN);
    if !has_valid_salt || hash.hash.is_none() {
        let reason = "expected a salt of at least 8 bytes and a hash";
        return Err(InvalidValue::new("password_hash", reason));
    }
    Ok(class)
}

/// Returns whether the hash belongs to the password. The caller passes `None` if the given text
/// cannot be a password. The result is then `false`, after the same computation as for a wrong
/// password.
pub(crate) fn verify_password(
    password: Option<&Password>,
    hash: &PasswordHash,
) -> Result<bool, Error> {
    check_hash(hash)?;
    #[cfg(test)]
    super::hash_class::hashing_work::add(&HashClass::from_hash(hash)?);
    let is_match = phc::PasswordHash::new(hash.expose())
        .is_ok_and(|phc| Argon2::default().verify_password(password_bytes(password), &phc).is_ok());
    Ok(is_match && password.is_some())
}

/// Computes a further hash after a failed login that cost less than a comparison with a hash of
/// `costliest_class`, so that the costs are equal. `user_hash` is the hash with which the login has
/// already compared the password. `None` means that the login made no comparison.
pub(crate) fn spend_remaining_work(
    password: Option<&Password>,
    user_hash: Option<&PasswordHash>,
    costliest_class: &HashClass,
) -> Result<(), Error> {
    let spent_work =
        user_hash.map(HashClass::from_hash).transpose()?.map_or(0, |class| class.work());
    costliest_class
        .filler_class(spent_work)
        .map_or(Ok(()), |filler| filler.spend_work(password_bytes(password)))
}

fn password_bytes(password: Option<&Password>) -> &[u8] {
    password.map_or(b"".as_slice(), Password::expose)
}

/// Returns whether the hash has another algorithm or another version than new hashes, or a
/// parameter that is lower than in new hashes. Returns `false` for a malformed hash.
pub(crate) fn needs_rehash(hash: &PasswordHash) -> bool {
    let Ok(phc) = phc::PasswordHash::new(hash.expose()) else { return false };
    let Ok(params) = Params::try_from(&phc) else { return false };
    let defaults = Params::default();
    phc.algorithm != Ident::from(Algorithm::default())
        || phc.version != Some(Version::default().into())
        || params.m_cost() < defaults.m_cost()
        || params.t_cost() < defaults.t_cost()
        || params.p_cost() < defaults.p_cost()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn parse_password(text: &str) -> Password {
        Password::parse(text.to_owned()).unwrap()
    }

    #[test]
    fn hash_matches_only_its_password() {
        let hash = hash_password(&parse_password("correct horse")).unwrap();
        assert!(verify_password(Some(&parse_password("correct horse")), &hash).unwrap());
        assert!(!verify_password(Some(&parse_password("wrong horse")), &hash).unwrap());
        assert!(!verify_password(None, &hash).unwrap());
    }

    #[test]
    fn hash_passwords_keeps_the_order_and_returns_the_error_of_the_callback() {
        let passwords: Vec<Password> = (0..5).map(|n| parse_password(&n.to_string())).collect();
        let hashed_count = AtomicUsize::new(0);
        let on_hashed = || {
            hashed_count.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Error>(())
        };
        let hashes = hash_passwords(&passwords.iter().collect::<Vec<_>>(), &on_hashed).unwrap();
        assert_eq!((hashes.len(), hashed_count.into_inner()), (5, 5));
        for (password, hash) in passwords.iter().zip(&hashes) {
            assert!(verify_password(Some(password), hash).unwrap());
        }
        assert!(hash_passwords(&[], &|| Ok::<_, Error>(())).unwrap().is_empty());
        let stop = || Err(Error::Random);
        let result = hash_passwords(&passwords.iter().collect::<Vec<_>>(), &stop);
        assert!(matches!(result, Err(Error::Random)), "{result:?}");
    }

    /// Hashes that the reference implementation of Argon2 computed for the password `password` and
    /// the salt `somesalt`.
    const IMPORTED_HASHES: [&str; 4] = [
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        "$argon2i$v=16$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ];

    #[test]
    fn imported_hash_matches_its_password_and_needs_rehash() {
        for phc in IMPORTED_HASHES {
            let hash = parse_imported_hash(phc.to_owned()).unwrap();
            assert!(verify_password(Some(&parse_password("password")), &hash).unwrap(), "{phc}");
            assert!(
                !verify_password(Some(&parse_password("wrong password")), &hash).unwrap(),
                "{phc}"
            );
            assert!(needs_rehash(&hash), "{phc}");
        }
    }

    #[test]
    fn hash_of_an_old_version_needs_rehash_and_new_hash_does_not() {
        let new_hash = hash_password(&parse_password("x")).unwrap();
        assert!(!needs_rehash(&new_hash));
        let old_hash = new_hash.expose().replace("$v=19$", "$v=16$");
        assert!(needs_rehash(&PasswordHash::new(old_hash)));
    }

    #[test]
    fn imported_hash_must_be_well_formed_supported_and_within_the_limits() {
        let with_salt_and_hash =
            |prefix: &str| format!("{prefix}$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu");
        // Limits: 256 MiB of memory, 1 GiB for the product of memory and passes, and 64 lanes.
        for params in ["m=262144,t=4,p=1", "m=65536,t=16,p=4", "m=8,t=1,p=1", "m=512,t=1,p=64"] {
            assert!(
                parse_imported_hash(with_salt_and_hash(&format!("$argon2d$v=19${params}"))).is_ok(),
                "{params}"
            );
        }
        for prefix in [
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
            assert!(parse_imported_hash(with_salt_and_hash(prefix)).is_err(), "{prefix}");
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
            assert!(parse_imported_hash(phc.to_owned()).is_err(), "{phc}");
        }
    }

    #[test]
    fn default_class_matches_new_hashes() {
        let new_hash = hash_password(&parse_password("x")).unwrap();
        assert_eq!(
            HashClass::from_hash(&new_hash).unwrap().to_string(),
            HashClass::default().to_string()
        );
    }
}
