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

pub(crate) use compact::{Compact, LARGEST_TOKEN, decoded};
pub(crate) use export::{private_text, public_pem};
pub(crate) use hash_class::HashClass;
#[cfg(test)]
pub(crate) use hash_class::work_done;
pub(crate) use import::{Import, Rejected, is_public};
pub(crate) use keys::generate;
pub(crate) use password::{
    complete_work, foreign_hash, hash, hash_all, is_weak, matches, test_hash,
};
pub(crate) use random::{
    jti, password as random_password, sid, store_id, test_generator, uid, uuid,
};
pub(crate) use secret::{Encoding, KeyForm, PublicKeys};
#[cfg(test)]
pub(crate) use signature::sign_text;
pub(crate) use signature::{is_signed_by, sign, sign_alike, sign_parts, test_key};
pub(crate) use verifier::{Verifier, read_jwks, read_key, refuse_public};

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
pub(crate) fn install() {
    // Keys and passwords are neither written to a core file nor read by another process of the user.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    // A second call (tests) finds the same provider installed.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
