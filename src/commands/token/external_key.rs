//! Options of `token mint`, `token fixtures` and `run` for a signing key outside the store.

use crate::app::{App, read_key_variable};
use crate::authority;
use crate::authority::keys::{ImportedKey, KeyError, KeyFormat, KeyImporter, SecretEncoding};
use crate::authority::minting::MintRequest;
use crate::commands::args::stdin_argument;
use crate::failure::{Failure, KeySource};
use crate::model::{Algorithm, KeySpec, Purpose, Untrusted, parse_kid};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Options for a signing key outside the store.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("external_key").args(["secret_env", "key_file"]),
    // `--allow-weak` requires an option of this group. `mint` and `run` add `--file` to the group,
    // because the file can also name keys.
    group = clap::ArgGroup::new("key_input").args(["secret_env", "key_file"]).multiple(true)
)]
pub(crate) struct ExternalKeyArgs {
    /// Sign with the secret in this environment variable; needs no store
    #[arg(long, value_name = "NAME", conflicts_with_all = ["key", "key_file"])]
    pub(super) secret_env: Option<String>,

    /// Sign with the key in this file (`-` for standard input): PEM, DER, a JWK, or a secret; needs
    /// no store; a key in another known format is refused, not used as a secret
    #[arg(long, value_name = "FILE", conflicts_with = "key", value_parser = crate::commands::args::input_path())]
    pub(super) key_file: Option<PathBuf>,

    /// Key id (`kid`) in the token header; selects one key of a JWK Set with several keys [default:
    /// the `kid` of the preset or of the key, otherwise the thumbprint of the key; none for a secret]
    #[arg(
        long,
        value_name = "ID",
        requires = "external_key",
        allow_hyphen_values = true,
        value_parser = parse_kid
    )]
    kid: Option<Untrusted>,

    /// Encoding of the secret: text (without the trailing line break), base64 (standard or URL-safe),
    /// or raw
    #[arg(
        long,
        value_name = "ENCODING",
        requires = "external_key",
        value_parser = SecretEncoding::parse,
        add = crate::commands::completers::secret_encodings()
    )]
    encoding: Option<SecretEncoding>,

    /// Allow HMAC secrets shorter than the hash output
    #[arg(long, requires = "key_input")]
    pub(super) allow_weak: bool,
}

/// Signing key outside the store.
pub(crate) struct ExternalKey {
    pub(crate) key: KeySpec,
    /// Key id for the token header; `None` for a secret without a key id.
    pub(crate) kid: Option<Untrusted>,
}

impl ExternalKeyArgs {
    /// Returns `--key-file` if its value is `-`, standard input.
    pub(crate) fn stdin_argument(&self) -> Option<&'static str> {
        stdin_argument("--key-file", self.key_file.as_ref())
    }

    /// Returns whether short secrets are allowed.
    pub(crate) fn allows_weak_secrets(&self) -> bool {
        self.allow_weak
    }

    /// Reads the bytes of the external signing key; `None` if no such key is given.
    /// [`Self::parse_key`] parses the bytes later, because parsing depends on the request.
    pub(crate) fn read_key_bytes(&self, app: &App) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        match (&self.secret_env, &self.key_file) {
            (Some(name), _) => read_key_variable("--secret-env", name).map(Some),
            (None, Some(path)) => app.console.read_key_file("--key-file", path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Parses the signing key for `request`. `algorithm` is the requested algorithm, if any. If no
    /// algorithm is requested, an HMAC algorithm of the preset counts as requested: the key must
    /// then be a secret. The key id is the first of the following: the key id from `--kid` or
    /// `--header`, the key id of the preset, the key id in `bytes`, the thumbprint of the key. A
    /// secret has no thumbprint. A key id from `--kid` or `--header` is also set in the header of
    /// `request`.
    pub(super) fn parse_key(
        &self,
        app: &App,
        bytes: &[u8],
        algorithm: Option<Algorithm>,
        request: &mut MintRequest,
    ) -> Result<ExternalKey, Failure> {
        let requested_kid = self.requested_kid(request.take_header_kid()?)?;
        let preset_algorithm = request.preset_algorithm()?;
        let secret_algorithm = preset_algorithm.filter(|algorithm| algorithm.is_symmetric());
        let imported_key =
            self.import(app, bytes, algorithm.or(secret_algorithm), requested_kid.as_ref())?;
        let kid = match (&requested_kid, request.take_preset_kid()?) {
            (Some(kid), _) => {
                request.set_header_kid(kid);
                Some(kid.clone())
            }
            (None, Some(kid)) => Some(kid),
            (None, None) => imported_key.document_kid().map_err(|error| self.key_failure(error))?,
        };
        // The algorithm of Ed25519 keys has two names, `EdDSA` and `Ed25519`: if no algorithm is
        // requested, the name in the preset is used.
        let name_in_preset = preset_algorithm
            .filter(|name| algorithm.is_none() && name.is_equivalent(imported_key.key.algorithm));
        let key = match name_in_preset {
            Some(name) => imported_key.key.with_algorithm(name),
            None => imported_key.key,
        };
        let Some(kid) = kid else {
            let kid = (!key.algorithm.is_symmetric()).then(|| key.kid.clone());
            return Ok(ExternalKey { key, kid });
        };
        Ok(ExternalKey { key: key.with_kid(kid.clone()), kid: Some(kid) })
    }

    /// Returns the key id of `--kid` or of `--header kid=ID`. Refuses two different key ids.
    fn requested_kid(&self, header_kid: Option<Untrusted>) -> Result<Option<Untrusted>, Failure> {
        match (&self.kid, header_kid) {
            (Some(kid), Some(header_kid)) if *kid != header_kid => {
                Err(Failure::usage("`--kid` and `--header` set different key ids"))
            }
            (Some(kid), _) => Ok(Some(kid.clone())),
            (None, header_kid) => Ok(header_kid),
        }
    }

    /// Parses the signing key. `kid` selects one key of a JWK Set. Refuses a secret that consists
    /// of the bytes of a public key of the store.
    fn import(
        &self,
        app: &App,
        bytes: &[u8],
        algorithm: Option<Algorithm>,
        kid: Option<&Untrusted>,
    ) -> Result<ImportedKey, Failure> {
        let importer = KeyImporter {
            purpose: Purpose::Test,
            algorithm,
            encoding: self.encoding,
            allow_weak: self.allow_weak,
        };
        let kid = kid.map(Untrusted::as_str);
        let imported_key = importer.read_one(bytes, kid).map_err(|error| {
            let is_key_as_secret = matches!(error, KeyError::KeyAsSecret(_));
            let algorithm =
                is_key_as_secret.then(|| importer.algorithm_of_key(bytes, kid)).flatten();
            self.key_failure(error).with_algorithm_hint(algorithm, self.encoding.is_some())
        })?;
        if imported_key.key.algorithm.is_symmetric()
            && authority::keys::equals_public_key(&imported_key.key, &app.store.public_keys())
        {
            return Err(KeyError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES).into());
        }
        Ok(imported_key)
    }

    /// Converts the error for an invalid key to a failure. If the hint refers to the key, inserts
    /// the source of the key into the hint.
    fn key_failure(&self, error: KeyError) -> Failure {
        let source = match (&self.key_file, &self.secret_env) {
            (Some(path), _) => KeySource::from_path(path),
            (None, Some(name)) => KeySource::Variable(name),
            // Never the case: without these options, no key is parsed.
            (None, None) => KeySource::Stdin,
        };
        Failure::from(error).with_key_source(&source)
    }
}
