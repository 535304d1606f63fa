//! Options for the claims and the key of test tokens, shared by `mint`, `fixtures` and `run`.

use super::{ClaimArgs, ExpiryArgs, parse_pair};
use crate::app::{App, read_key_variable};
use crate::authority;
use crate::authority::audit_context::AuditTarget;
use crate::authority::keys::{ImportError, ImportedKey, KeyFormat, KeyImporter, SecretEncoding};
use crate::authority::minting::{MintRequest, Signer};
use crate::authority::tokens::TokenRequest;
use crate::commands::args::stdin_path;
use crate::failure::{Failure, KeySource};
use crate::model::{
    Algorithm, AppName, ExtraClaims, InvalidValue, KeySpec, Permission, Purpose, Untrusted,
};
use serde_json::{Map, Value};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Warning for a newly generated HMAC key, whose secret is not known to any service.
pub(crate) const NEW_SECRET_WARNING: &str = "signed with a newly generated secret; import the secret of your service with `jeton keys import`";

/// Options for the claims and the signing key of a test token.
#[derive(Debug, clap::Args)]
pub(crate) struct TestTokenArgs {
    #[command(flatten)]
    pub(crate) test: TestOnlyArgs,

    /// Audience (`aud`); repeatable
    #[arg(long, value_name = "AUDIENCE")]
    aud: Vec<String>,

    /// Permissions (`permissions`)
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',')]
    permission: Vec<String>,

    #[command(flatten)]
    claims: ClaimArgs,

    #[command(flatten)]
    expiry: ExpiryArgs,
}

/// Options for test tokens that do not apply to app tokens. The struct is also a clap argument group,
/// which conflicts with `run --app`.
#[derive(Debug, clap::Args)]
pub(crate) struct TestOnlyArgs {
    /// Preset: see `jeton token presets`
    #[arg(
        long,
        value_name = "NAME",
        add = clap_complete::ArgValueCandidates::new(crate::commands::completers::presets)
    )]
    pub(crate) preset: Option<String>,

    /// Parameter of the preset; repeatable, once per item for a list
    #[arg(long, value_name = "NAME=VALUE", requires = "preset", value_parser = parse_pair)]
    set: Vec<(String, String)>,

    /// Subject (`sub`) [default with a key of the store: your uid]
    #[arg(long)]
    sub: Option<String>,

    /// Issuer (`iss`) [default with a key of the store: the setting `issuer`]
    #[arg(long, value_name = "ISSUER")]
    iss: Option<String>,

    /// OAuth scope (`scope`), space-separated
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,

    /// Claims: a JSON object (`'{"role":"admin"}'`), or a file with a JSON object of at most 128 KiB
    /// (`-` for standard input)
    #[arg(long = "claims", value_name = "JSON|FILE", value_parser = crate::commands::args::input_path())]
    claims_file: Option<PathBuf>,

    /// Additional JOSE header parameter; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    header: Vec<String>,

    /// Additional JOSE header parameter with a JSON value; repeatable
    #[arg(long, value_name = "NAME=JSON")]
    header_json: Vec<String>,

    /// Omit the claim `iat`
    #[arg(long)]
    no_iat: bool,

    /// Omit the claim `jti`
    #[arg(long)]
    no_jti: bool,

    /// Algorithm, which selects the test key [default: from the preset, otherwise ES256]
    #[arg(long, value_parser = Algorithm::parse_argument, add = crate::commands::completers::algorithms())]
    alg: Option<Algorithm>,

    /// Key id of the test key to sign with
    #[arg(
        long,
        value_name = "KID",
        conflicts_with = "alg",
        add = clap_complete::ArgValueCandidates::new(crate::commands::completers::test_keys)
    )]
    key: Option<String>,
}

/// Options for a signing key outside the store.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("external_key").args(["secret_env", "key_file"]))]
pub(crate) struct ExternalKeyArgs {
    /// Sign with the secret in this environment variable; needs no store
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    secret_env: Option<String>,

    /// Sign with the key in this file (`-` for standard input): PEM, DER, a JWK, or a secret; needs
    /// no store; a key in another known format is refused, not used as a secret
    #[arg(long, value_name = "FILE", conflicts_with = "key", value_parser = crate::commands::args::input_path())]
    key_file: Option<PathBuf>,

    /// Encoding of the secret: text (without the trailing line break), base64 (standard or URL-safe),
    /// or raw
    #[arg(
        long,
        value_name = "ENCODING",
        requires = "external_key",
        value_parser = SecretEncoding::parse,
        add = crate::commands::completers::fixed_values(&["text", "base64", "raw"])
    )]
    encoding: Option<SecretEncoding>,

    /// Allow HMAC secrets shorter than the hash output
    #[arg(long, requires = "external_key")]
    allow_weak: bool,
}

