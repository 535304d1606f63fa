//! Options for the claims and the key of test tokens, shared by `jeton token mint`, `jeton token
//! fixtures` and `jeton run`.

use super::external_key::{ExternalKey, ExternalKeyArgs};
use super::{ClaimArgs, ExpiryArgs, parse_pair};
use crate::app::App;
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::minting::{MintRequest, Signer};
use crate::authority::tokens::TokenRequest;
use crate::commands::args::stdin_argument;
use crate::failure::{Code, Failure};
use crate::model::{Algorithm, AppName, ExtraClaims, InvalidValue, Permission};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Warning after the generation of an HMAC key: no service knows the new secret yet.
pub(crate) const NEW_SECRET_WARNING: &str = "signed with a newly generated secret; import the secret of your service with `jeton keys import`";

/// Options for the claims and the signing key of a test token.
#[derive(Debug, clap::Args)]
pub(crate) struct TestTokenArgs {
    #[command(flatten)]
    pub(crate) test_only: TestOnlyArgs,

    /// Audience (`aud`); repeatable
    #[arg(long, alias = "audience", value_name = "AUDIENCE")]
    aud: Vec<String>,

    /// Permissions (`permissions`)
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',', add = crate::commands::completers::permissions())]
    permission: Vec<String>,

    #[command(flatten)]
    claims: ClaimArgs,

    #[command(flatten)]
    expiry: ExpiryArgs,
}

/// Options that apply to test tokens but not to app tokens. The struct is also a clap argument
/// group. This group conflicts with `--file`, and with `--app`, with which `jeton run` creates an
/// app token.
#[derive(Debug, clap::Args)]
pub(crate) struct TestOnlyArgs {
    /// Preset: see `jeton token presets`
    #[arg(
        long,
        value_name = "NAME",
        add = crate::commands::completers::presets()
    )]
    pub(crate) preset: Option<String>,

    /// Parameter of the preset; repeatable, once per item for a list
    #[arg(long, value_name = "NAME=VALUE", requires = "preset", value_parser = parse_pair, add = crate::commands::completers::preset_parameters())]
    set: Vec<(String, String)>,

    /// Subject (`sub`) [default: from the preset; without a preset, with a key of the store: your uid]
    #[arg(long, alias = "subject")]
    sub: Option<String>,

    /// Issuer (`iss`) [default: from the preset; without a preset, with a key of the store: the setting
    /// `issuer`]
    #[arg(long, alias = "issuer", value_name = "ISSUER")]
    iss: Option<String>,

    /// OAuth scope (`scope`), space-separated
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,

    /// Claims: a JSON object (`'{"role":"admin"}'`), or a file with a JSON object of at most 128 KiB
    /// (`-` for standard input)
    #[arg(long = "claims", value_name = "JSON|FILE", value_parser = crate::commands::args::input_path())]
    pub(super) claims_input: Option<PathBuf>,

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

    /// Algorithm, which selects the test key; required for an external secret that is not a JWK, unless
    /// the preset has an HMAC algorithm [default: from the preset or the external key, otherwise ES256]
    #[arg(long, value_parser = Algorithm::parse_argument, add = crate::commands::completers::algorithms())]
    alg: Option<Algorithm>,

    /// Key id of the test key to sign with
    #[arg(
        long,
        value_name = "KID",
        conflicts_with = "alg",
        allow_hyphen_values = true,
        add = crate::commands::completers::test_keys()
    )]
    key: Option<String>,
}

/// Converter for the errors that occur if a key of the store signs a token. The failure for a
/// missing key gets a hint if the value of `--key` is the path of a file.
pub(crate) struct StoreKeyErrorConverter {
    /// Set if the value of `--key` is the path of an existing file.
    is_key_argument_a_file: bool,
}

impl StoreKeyErrorConverter {
    pub(crate) fn to_failure(&self, error: authority::Error) -> Failure {
        let failure = Failure::from(error);
        if failure.code == Code::KeyNotFound && self.is_key_argument_a_file {
            return failure.with_hint("for a key in a file, use `--key-file FILE`");
        }
        failure
    }
}

impl TestTokenArgs {
    /// Returns the converter for the errors that occur if a key of the store signs a token.
    pub(crate) fn store_key_error_converter(&self) -> StoreKeyErrorConverter {
        let key = self.test_only.key.as_deref();
        let is_key_argument_a_file = key.is_some_and(|key| Path::new(key).is_file());
        StoreKeyErrorConverter { is_key_argument_a_file }
    }

    /// Refuses `--no-jti`. Called only for a token that `jeton run` records.
    pub(crate) fn ensure_jti(&self) -> Result<(), Failure> {
        if !self.test_only.no_jti {
            return Ok(());
        }
        Err(Failure::usage("`--no-jti` not allowed: a recorded token has a `jti`")
            .with_hint("omit `--no-jti`, or sign with `--key-file` or `--secret-env`"))
    }

