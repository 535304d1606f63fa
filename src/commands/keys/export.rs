//! `jeton keys export`

use crate::app::{App, Folder, PUBLIC, Report, SecretOutput, Text};
use crate::authority::{self, Published, Site};
use crate::commands::shapes::Written;
use crate::failure::{Failure, Kind};
use crate::model::{Foreign, IssuerUrl, Purpose};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Print or publish the public keys of one purpose, or print one key
///
/// Services check tokens with it. Keys for test tokens and keys for app tokens never stand in the
/// same set, and a symmetric key (HS256) stands in none. A site is two files for any file server,
/// `.well-known/openid-configuration` and `.well-known/jwks.json`: a verifier that is given the
/// issuer finds the keys there. Files there that name another issuer are replaced only with
/// `--yes`.
///
///   jeton keys export --jwks > jwks.json
///   jeton keys export --jwks --purpose test
///   jeton keys export --site public --issuer https://id.example --purpose test
///   jeton keys export --pem 31icmYEycs8hyUNTkZRlmpDptr7QlLlW97KZQyIIoVM > public.pem
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    group = clap::ArgGroup::new("what").required(true).args(["jwks", "site", "pem", "private"])
)]
pub(crate) struct Args {
    /// The public keys of one purpose as a JWK Set (RFC 7517)
    #[arg(long)]
    jwks: bool,

    /// The same for a verifier that looks for it itself: the files of a static site, written to this
    /// directory, which no other user can write (OpenID Connect Discovery)
    #[arg(long, value_name = "DIR", requires = "issuer")]
    site: Option<PathBuf>,

    /// The URL that the directory is served under: https, with a host, without query and fragment;
    /// http only for this machine (`http://localhost:8080`)
    #[arg(long, value_name = "URL", conflicts_with_all = ["jwks", "pem", "private"], value_parser = IssuerUrl::parse)]
    issuer: Option<IssuerUrl>,

    /// For which tokens the keys are: app (and sessions) or test
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        conflicts_with = "private",
        add = crate::commands::complete::purposes()
    )]
    purpose: Purpose,

    /// The public part of one key as PEM: without a key id the one that signs
    #[arg(
        long,
        value_name = "KID",
        num_args = 0..=1,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys)
    )]
    pem: Option<Vec<String>>,

    /// The private part of one key as PEM (PKCS#8), or a symmetric key as a JWK. Whoever has it can
    /// sign what he wants (admins only)
    #[arg(
        long,
        value_name = "KID",
        allow_hyphen_values = true,
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::keys)
    )]
    private: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct KeySet(Value);

impl Report for KeySet {
    fn text(&self) -> Text {
        Text::Json(self.0.clone())
    }
}

#[derive(Debug, Serialize)]
struct KeyText {
    key: String,
}

impl Report for KeyText {
    fn text(&self) -> Text {
        Text::Lines(self.key.lines().map(str::to_owned).collect())
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    if let Some(kid) = &args.private {
        return private(app, kid);
    }
    if let Some(named) = &args.pem {
        let kid = named.first().map(String::as_str);
        let key = authority::public_pem(app.store()?, kid, args.purpose)?;
        return app.report(&KeyText { key });
    }
    app.store()?;
    let now = app.now()?;
    if let (Some(directory), Some(issuer)) = (&args.site, &args.issuer) {
        let site = authority::site(app.store()?, args.purpose, issuer, now)?;
        return publish(app, directory, site);
    }
    let Published { keys, left_out } = authority::jwks(app.store()?, args.purpose, now)?;
    warn_of_missing(app, &keys, left_out);
    app.report(&KeySet(keys))
}

fn publish(app: &App, directory: &Path, site: Site) -> Result<(), Failure> {
    let folder = directory.join(site.folder);
    // Whoever can write one of the directories on the way can replace the ones below it.
    let inside = folder.ancestors().take_while(|above| above.starts_with(directory));
    for above in inside.collect::<Vec<_>>().into_iter().rev().filter(|above| *above != folder) {
        app.folder(above, PUBLIC)?;
    }
    let held = app.folder(&folder, PUBLIC)?;
    if !app.is_confirmed() {
        not_of_another_issuer(&held, &site)?;
    }
    held.replace(&site.files, PUBLIC)?;
    let files =
        site.files.iter().map(|(name, _)| Foreign::new(folder.join(name).to_string_lossy()));
    let files: Vec<Foreign> = files.collect();
    for file in &files {
        app.status(&format!("wrote {}", file.shown()));
    }
    warn_of_missing(app, &site.keys, site.left_out);
    if let Some(issuer) = site.other_issuer {
        app.warning(&format!(
            "tokens name another issuer, `{}`: see `jeton settings set issuer`",
            Foreign::new(issuer).shown()
        ));
    }
    app.report(&Written { files })
}

/// Refuses to replace files that another issuer may have published. Where provider metadata name
/// the same issuer both files are replaced; an export that was interrupted leaves the key set
/// alone, which is the same then.
fn not_of_another_issuer(folder: &Folder<'_>, site: &Site) -> Result<(), Failure> {
    if folder.content(Site::METADATA).is_some_and(|found| site.is_named_by(&found)) {
        return Ok(());
    }
    let is_other = |(name, content): &&(&str, String)| folder.has_other(name, content.as_bytes());
    let Some((name, _)) = site.files.iter().rfind(is_other) else { return Ok(()) };
    Err(folder
        .occupied(name, "already exists and does not name this issuer")
        .with_hint("name another directory, or replace the files with `--yes`"))
}

/// Says what a verifier will not find in the set.
fn warn_of_missing(app: &App, keys: &Value, left_out: usize) {
    let is_empty = keys["keys"].as_array().is_none_or(Vec::is_empty);
    if left_out == 0 && is_empty {
        app.warning("there is no test key yet: the first `jeton token mint` makes it");
    }
    if left_out > 0 {
        app.warning("symmetric keys are left out: whoever could check with one could sign with it");
    }
}

fn private(app: &mut App, kid: &str) -> Result<(), Failure> {
    app.is_change();
    let output = SecretOutput::open()?;
    let caller = app.caller()?;
    let key = authority::exportable(app.store()?, &caller, kid)?;
    let shown = key.spec.kid.shown();
    app.confirm(&format!("Print the private part of key {shown}?"))?;
    let act = app.act()?;
    let text = authority::private_text(app.store()?, &act, &caller, &key)?;
    if app.hand_out(output, &KeyText { key: text.expose_secret().to_owned() }) {
        return Ok(());
    }
    Err(Failure::new(Kind::Internal, "internal", "the key could not be written"))
}
