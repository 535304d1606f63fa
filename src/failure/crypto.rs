//! Errors of the module `crypto`: keys that cannot be read or used, and errors of the computation
//! with keys and password hashes.

use super::{Code, Failure};
use crate::crypto::{self, KeyError};
use crate::model::InvalidValue;

impl From<KeyError> for Failure {
    fn from(key_error: KeyError) -> Self {
        let failure = Self::new(Code::BadData, key_error.to_string());
        match key_error {
            KeyError::WeakSecret { .. } => {
                failure.with_hint("use `--allow-weak` to accept the secret")
            }
            KeyError::UnknownFormat => failure.with_hint("use `--alg HS256` for a shared secret"),
            KeyError::UnsupportedFormat(format) => Self { hint: format.hint(), ..failure },
            KeyError::KeyAsSecret(_) => {
                failure.with_hint("generate a shared secret: openssl rand -base64 32")
            }
            KeyError::NoKeyInJson => failure.with_hint(
                "use `--alg HS256 --encoding text` if the whole JSON text is the shared secret",
            ),
            KeyError::Empty => failure
                .with_hint("generate a key: openssl genpkey -algorithm ed25519 -out new-key.pem"),
            KeyError::SeveralSigningKeys(Some(path)) | KeyError::KidNotFound(Some(path)) => failure
                .with_hint(format!(
                    "select a single key: (umask 077; jq '{path}' FILE > key.json)"
                )),
            KeyError::SeveralSigningKeys(None) | KeyError::KidNotFound(None) => {
                failure.with_hint(crypto::SAVE_HINT)
            }
            KeyError::SeveralVerificationKeys(hint) => failure.with_hint(hint),
            KeyError::CollectionMember { error, .. } => {
                Self { hint: Self::from(*error).hint, ..failure }
            }
            KeyError::Invalid(InvalidValue { hint, .. })
            | KeyError::InvalidJson { error: InvalidValue { hint, .. }, .. }
            | KeyError::TooLarge(InvalidValue { hint, .. }) => Self { hint, ..failure },
        }
    }
}

impl From<crypto::Error> for Failure {
    fn from(error: crypto::Error) -> Self {
        use crypto::Error;
        match error {
            Error::DamagedKey(_) | Error::DamagedHash(_) | Error::DamagedHashClass(_) => {
                crate::store::Error::Damaged(error.to_string()).into()
            }
            Error::WithheldKey(_) => {
                Self::new(Code::Forbidden, error.to_string()).with_hint(Self::DATABASE_RIGHTS_HINT)
            }
            Error::Key(_) | Error::Hash(_) | Error::Thread(_) | Error::Random => {
                Self::new(Code::Internal, error.to_string())
            }
        }
    }
}
