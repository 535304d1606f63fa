//! `jeton keys export`

use crate::app::{App, OutputDir, PUBLIC_MODE, Rendered, Report, SecretOutput};
use crate::authority::{self, DiscoverySite, JwkSetExport};
use crate::commands::views::WrittenFiles;
use crate::failure::{Failure, Kind};
use crate::model::{IssuerUrl, Purpose, Untrusted};
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
    group = clap::ArgGroup::new("export_kind").required(true).args(["jwks", "site", "pem", "private"])
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
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// The public part of one key as PEM: without a key id the one that signs
    #[arg(
        long,
        value_name = "KID",
        num_args = 0..=1,
        add = clap_complete::ArgValueCandidates::new(crate::commands::completers::keys)
    )]
    pem: Option<Vec<String>>,

    /// The private part of one key as PEM (PKCS#8), or a symmetric key as a JWK. Whoever has it can
    /// sign what he wants (admins only)
    #[arg(
        long,
        value_name = "KID",
        allow_hyphen_values = true,
        add = clap_complete::ArgValueCandidates::new(crate::commands::completers::keys)
    )]
    private: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct JwkSetOutput(Value);

impl Report for JwkSetOutput {
    fn render(&self) -> Rendered {
        Rendered::Json(self.0.clone())
    }
}

#[derive(Debug, Serialize)]
struct KeyTextOutput {
    key: String,
}

impl Report for KeyTextOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(self.key.lines().map(str::to_owned).collect())
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    if let Some(kid) = &args.private {
        return export_private_key(app, kid);
    }
    if let Some(kids) = &args.pem {
        let kid = kids.first().map(String::as_str);
        let key = authority::public_pem(app.store()?, kid, args.purpose)?;
        return app.report(&KeyTextOutput { key });
    }
    app.store()?;
    let now = app.now()?;
    if let (Some(directory), Some(issuer)) = (&args.site, &args.issuer) {
        let site = authority::build_discovery_site(app.store()?, args.purpose, issuer, now)?;
        return publish_site(app, directory, site);
    }
    let JwkSetExport { keys, omitted: left_out } =
        authority::export_jwks(app.store()?, args.purpose, now)?;
    warn_of_omitted_keys(app, &keys, left_out);
    app.report(&JwkSetOutput(keys))
}

fn publish_site(app: &App, directory: &Path, site: DiscoverySite) -> Result<(), Failure> {
    let site_dir = directory.join(site.directory);
    // Whoever can write one of the directories on the way can replace the ones below it.
    let ancestors = site_dir.ancestors().take_while(|ancestor| ancestor.starts_with(directory));
    for ancestor in
        ancestors.collect::<Vec<_>>().into_iter().rev().filter(|ancestor| *ancestor != site_dir)
    {
        app.open_output_dir(ancestor, PUBLIC_MODE)?;
    }
    let output_dir = app.open_output_dir(&site_dir, PUBLIC_MODE)?;
    if !app.has_yes_flag() {
        ensure_same_issuer(&output_dir, &site)?;
    }
    output_dir.replace(&site.files, PUBLIC_MODE)?;
    let files =
        site.files.iter().map(|(name, _)| Untrusted::new(site_dir.join(name).to_string_lossy()));
    let files: Vec<Untrusted> = files.collect();
    for file in &files {
        app.print_status(&format!("wrote {}", file.to_display()));
    }
    warn_of_omitted_keys(app, &site.keys, site.omitted);
    if let Some(issuer) = site.configured_issuer {
        app.print_warning(&format!(
            "tokens name another issuer, `{}`: see `jeton settings set issuer`",
            Untrusted::new(issuer).to_display()
        ));
    }
    app.report(&WrittenFiles { files })
}

/// Refuses to replace files that another issuer may have published. Where provider metadata name
/// the same issuer both files are replaced; an export that was interrupted leaves the key set
/// alone, which is the same then.
fn ensure_same_issuer(output_dir: &OutputDir<'_>, site: &DiscoverySite) -> Result<(), Failure> {
    if output_dir
        .read_file(DiscoverySite::METADATA_FILE)
        .is_some_and(|metadata| site.matches_metadata(&metadata))
    {
        return Ok(());
    }
    let is_conflict = |(name, content): &&(&str, String)| {
        output_dir.has_conflicting_file(name, content.as_bytes())
    };
    let Some((name, _)) = site.files.iter().rfind(is_conflict) else { return Ok(()) };
    Err(output_dir
        .conflict_error(name, "already exists and does not name this issuer")
        .with_hint("name another directory, or replace the files with `--yes`"))
}

/// Says what a verifier will not find in the set.
fn warn_of_omitted_keys(app: &App, keys: &Value, omitted: usize) {
    let is_empty = keys["keys"].as_array().is_none_or(Vec::is_empty);
    if omitted == 0 && is_empty {
        app.print_warning("there is no test key yet: the first `jeton token mint` makes it");
    }
    if omitted > 0 {
        app.print_warning(
            "symmetric keys are left out: whoever could check with one could sign with it",
        );
    }
}

fn export_private_key(app: &mut App, kid: &str) -> Result<(), Failure> {
    app.mark_change();
    let output = SecretOutput::open()?;
    let caller = app.caller()?;
    let key = authority::load_key_for_export(app.store()?, &caller, kid)?;
    let display_kid = key.spec.kid.to_display();
    app.confirm(&format!("Print the private part of key {display_kid}?"))?;
    let context = app.audit_context()?;
    let text = authority::export_private_key(app.store()?, &context, &caller, &key)?;
    if app.deliver_secret(output, &KeyTextOutput { key: text.expose_secret().to_owned() }) {
        return Ok(());
    }
    Err(Failure::new(Kind::Internal, "internal", "the key could not be written"))
}