    /// Returns `--claims` if its value is `-`, standard input.
    pub(crate) fn stdin_argument(&self) -> Option<&'static str> {
        stdin_argument("--claims", self.test_only.claims_input.as_ref())
    }

    /// Returns the key that `--key` names, as the target of audit events.
    pub(crate) fn audit_target(&self) -> Option<RequestedTarget> {
        self.test_only.key.clone().map(RequestedTarget::Key)
    }

    /// Reads the claims in `--claims`. These claims take precedence over the claims of the preset.
    /// Claims that other options set, [`MintRequest::claims`], take precedence over `--claims`.
    pub(crate) fn read_claims(&self, app: &App) -> Result<Map<String, Value>, Failure> {
        let path = self.test_only.claims_input.as_deref();
        path.map_or_else(|| Ok(Map::new()), |path| app.console.read_claims("--claims", path))
    }

    /// Builds the request for tokens that a key of the store signs, from all options except
    /// `--claims`, which [`Self::read_claims`] reads.
    pub(crate) fn into_store_request(self, app: &App) -> Result<MintRequest, Failure> {
        let mut request = self.into_mint_request(app)?;
        if request.take_header_kid()?.is_some() {
            let failure = Failure::new(
                Code::InvalidInput,
                "header: `kid` cannot be set: it is the key id of the signing key",
            );
            return Err(failure.with_hint(
                "select a test key with `--key KID`, or use `--kid` with `--key-file` or `--secret-env`",
            ));
        }
        request.select_preset_key()?;
        Ok(request)
    }

    /// Builds the request for tokens that an external key signs, from all options except
    /// `--claims`, which [`Self::read_claims`] reads. Also parses the key in `key_bytes`.
    pub(crate) fn into_external_request(
        self,
        app: &App,
        key_args: &ExternalKeyArgs,
        key_bytes: &[u8],
    ) -> Result<(MintRequest, ExternalKey), Failure> {
        let algorithm = self.test_only.alg;
        let mut request = self.into_mint_request(app)?;
        let key = key_args.parse_key(app, key_bytes, algorithm, &mut request)?;
        Ok((request, key))
    }

    /// Builds the request from all options except `--claims`. The key id in the header is not
    /// checked.
    fn into_mint_request(self, app: &App) -> Result<MintRequest, Failure> {
        let Self { test_only, aud, permission, claims, expiry } = self;
        let mut request =
            MintRequest::new(app.environment.load_preset(test_only.preset.as_deref())?);
        // A parameter that several `--set` options name gets all their values at once.
        for (name, _) in &test_only.set {
            let values = test_only.set.iter().filter(|(parameter, _)| parameter == name);
            request.set_parameter(
                name,
                &values.map(|(_, value)| value.as_str()).collect::<Vec<_>>(),
            )?;
        }
        for (name, values) in [
            ("sub", test_only.sub.as_slice()),
            ("iss", test_only.iss.as_slice()),
            ("aud", &aud),
            ("scope", test_only.scope.as_slice()),
        ] {
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            request.set_claim(name, &values)?;
        }
        request.set_permissions(&permission.iter().map(String::as_str).collect::<Vec<_>>())?;
        request.claims.extend(claims.parse_claims(app)?.0);
        let header = ExtraClaims::parse(&test_only.header, &test_only.header_json)
            .map_err(|invalid| InvalidValue { value_name: "header", ..invalid })?;
        request
            .extend_header(header.0)
            .map_err(|error| Failure::from(error).with_hint("choose the algorithm with `--alg`"))?;
        request.omitted_claims.extend(test_only.no_iat.then_some("iat"));
        request.omitted_claims.extend(test_only.no_jti.then_some("jti"));
        if let Some(name) = request.omitted_claims.iter().find(|n| request.claims.contains_key(**n))
        {
            let failure = Failure::usage(format!("claim `{name}` is both set and omitted"));
            return Err(failure.with_hint(format!("omit `--no-{name}` or the claim")));
        }
        request.signer = test_only.key.map_or(Signer::Algorithm(test_only.alg), Signer::Key);
        request.expiry = expiry.expiry();
        Ok(request)
    }

    /// Builds the request for the app token of `jeton run --app`, from the options that apply to
    /// test tokens and app tokens.
    pub(crate) fn into_app_token_request(
        self,
        app: &App,
        app_name: AppName,
    ) -> Result<TokenRequest, Failure> {
        let permissions = self.permission.iter().map(|name| Permission::parse(name));
        Ok(TokenRequest {
            owner: None,
            app: app_name,
            permissions: permissions.collect::<Result<_, _>>()?,
            audience: self.aud,
            expiry: self.expiry.expiry().with_one_hour_default(),
            claims: self.claims.parse_claims(app)?,
            is_for_run_command: true,
        })
    }
}
