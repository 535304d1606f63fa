//! Keys with which `jeton token verify` verifies: keys of the store, or keys of a third-party
//! issuer.

use crate::app::{App, read_key_variable};
use crate::authority::keys::{KeyError, SecretEncoding};
use crate::authority::verification::{KeySet, SingleKeyReader, read_jwks};
use crate::commands::args::stdin_argument;
use crate::failure::{Failure, KeySource};
use crate::model::Algorithm;
use std::path::PathBuf;
use std::sync::Arc;

/// Options for keys of a third-party issuer.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("third_party").args(["jwks", "key", "secret_env"]))]
pub(super) struct VerificationKeyArgs {
    /// Verify a third-party token with a JWK Set (`-` for standard input); needs no store
    #[arg(long, value_name = "FILE", value_parser = crate::commands::args::input_path())]
    jwks: Option<PathBuf>,

    /// Verify a third-party token with one key (`-` for standard input): PEM, DER, a certificate, a
    /// JWK, or a secret; requires `--alg`, needs no store; of a private key, only the public part is used
    #[arg(long, value_name = "FILE", requires = "alg", value_parser = crate::commands::args::input_path())]
    key: Option<PathBuf>,

    /// Verify a third-party token with the secret in this environment variable; requires `--alg`,
    /// needs no store
    #[arg(long, value_name = "NAME", requires = "alg")]
    secret_env: Option<String>,

    /// Algorithms to accept, for `--jwks`, `--key` or `--secret-env`
    #[arg(
        long,
        value_name = "A[,A]",
        value_delimiter = ',',
        value_parser = Algorithm::parse_argument,
        requires = "third_party",
        add = crate::commands::completers::algorithms()
    )]
    alg: Vec<Algorithm>,

    /// Encoding of the secret: text (without the trailing line break), base64 (standard or URL-safe),
    /// or raw
    #[arg(long, value_name = "ENCODING", requires = "third_party", conflicts_with = "jwks", value_parser = SecretEncoding::parse, add = crate::commands::completers::secret_encodings())]
    encoding: Option<SecretEncoding>,

    /// Allow HMAC secrets shorter than the hash output
    #[arg(long, requires = "third_party", conflicts_with = "jwks")]
    allow_weak: bool,
}

/// Keys to verify tokens with.
pub(super) enum VerificationKeys {
    /// Keys of the store.
    Store,
    /// Keys of a third-party issuer.
    External(Arc<KeySet>),
}

impl VerificationKeyArgs {
    /// Returns the options whose value is `-`, standard input.
    pub(super) fn stdin_arguments(&self) -> impl Iterator<Item = &'static str> {
        let keys = [("--jwks", &self.jwks), ("--key", &self.key)];
        keys.into_iter().filter_map(|(name, path)| stdin_argument(name, path.as_ref()))
    }

    /// Reads the keys in `--jwks`, `--key` or `--secret-env`. Without these options, selects the
    /// keys of the store.
    pub(super) fn load(&self, app: &App) -> Result<VerificationKeys, Failure> {
        // An HMAC secret with the bytes of one of these keys is refused.
        let known_public_keys = || app.store.public_keys();
        if let Some(path) = &self.jwks {
            let bytes = app.console.read_key_file("--jwks", path)?;
            let keys = read_jwks(&bytes, &self.alg, known_public_keys).map_err(|error| {
                // Hints about options for a secret are omitted: the input of `--jwks` cannot be a
                // secret in text, and `--allow-weak` is not allowed with `--jwks`.
                let names_secret_option = error.has_secret_hint();
                let failure = key_failure(error, &KeySource::from_path(path));
                Failure { hint: failure.hint.filter(|_| !names_secret_option), ..failure }
            })?;
            return Ok(VerificationKeys::External(Arc::new(keys)));
        }
        let (bytes, source) = match (&self.key, &self.secret_env) {
            (Some(path), _) => {
                (app.console.read_key_file("--key", path)?, KeySource::from_path(path))
            }
            (None, Some(name)) => {
                (read_key_variable("--secret-env", name)?, KeySource::Variable(name))
            }
            (None, None) => return Ok(VerificationKeys::Store),
        };
        let reader = SingleKeyReader {
            algorithms: &self.alg,
            encoding: self.encoding,
            allow_weak: self.allow_weak,
        };
        let keys = reader.read(&bytes, known_public_keys).map_err(|error| {
            let is_key_as_secret = matches!(error, KeyError::KeyAsSecret(_));
            let algorithm =
                is_key_as_secret.then(|| SingleKeyReader::algorithm_of_key(&bytes)).flatten();
            key_failure(error, &source).with_algorithm_hint(algorithm, self.encoding.is_some())
        })?;
        if keys.is_from_private_key {
            app.console.print_status("note: found a private key, used its public part");
        }
        Ok(VerificationKeys::External(Arc::new(keys)))
    }
}

/// Returns the failure for a refused key or JWK Set. Other commands add a hint to generate a key or
/// secret. This function replaces that hint for an empty input, and otherwise omits that hint,
/// because a new key or secret cannot verify the token.
fn key_failure(error: KeyError, source: &KeySource<'_>) -> Failure {
    let is_empty = matches!(error, KeyError::Empty);
    let is_key_as_secret = matches!(error, KeyError::KeyAsSecret(_));
    let failure = Failure::from(error);
    if is_empty {
        return failure.with_empty_key_hint(source);
    }
    let failure = failure.with_key_source(source);
    Failure { hint: failure.hint.filter(|_| !is_key_as_secret), ..failure }
}
