//! Errors of `crypto`: keys that cannot be read or used, and hashes.

use super::{Code, Failure};
use crate::crypto::{self, ImportError};
use crate::model::InvalidValue;

impl From<ImportError> for Failure {
    fn from(import_error: ImportError) -> Self {
        let failure = Self::new(Code::BadData, import_error.to_string());
        match import_error {
            ImportError::WeakSecret { .. } => {
                failure.with_hint("use `--allow-weak` to accept the secret")
            }
            ImportError::UnknownFormat => {
                failure.with_hint("use `--alg HS256` for a shared secret")
            }
            ImportError::UnsupportedFormat(format) => Self { hint: format.hint(), ..failure },
            ImportError::KeyAsSecret(_) => {
                failure.with_hint("generate a shared secret: openssl rand -base64 32")
            }
            ImportError::NoKeyInJson => {
                failure.with_hint("use `--alg HS256 --encoding text` for a shared secret in JSON")
            }
            ImportError::Empty => failure
                .with_hint("generate a key: openssl genpkey -algorithm ed25519 -out new-key.pem"),
            ImportError::SeveralKeys(Some(path)) => failure.with_hint(format!(
                "select a single key: (umask 077; jq '{path}' FILE > key.json)"
            )),
            ImportError::SeveralKeys(None) => failure.with_hint(crypto::SAVE_HINT),
            ImportError::SeveralPublicKeys(hint) => failure.with_hint(hint),
            ImportError::SetMember { error, .. } => {
                Self { hint: Self::from(*error).hint, ..failure }
            }
            ImportError::Invalid(InvalidValue { hint, .. })
            | ImportError::InvalidJson { error: InvalidValue { hint, .. }, .. }
            | ImportError::TooLarge(InvalidValue { hint, .. }) => Self { hint, ..failure },
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