impl TestTokenArgs {
    /// Returns `--claims` if its value is `-`, standard input.
    pub(crate) fn stdin_argument(&self) -> Option<&'static str> {
        stdin_path("--claims", self.test.claims_file.as_ref())
    }

    /// Returns the key in `--key` as the audit target.
    pub(crate) fn audit_target(&self) -> Option<AuditTarget> {
        self.test.key.clone().map(AuditTarget::Key)
    }

    /// Returns the algorithm for an external secret: from `--alg`, otherwise from the preset.
    pub(crate) fn secret_algorithm(&self, app: &App) -> Result<Option<Algorithm>, Failure> {
        let TestOnlyArgs { alg, preset, .. } = &self.test;
        if alg.is_some() || preset.is_none() {
            return Ok(*alg);
        }
        let preset = app.environment.load_preset(preset.as_deref())?.algorithm()?;
        Ok(preset.filter(|algorithm| algorithm.is_symmetric()))
    }

    /// Reads the claims in `--claims`, which override the claims of other options.
    pub(crate) fn read_claims(&self, app: &App) -> Result<Map<String, Value>, Failure> {
        let path = self.test.claims_file.as_deref();
        path.map_or_else(|| Ok(Map::new()), |path| app.console.read_claims("--claims", path))
    }

    /// Builds the request from all options except `--claims`: see
    /// [`Self::read_claims`].
    pub(crate) fn into_mint_request(self, app: &App) -> Result<MintRequest, Failure> {
        let Self { test, aud, permission, claims, expiry } = self;
        let mut request = MintRequest::new(app.environment.load_preset(test.preset.as_deref())?);
        for (name, _) in &test.set {
            let words = test.set.iter().filter(|(parameter, _)| parameter == name);
            request
                .set_parameter(name, &words.map(|(_, word)| word.as_str()).collect::<Vec<_>>())?;
        }
        for (name, words) in [
            ("sub", test.sub.as_slice()),
            ("iss", test.iss.as_slice()),
            ("aud", &aud),
            ("scope", test.scope.as_slice()),
        ] {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            request.set_claim(name, &words)?;
        }
        request.set_permissions(&permission.iter().map(String::as_str).collect::<Vec<_>>())?;
        request.claims.extend(claims.parse_claims()?.0);
        let header = ExtraClaims::parse(&test.header, &test.header_json)
            .map_err(|invalid| InvalidValue { value_name: "header", ..invalid })?;
        request.extend_header(header.0)?;
        request.omitted_claims.extend(test.no_iat.then_some("iat"));
        request.omitted_claims.extend(test.no_jti.then_some("jti"));
        request.signer = test.key.map_or(Signer::Algorithm(test.alg), Signer::Key);
        request.expiry = expiry.expiry();
        Ok(request)
    }

    /// Builds the request of `run --app` from the options that also apply to app tokens.
    pub(crate) fn into_app_token_request(self, app: AppName) -> Result<TokenRequest, Failure> {
        let permissions = self.permission.iter().map(|name| Permission::parse(name));
        Ok(TokenRequest {
            owner: None,
            app,
            permissions: permissions.collect::<Result<_, _>>()?,
            audience: self.aud,
            expiry: self.expiry.expiry().with_one_hour_default(),
            claims: self.claims.parse_claims()?,
            for_run_command: true,
        })
    }
}

impl ExternalKeyArgs {
    /// Returns `--key-file` if its value is `-`, standard input.
    pub(super) fn stdin_argument(&self) -> Option<&'static str> {
        stdin_path("--key-file", self.key_file.as_ref())
    }

    /// Reads the external signing key, if given. Called before other input is parsed, so that a
    /// second argument that reads standard input is refused first.
    pub(crate) fn read_key(&self, app: &App) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        match (&self.secret_env, &self.key_file) {
            (Some(name), _) => read_key_variable(name).map(Some),
            (None, Some(path)) => app.console.read_key_file("--key-file", path).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Parses the external signing key. Returns the key, and the key id for the token header.
    pub(crate) fn parse_key(
        &self,
        app: &App,
        bytes: &[u8],
        algorithm: Option<Algorithm>,
    ) -> Result<(KeySpec, Option<Untrusted>), Failure> {
        let importer = KeyImporter {
            purpose: Purpose::Test,
            algorithm,
            encoding: self.encoding,
            allow_weak: self.allow_weak,
        };
        let imported = importer.read_one(bytes, None).map_err(|error| self.key_failure(error))?;
        if imported.key.algorithm.is_symmetric()
            && authority::keys::equals_public_key(&imported.key, &app.store.public_keys())
        {
            return Err(ImportError::KeyAsSecret(KeyFormat::PUBLIC_KEY_BYTES).into());
        }
        Ok(resolve_kid(imported))
    }

    /// Returns the error for a refused key, with its source in the hint.
    fn key_failure(&self, error: ImportError) -> Failure {
        let source = match (&self.key_file, &self.secret_env) {
            (Some(path), _) => KeySource::from_path(path),
            (None, Some(name)) => KeySource::Variable(name),
            (None, None) => KeySource::Stdin,
        };
        Failure::from(error).with_key_source(&source)
    }
}

/// Returns the key and the key id for the token header: the key id of the document, otherwise the
/// thumbprint, or `None` for a secret.
fn resolve_kid(ImportedKey { key, kid }: ImportedKey) -> (KeySpec, Option<Untrusted>) {
    let Some(kid) = kid else {
        let kid = (!key.algorithm.is_symmetric()).then(|| key.kid.clone());
        return (key, kid);
    };
    (key.with_kid(kid.clone()), Some(kid))
}
