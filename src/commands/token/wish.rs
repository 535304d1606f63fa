//! What test tokens should say and what signs them: the flags that several commands have.

use super::{ClaimArgs, EndArgs, pair};
use crate::app::App;
use crate::authority::{self, Import, KeyForm, Mint, Rejected, Request, Signer};
use crate::failure::Failure;
use crate::model::{
    Algorithm, AppName, ExtraClaims, Foreign, NewKey, Permission, Purpose, strict_object,
};
use serde_json::{Map, Value};
use std::path::PathBuf;

/// What is said where a key was made that shares its secret with nobody.
pub(crate) const NEW_SECRET: &str =
    "a new secret signs, which no service knows: `jeton keys import` brings theirs";

/// What a test token should say, and the test key that signs it.
#[derive(Debug, clap::Args)]
pub(crate) struct WishArgs {
    #[command(flatten)]
    pub(crate) test: TestArgs,

    /// For whom it is meant (the `aud` claim)
    #[arg(long, value_name = "AUDIENCE")]
    aud: Vec<String>,

    /// A permission (the `permissions` claim)
    #[arg(short, long, value_name = "P[,P]", value_delimiter = ',')]
    permission: Vec<String>,

    #[command(flatten)]
    claims: ClaimArgs,

    #[command(flatten)]
    end: EndArgs,
}

/// Of that, what is not said of app tokens: this is their group, too.
#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// What kind of token: see `jeton token presets`
    #[arg(
        long,
        value_name = "NAME",
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::presets)
    )]
    pub(crate) preset: Option<String>,

    /// A parameter of the preset; several times for one that is a list
    #[arg(long, value_name = "NAME=VALUE", requires = "preset", value_parser = pair)]
    set: Vec<(String, String)>,

    /// The subject [default: the uid of whoever mints]
    #[arg(long)]
    sub: Option<String>,

    /// The issuer [default: the setting `issuer`]
    #[arg(long, value_name = "ISSUER")]
    iss: Option<String>,

    /// What it may be used for, in the form of OAuth: words with spaces between
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,

    /// A file with claims, a JSON object of at most 128 KiB (`-`: standard input)
    #[arg(long = "claims", value_name = "FILE")]
    claims_file: Option<PathBuf>,

    /// A further member of the header
    #[arg(long, value_name = "NAME=VALUE")]
    header: Vec<String>,

    /// The algorithm, and so the test key that signs [default: the preset's, else ES256]
    #[arg(long, value_parser = Algorithm::parse, add = crate::commands::complete::algorithms())]
    alg: Option<Algorithm>,

    /// The test key that signs, by its id
    #[arg(
        long,
        value_name = "KID",
        conflicts_with = "alg",
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::test_keys)
    )]
    key: Option<String>,
}

/// A key that is in no store.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("own_key").args(["secret_env", "key_file"]))]
pub(crate) struct KeyArgs {
    /// Sign with the secret in this environment variable; no store is needed
    #[arg(long, value_name = "NAME", conflicts_with = "key")]
    secret_env: Option<String>,

    /// Sign with the key in this file (`-`: standard input): PEM, DER, a JWK, or a secret; no store
    /// is needed. A key in any other form is never taken for a secret
    #[arg(long, value_name = "FILE", conflicts_with = "key")]
    key_file: Option<PathBuf>,

    /// Let a secret sign that is shorter than its hash
    #[arg(long, requires = "own_key")]
    allow_weak: bool,
}

impl WishArgs {
    /// The algorithm of a secret that is brought along: what was said, or what the preset says.
    pub(crate) fn algorithm(&self, app: &App) -> Result<Option<Algorithm>, Failure> {
        let TestArgs { alg, preset, .. } = &self.test;
        if alg.is_some() || preset.is_none() {
            return Ok(*alg);
        }
        let preset = app.preset(preset.as_deref())?.algorithm()?;
        Ok(preset.filter(|algorithm| algorithm.is_symmetric()))
    }

    /// The claims of the file, which come before those of flags.
    pub(crate) fn file(&self, app: &App) -> Result<Map<String, Value>, Failure> {
        let path = self.test.claims_file.as_deref();
        path.map_or_else(|| Ok(Map::new()), |path| app.claims_file(path))
    }

    /// All that the flags say; the file is the caller's to read.
    pub(crate) fn wish(self, app: &App) -> Result<Mint, Failure> {
        let Self { test, aud, permission, claims, end } = self;
        let mut mint = Mint::new(app.preset(test.preset.as_deref())?);
        for (name, _) in &test.set {
            let words = test.set.iter().filter(|(other, _)| other == name);
            mint.set(name, &words.map(|(_, word)| word.as_str()).collect::<Vec<_>>())?;
        }
        for (name, words) in [
            ("sub", test.sub.as_slice()),
            ("iss", test.iss.as_slice()),
            ("aud", &aud),
            ("scope", test.scope.as_slice()),
        ] {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            mint.say(name, &words)?;
        }
        mint.permit(&permission.iter().map(String::as_str).collect::<Vec<_>>())?;
        mint.claims.extend(claims.claims()?.0);
        mint.add_header(ExtraClaims::parse(&test.header, &[])?.0)?;
        mint.signer = test.key.map_or(Signer::Algorithm(test.alg), Signer::Key);
        mint.end = end.end();
        Ok(mint)
    }

    /// Returns the request of `run --app`, from the flags that app tokens have, too.
    pub(crate) fn request(self, app: AppName) -> Result<Request, Failure> {
        let permissions = self.permission.iter().map(|name| Permission::parse(name));
        Ok(Request {
            owner: None,
            app,
            permissions: permissions.collect::<Result<_, _>>()?,
            audience: self.aud,
            end: self.end.end().or_an_hour(),
            claims: self.claims.claims()?,
            for_run: true,
        })
    }
}

impl KeyArgs {
    /// The key that signs without a store, if one was brought along, and the id for the header.
    pub(crate) fn key(
        &self,
        app: &App,
        algorithm: Option<Algorithm>,
    ) -> Result<Option<(NewKey, Option<Foreign>)>, Failure> {
        let bytes = match (&self.secret_env, &self.key_file) {
            (Some(name), _) => App::key_variable(name)?,
            (None, Some(path)) => app.key_file(path)?,
            (None, None) => return Ok(None),
        };
        let import = Import {
            purpose: Purpose::Test,
            algorithm,
            encoding: None,
            allow_weak: self.allow_weak,
        };
        let mut keys = import.read(&bytes).map_err(authority::Error::from)?;
        match (keys.pop(), keys.pop()) {
            (Some(key), None)
                if key.algorithm.is_symmetric()
                    && authority::is_public(&key, &app.public_keys()) =>
            {
                Err(Rejected::Disguised(KeyForm::PUBLIC).into())
            }
            (Some(key), None) => Ok(Some(with_id(key, &bytes))),
            _ => Err(Failure::usage("one key is needed, not a set")),
        }
    }
}

/// The key, and the id that it is known by: that of its JWK, else its thumbprint; none of a secret.
fn with_id(key: NewKey, bytes: &[u8]) -> (NewKey, Option<Foreign>) {
    let jwk = strict_object(bytes).unwrap_or_default();
    let Some(kid) = jwk.get("kid").and_then(Value::as_str) else {
        let kid = (!key.algorithm.is_symmetric()).then(|| key.kid.clone());
        return (key, kid);
    };
    let mut public = key.public;
    if let Some(jwk) = &mut public {
        jwk.insert("kid".to_owned(), kid.into());
    }
    let kid = Foreign::new(kid);
    (NewKey { kid: kid.clone(), public, ..key }, Some(kid))
}
