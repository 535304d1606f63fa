//! Random ids and secrets.

use super::error::Error;
use crate::model::{Jti, Sid, StoreId, UserUuid};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use uuid::{Builder, NoContext, Timestamp, Uuid};
use zeroize::Zeroizing;

/// Returns an error if the kernel provides no random numbers. Without this check, the standard
/// library and the crates for ids and signatures would panic or abort. A kernel without the system
/// call `getrandom` is accepted: the standard library and the crates then read `/dev/urandom`.
#[cfg(target_os = "linux")]
pub(crate) fn check_random_source() -> Result<(), Error> {
    use rustix::io::{Errno, retry_on_intr};
    use rustix::rand::{GetRandomFlags, getrandom};
    match retry_on_intr(|| getrandom(&mut [0_u8], GetRandomFlags::empty())) {
        Ok(_) | Err(Errno::NOSYS) => Ok(()),
        Err(_) => Err(Error::Random),
    }
}

/// Returns `Ok` without a check, because systems other than Linux always provide random numbers.
#[cfg(not(target_os = "linux"))]
pub(crate) fn check_random_source() -> Result<(), Error> {
    Ok(())
}

/// Generates a token id (`jti`): a UUID version 7. Such ids sort by time, so that a database adds
/// new ids at the end of an index.
pub(crate) fn generate_jti() -> Jti {
    Jti::new(Uuid::now_v7())
}

/// Generator of token ids (`jti`) for many tokens.
#[derive(Debug, Default)]
pub(crate) struct JtiGenerator {
    /// Time in the ids of the last call of `generate`, in milliseconds since 1970.
    last_millis: u64,
}

impl JtiGenerator {
    /// Generates `count` token ids (UUID version 7) in ascending order. Each id is larger than all
    /// ids that this generator returned before, so that a database fills a table and its index in
    /// order. To keep this order, the time in the ids may be ahead of the clock (RFC 9562, section
    /// 6.2).
    pub(crate) fn generate(&mut self, count: usize) -> Result<Vec<Jti>, Error> {
        const RANDOM_BYTES_PER_ID: usize = 10;
        let (seconds, nanos) = Timestamp::now(NoContext).to_unix();
        let millis = seconds * 1_000 + u64::from(nanos) / 1_000_000;
        self.last_millis = millis.max(self.last_millis + 1);
        let random = random_bytes(count * RANDOM_BYTES_PER_ID)?;
        let (chunks, _) = random.as_chunks::<RANDOM_BYTES_PER_ID>();
        let build = |random: &[u8; RANDOM_BYTES_PER_ID]| {
            Builder::from_unix_timestamp_millis(self.last_millis, random).into_uuid()
        };
        let mut ids: Vec<Uuid> = chunks.iter().map(build).collect();
        ids.sort_unstable();
        Ok(ids.into_iter().map(Jti::new).collect())
    }
}

/// Generates a session id (UUID version 7).
pub(crate) fn generate_sid() -> Sid {
    Sid::new(Uuid::now_v7())
}

/// Generates a user id (UUID version 7).
pub(crate) fn generate_uid() -> UserUuid {
    UserUuid::new(Uuid::now_v7())
}

/// Generates a store id (UUID version 4).
pub(crate) fn generate_store_id() -> StoreId {
    StoreId::new(Uuid::new_v4())
}

/// Generates a random UUID (RFC 9562, section 5.4).
pub(crate) fn generate_uuid() -> String {
    Uuid::new_v4().to_string()
}

/// Generates a text of 256 random bits in base64url.
pub(crate) fn generate_random_text() -> Result<String, Error> {
    Ok(URL_SAFE_NO_PAD.encode(random_bytes(32)?))
}

/// Letters and digits of generated passwords. Each character represents 5 random bits. `l` and `1`,
/// and `o` and `0`, look alike and are omitted.
const PASSWORD_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Number of characters in a group of a generated password.
const PASSWORD_GROUP_LENGTH: usize = 5;

/// Generates a password of at least 100 random bits and at least `min_chars` characters. Hyphens
/// separate groups of letters and digits, so that a user can type the password easily.
pub(crate) fn generate_password(min_chars: usize) -> Result<SecretString, Error> {
    let group_count = (min_chars + 1).div_ceil(PASSWORD_GROUP_LENGTH + 1).max(4);
    let bytes = random_bytes(group_count * PASSWORD_GROUP_LENGTH)?;
    let to_char = |byte: &u8| PASSWORD_ALPHABET.get(usize::from(byte & 31)).copied();
    let mut password = String::with_capacity(group_count * (PASSWORD_GROUP_LENGTH + 1));
    for group in bytes.chunks(PASSWORD_GROUP_LENGTH) {
        if !password.is_empty() {
            password.push('-');
        }
        password.extend(group.iter().filter_map(to_char).map(char::from));
    }
    Ok(SecretString::from(password))
}

/// Generates a shared secret. The secret is a text, so that an environment variable can contain it:
/// the base64url encoding of `size` random bytes. `size` is the minimum length of a secret for the
/// algorithm of the key (RFC 7518, section 3.2).
pub(super) fn generate_secret_text(size: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(random_bytes(size)?).into_bytes()))
}

pub(super) fn random_bytes(count: usize) -> Result<Zeroizing<Vec<u8>>, Error> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Random)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;
    use std::collections::BTreeSet;

    #[test]
    fn generated_passwords_have_at_least_the_requested_length_and_are_random() {
        for (min_chars, length) in [(0, 23), (23, 23), (24, 29), (256, 257)] {
            let password = generate_password(min_chars).unwrap();
            assert_eq!(password.expose_secret().len(), length, "{min_chars}");
        }
        let passwords = (0..100).map(|_| generate_password(0).unwrap().expose_secret().to_owned());
        let passwords: BTreeSet<String> = passwords.collect();
        let characters: BTreeSet<char> = passwords.iter().flat_map(|text| text.chars()).collect();
        // All characters of the alphabet, and the hyphen.
        assert_eq!((passwords.len(), characters.len()), (100, 33), "{characters:?}");
    }

    #[test]
    fn many_jtis_are_distinct_and_ascending() {
        let mut generator = JtiGenerator::default();
        let ids: Vec<Jti> = (0..50).flat_map(|_| generator.generate(1_000).unwrap()).collect();
        assert_eq!(ids.len(), 50_000);
        assert!(ids.is_sorted_by(|first, second| first.uuid() < second.uuid()));
        assert!(ids.iter().all(|id| Jti::parse(&id.to_string()) == Some(*id)));
        let uuid = ids[0].uuid();
        assert_eq!((uuid.get_version_num(), uuid.get_variant()), (7, uuid::Variant::RFC4122));
    }
}
