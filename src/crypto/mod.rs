//! Signatures, token parsing, keys, password hashes and random numbers. This layer has no access to
//! the store. It reads the clock only to generate ids that contain a time. Claims are interpreted
//! in `authority`.

mod compact;
mod decoded_token;
mod der;
mod error;
mod export;
mod hash_class;
mod import;
mod input_limits;
mod jwk;
mod key_error;
mod keys;
mod password;
mod pem;
mod public_key;
mod random;
mod reader;
mod secret;
mod signature;
mod verifier;

pub(crate) use compact::{CompactJws, MAX_TOKEN_BYTES, parse_header};
pub(crate) use decoded_token::{
    DecodedPayload, DecodedToken, MAX_DECODABLE_TOKEN_BYTES, is_token_in_base64,
};
pub(crate) use error::Error;
pub(crate) use export::{private_key_text, public_key_pem};
pub(crate) use hash_class::HashClass;
#[cfg(test)]
pub(crate) use hash_class::hashing_work;
pub(crate) use import::{ImportedKey, KeyImporter, equals_public_key};
pub(crate) use key_error::KeyError;
pub(crate) use keys::{generate_key, other_key};
pub(crate) use password::{
    check_hash, hash_password, hash_passwords, needs_rehash, parse_imported_hash,
    spend_remaining_work, verify_password,
};
pub(crate) use random::{
    JtiGenerator, check_random_source, generate_jti, generate_password, generate_random_text,
    generate_sid, generate_store_id, generate_uid, generate_uuid,
};
#[cfg(any(fuzzing, test))]
pub(crate) use reader::is_never_secret;
pub(crate) use reader::{FILE_PLACEHOLDER, SAVE_HINT};
pub(crate) use secret::{KeyFormat, PublicKeys, SecretEncoding};
#[cfg(test)]
pub(crate) use signature::sign_text;
pub(crate) use signature::{
    SignatureVerifier, TokenPrefix, TokenSigner, check_key, is_same_hmac_key, sign,
};
#[cfg(any(fuzzing, test))]
pub(crate) use verifier::Verifier;
pub(crate) use verifier::{KeyRefusal, KeySet, SingleKeyReader, read_jwks};

/// Installs the crypto provider of the JWT crate, and on Linux protects the memory of the process.
/// Must be called before all other functions of this module except [`check_random_source`].
pub(crate) fn initialize_crypto() {
    // Keeps keys and passwords out of core files and inaccessible to other processes of the user.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    // The error of a repeated call, which occurs in tests, is ignored: the same provider is
    // installed.
    let _ = jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER.install_default();
}
