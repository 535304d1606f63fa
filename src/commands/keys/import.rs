//! `jeton keys import`

use crate::app::{App, Rendered, Report};
use crate::authority::{self, AddedKey, SecretEncoding};
use crate::failure::Failure;
use crate::model::{Algorithm, KeyState, Purpose, Untrusted};
use serde::Serialize;
use std::path::PathBuf;

/// Take in a key that exists already: a private key or a shared secret (admins only)
///
/// The first test key of an algorithm signs at once; every other one stands by until it is
/// activated, with `--activate` not even that. The same key again is no change. A private
/// key is PEM or DER (PKCS#8, SEC 1, PKCS#1), a JWK or a JWK Set; with `--alg HS256` anything else
/// is the secret itself, unless it is a key in any form: PEM, DER, JWK or SSH, also in base64 or
/// hex, and the bytes of a public key of the store, are never a secret. The key id of a private key is its RFC 7638 thumbprint, that of a secret
/// is random. Where there is no store yet one is made, and without users nobody needs to be logged
/// in.
///
///   jeton keys import --from-env JWT_SECRET_KEY --alg HS256 --purpose test
///   jeton keys import --from-file signing.pem --alg PS256
///   openssl genpkey -algorithm ed25519 | jeton keys import --from-file -
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    group = clap::ArgGroup::new("from").required(true).args(["from_file", "from_env"])
)]
pub(crate) struct Args {
    /// The file that holds it (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    from_file: Option<PathBuf>,

    /// The environment variable that holds it
    #[arg(long, value_name = "NAME")]
    from_env: Option<String>,

    /// The algorithm it is used with. Needed for a secret; else what the JWK says, or RS256 for RSA
    #[arg(long, value_parser = Algorithm::parse, add = crate::commands::completers::algorithms())]
    alg: Option<Algorithm>,

    /// For which tokens: app (and sessions) or test
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// It is a secret and no key, spelled like this: text (without the line break at its end), base64 (of
    /// either alphabet), or raw bytes
    #[arg(
        long,
        value_name = "FORM",
        requires = "alg",
        value_parser = SecretEncoding::parse,
        add = crate::commands::completers::fixed_values(&["text", "base64", "raw"])
    )]
    encoding: Option<SecretEncoding>,

    /// Let it sign at once, in the place of the key that does
    #[arg(long)]
    activate: bool,

    /// Take a secret that is shorter than its hash; it is marked as weak ever after
    #[arg(long)]
    allow_weak: bool,
}

#[derive(Debug, Serialize)]
struct ImportOutput {
    changed: bool,
    items: Vec<KeyRow>,
}

#[derive(Debug, Serialize)]
struct KeyRow {
    kid: Untrusted,
    purpose: Purpose,
    algorithm: Algorithm,
    state: KeyState,
    weak: bool,
    changed: bool,
}

impl Report for ImportOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(self.items.iter().map(|key| key.kid.as_str().to_owned()).collect())
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    let import = authority::KeyImporter {
        purpose: args.purpose,
        algorithm: args.alg,
        encoding: args.encoding,
        allow_weak: args.allow_weak,
    };
    let load_keys = |app: &App| {
        let bytes = match (&args.from_env, &args.from_file) {
            (Some(name), _) => App::read_key_variable(name)?,
            (None, Some(path)) => app.read_key_file(path)?,
            (None, None) => return Err(Failure::usage("nothing to import from is given")),
        };
        Ok(import.read(&bytes).map_err(authority::Error::from)?)
    };
    let added = super::add_keys(app, args.activate, load_keys)?;
    for added in &added {
        print_imported(app, added);
    }
    let changed = added.iter().any(|added| added.changed);
    app.report(&ImportOutput { changed, items: added.into_iter().map(key_row).collect() })
}

fn print_imported(app: &App, AddedKey { key, changed }: &AddedKey) {
    let (algorithm, purpose) = (key.spec.algorithm.name(), key.spec.purpose.name());
    if !changed {
        let name = format!("key {} was there before and", key.spec.kid.to_display());
        return super::print_state(app, &name, key);
    }
    super::print_state(
        app,
        &format!("the {algorithm} key for {purpose} tokens was imported and"),
        key,
    );
    if key.spec.weak {
        app.print_warning(&format!("the secret is short for {algorithm}: it can be guessed"));
    }
}

fn key_row(AddedKey { key, changed }: AddedKey) -> KeyRow {
    KeyRow {
        kid: key.spec.kid,
        purpose: key.spec.purpose,
        algorithm: key.spec.algorithm,
        state: key.state,
        weak: key.spec.weak,
        changed,
    }
}
