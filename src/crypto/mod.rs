//! Signatures, password hashes, key generation, randomness. It knows no claim, no table and no
//! clock: what a signed text means is for `authority` to judge.

mod compact;
mod der;
mod export;
mod hash_class;
mod import;
mod keys;
mod password;
mod random;
mod secret;
mod signature;
mod verifier;

pub(crate) use compact::{Compact, MAX_TOKEN_BYTES, decode_lenient};
pub(crate) use export::{private_key_text, public_key_pem};
pub(crate) use hash_class::HashClass;
#[cfg(test)]
pub(crate) use hash_class::work_done;
pub(crate) use import::{ImportError, KeyImporter, equals_public_key};
pub(crate) use keys::generate_key;
pub(crate) use password::{
    check_hash, hash_password, hash_passwords, needs_rehash, parse_imported_hash,
    spend_remaining_work, verify_password,
};
pub(crate) use random::{
    check_generator, generate_jti, generate_password, generate_sid, generate_store_id,
    generate_uid, generate_uuid,
};
pub(crate) use secret::{KeyFormat, PublicKeys, SecretEncoding};
#[cfg(test)]
pub(crate) use signature::sign_text;
pub(crate) use signature::{check_key, is_signed_by, same_hmac_key, sign, sign_parts};
pub(crate) use verifier::{Verifier, ensure_no_public_secrets, read_jwks, read_key};

/// Why no signature, hash or key could be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A new or imported key does not fit its algorithm.
    #[error("a key cannot be used: {0}")]
    Key(String),
    /// Key material that was judged when it was made or imported cannot be used any more. With the
    /// key's id, escaped.
    #[error("key `{0}` is unusable")]
    DamagedKey(String),
    /// A stored password hash is malformed, or costs more than an imported one may.
    #[error("a password hash is unusable: {0}")]
    DamagedHash(String),
    /// The stored class of the costliest password hash is malformed, or beyond the limits.
    #[error("`costliest_hash` is unusable: {0}")]
    DamagedHashClass(String),
    /// Argon2 failed, for want of memory for example.
    #[error("the password cannot be hashed: {0}")]
    Hash(String),
    /// The operating system gives no random numbers.
    #[error("no random numbers can be had")]
    Random,
}

/// Chooses the implementation behind the JWT crate; to be called before anything else here.
pub(crate) fn initialize() {
    // Keys and passwords are neither written to a core file nor read by another process of the user.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    // A second call (tests) finds the same provider installed.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
