//! `jeton keys import`

use crate::app::{App, Rendered, Report, read_key_variable};
use crate::authority;
use crate::authority::keys::{KeyError, NewKey, RequestedKey, SecretEncoding};
use crate::commands::args::stdin_argument;
use crate::commands::command::{Command, Effect};
use crate::failure::{Code, Failure, KeySource};
use crate::model::{Algorithm, KeyState, Purpose, Untrusted, parse_kid};
use serde::Serialize;
use std::cell::Cell;
use std::path::PathBuf;

/// Import an existing key: a private key or a shared secret (admins only)
///
/// A test key is activated immediately if no test key of its algorithm is active, and an app key if it
/// is the first key of a new store. Other keys become standby keys, or the signing key with
/// `--activate`. Importing a key again changes nothing, except that `--activate` makes a standby or
/// retired key the signing key.
///
/// A private key is PEM or DER (PKCS#8, SEC 1, PKCS#1), a JWK or a JWK Set. With an HMAC algorithm
/// such as `--alg HS256`, any other content is a shared secret. The key id is the value of `--kid`,
/// otherwise the `kid` of the JWK, otherwise the RFC 7638 thumbprint, or random for a secret. Where
/// a secret is expected, all input that is a key is refused: PEM, DER, JWK or SSH, also in base64
/// or hex, and the bytes of a public key of the store. A secret shorter than the hash output is
/// accepted only with `--allow-weak`, and is permanently marked as weak.
///
/// Creates the store if it does not exist; a store without users needs no login.
///
///   jeton keys import --from-env JWT_SECRET_KEY --alg HS256 --purpose test
///   jeton keys import --from-file signing.pem --alg PS256
///   jeton keys import --from-file signing.pem --purpose test --kid 2X9R4HXF34
///   openssl genpkey -algorithm ed25519 | jeton keys import --from-file -
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    group = clap::ArgGroup::new("from").required(true).args(["from_file", "from_env"])
)]
pub(crate) struct Args {
    /// File that contains the key (`-` for standard input)
    #[arg(long, value_name = "FILE", value_parser = crate::commands::args::input_path())]
    from_file: Option<PathBuf>,

    /// Environment variable that contains the key
    #[arg(long, value_name = "NAME")]
    from_env: Option<String>,

    /// Algorithm, required for a secret [default: algorithm of the key; RS256 for an RSA key]
    #[arg(long, value_parser = Algorithm::parse_argument, add = crate::commands::completers::algorithms())]
    alg: Option<Algorithm>,

    /// Purpose of the key: app (app tokens and sessions) or test
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// Encoding of the secret: text (without the trailing line break), base64 (standard or URL-safe),
    /// or raw
    #[arg(
        long,
        value_name = "ENCODING",
        requires = "alg",
        value_parser = SecretEncoding::parse,
        add = crate::commands::completers::secret_encodings()
    )]
    encoding: Option<SecretEncoding>,

    /// Key id (`kid`) of the key; selects one key of a JWK Set with several keys [default: the `kid` of
    /// the key, otherwise the thumbprint; random for a secret]
    #[arg(long, value_name = "ID", allow_hyphen_values = true, value_parser = parse_kid)]
    kid: Option<Untrusted>,

    /// Make the key the signing key immediately
    #[arg(long)]
    activate: bool,

    /// Allow HMAC secrets shorter than the hash output
    #[arg(long)]
    allow_weak: bool,
}

#[derive(Debug, Serialize)]
struct ImportOutput {
    /// True if at least one key is new or was activated.
    changed: bool,
    items: Vec<KeyRow>,
}

#[derive(Debug, Serialize)]
struct KeyRow {
    kid: Untrusted,
    purpose: Purpose,
    alg: Algorithm,
    status: KeyState,
    /// True for a secret that is shorter than the hash output.
    weak: bool,
    /// True if the key is new or was activated.
    changed: bool,
}

impl Report for ImportOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(self.items.iter().map(|key| key.kid.as_str().to_owned()).collect())
    }
}

impl Command for Args {
    const ACTION: &'static str = "keys import";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        stdin_argument("--from-file", self.from_file.as_ref()).into_iter().collect()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let importer = authority::keys::KeyImporter {
            purpose: self.purpose,
            algorithm: self.alg,
            encoding: self.encoding,
            allow_weak: self.allow_weak,
        };
        let has_several_keys = Cell::new(false);
        let load_keys = |app: &App| {
            let (bytes, source) = match (&self.from_env, &self.from_file) {
                (Some(name), _) => {
                    (read_key_variable("--from-env", name)?, KeySource::Variable(name))
                }
                (None, Some(path)) => {
                    let bytes = app.console.read_key_file("--from-file", path)?;
                    (bytes, KeySource::from_path(path))
                }
                (None, None) => return Err(Failure::usage("source of the key missing")),
            };
            let to_failure = |error| Failure::from(error).with_key_source(&source);
            let keys = match &self.kid {
                Some(kid) => importer.read_one(&bytes, Some(kid.as_str())).map(|key| vec![key]),
                None => importer.read(&bytes),
            };
            // If the bytes are a key in place of a secret, and this key can sign, the hint names
            // the algorithm of this key.
            let keys = keys.map_err(|error| {
                let is_key_as_secret = matches!(error, KeyError::KeyAsSecret(_));
                let kid = self.kid.as_ref().map(Untrusted::as_str);
                let algorithm =
                    is_key_as_secret.then(|| importer.algorithm_of_key(&bytes, kid)).flatten();
                to_failure(error).with_algorithm_hint(algorithm, self.encoding.is_some())
            })?;
            has_several_keys.set(keys.len() > 1);
            let keys = keys.into_iter();
            let keys = keys.map(|key| NewKey::from_imported(key, self.kid.clone()));
            keys.collect::<Result<_, _>>().map_err(to_failure)
        };
        let requested_keys = super::add_keys(app, self.activate, load_keys).map_err(|failure| {
            if failure.code == Code::KeyExists && has_several_keys.get() {
                return failure.with_hint("import the keys one by one, each with `--kid ID`");
            }
            failure
        })?;
        for requested_key in &requested_keys {
            print_imported_key(app, requested_key);
        }
        let changed = requested_keys.iter().any(|requested_key| requested_key.changed);
        app.console.report(&ImportOutput {
            changed,
            items: requested_keys.into_iter().map(to_key_row).collect(),
        })
    }
}

/// Prints the result for one key: imported, activated, or unchanged because the key already exists.
fn print_imported_key(app: &App, RequestedKey { key, changed, is_new }: &RequestedKey) {
    if !changed {
        let kid = key.spec.kid.to_display();
        let state = super::state_display_name(key.state);
        app.console.print_status(&format!("key {kid} already exists as {state} key"));
        return super::print_activation_hint(app, key);
    }
    super::print_added_key(app, if *is_new { "imported" } else { "activated" }, key);
    if key.spec.is_weak {
        let algorithm = key.spec.algorithm.name();
        app.console
            .print_warning(&format!("weak secret: shorter than the {algorithm} hash output"));
    }
}

fn to_key_row(RequestedKey { key, changed, .. }: RequestedKey) -> KeyRow {
    KeyRow {
        kid: key.spec.kid,
        purpose: key.spec.purpose,
        alg: key.spec.algorithm,
        status: key.state,
        weak: key.spec.is_weak,
        changed,
    }
}
