//! `jeton keys export`

use crate::app::{App, OutputDir, PUBLIC_MODE, Rendered, Report, SecretOutput};
use crate::authority;
use crate::authority::audit_context::RequestedTarget;
use crate::authority::keys::{DiscoverySite, JwkSetExport};
use crate::commands::command::{Command, Effect};
use crate::commands::views::WrittenFiles;
use crate::failure::Failure;
use crate::model::{IssuerUrl, Purpose, Untrusted};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Print or publish the public keys of one purpose, or print one key
///
/// Services verify tokens with public keys. Keys for test tokens and keys for app tokens are never
/// in the same JWK Set, and symmetric keys (HMAC) are in none. `--site` writes two files for any
/// file server, `.well-known/openid-configuration` and `.well-known/jwks.json`, from which
/// verifiers discover the keys, given the issuer URL. Existing files of another or an unknown
/// issuer are replaced only with `--yes`.
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
    /// Print the public keys of one purpose as a JWK Set (RFC 7517)
    #[arg(long)]
    jwks: bool,

    /// Write a static site for OpenID Connect Discovery to this directory, which is created if
    /// missing and must not be writable by other users
    #[arg(long, value_name = "DIR", requires = "issuer", value_parser = crate::commands::args::path())]
    site: Option<PathBuf>,

    /// URL of the site: https, with a host, without query and fragment; http only for this machine
    /// (`http://localhost:8080`)
    #[arg(long, value_name = "URL", conflicts_with_all = ["jwks", "pem", "private"], value_parser = IssuerUrl::parse)]
    issuer: Option<IssuerUrl>,

    /// Purpose of the keys: app (app tokens and sessions) or test; ignored with `--pem KID`
    #[arg(
        long,
        default_value = "app",
        value_parser = Purpose::parse,
        conflicts_with = "private",
        add = crate::commands::completers::purposes()
    )]
    purpose: Purpose,

    /// Print one public key as PEM [default: the only signing key of the purpose]
    #[arg(
        long,
        value_name = "KID",
        num_args = 0..=1,
        add = crate::commands::completers::keys()
    )]
    pem: Option<Vec<String>>,

    /// Print one private key as PEM (PKCS#8), or a symmetric key as a JWK (admins only); anyone
    /// with this key can sign arbitrary tokens
    #[arg(
        long,
        value_name = "KID",
        allow_hyphen_values = true,
        add = crate::commands::completers::keys()
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
    /// The key as PEM, or a symmetric key as a JWK.
    key: String,
}

impl Report for KeyTextOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(self.key.lines().map(str::to_owned).collect())
    }
}

impl Command for Args {
    const ACTION: &'static str = "keys export";
    const EFFECT: Effect = Effect::Changes;

    fn effect(&self) -> Effect {
        if self.private.is_some() { Self::EFFECT } else { Effect::Reads }
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        self.private.clone().map(RequestedTarget::Key)
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        if let Some(kid) = &self.private {
            return export_private_key(app, kid);
        }
        if let Some(kids) = &self.pem {
            // `--pem` without a key id exports the signing key.
            let kid = kids.first().map(String::as_str);
            let key = authority::keys::export_public_pem(app.store.get()?, kid, self.purpose)?;
            return app.console.report(&KeyTextOutput { key });
        }
        let (store, audit) = app.store.open_with_audit()?;
        if let (Some(directory), Some(issuer)) = (&self.site, &self.issuer) {
            let site =
                authority::keys::build_discovery_site(store, self.purpose, issuer, audit.now)?;
            return publish_site(app, directory, site);
        }
        let JwkSetExport { jwk_set, omitted_count } =
            authority::keys::export_jwks(store, self.purpose, audit.now)?;
        warn_of_omitted_or_missing_keys(app, &jwk_set, omitted_count);
        app.console.report(&JwkSetOutput(jwk_set))
    }
}

fn publish_site(app: &App, directory: &Path, site: DiscoverySite) -> Result<(), Failure> {
    let site_dir = directory.join(site.directory);
    // `OutputDir::open` refuses a directory that other users can write to: these users could
    // replace the directory of the files. Directories above `directory` are not checked.
    OutputDir::open(&app.console, directory, PUBLIC_MODE)?;
    let output_dir = OutputDir::open(&app.console, &site_dir, PUBLIC_MODE)?;
    if !app.console.has_yes_flag() {
        ensure_same_issuer(&output_dir, &site)?;
    }
    output_dir.replace(&site.files, PUBLIC_MODE)?;
    let files =
        site.files.iter().map(|(name, _)| Untrusted::new(site_dir.join(name).to_string_lossy()));
    let files: Vec<Untrusted> = files.collect();
    for file in &files {
        app.console.print_status(&format!("wrote {}", file.to_display()));
    }
    warn_of_omitted_or_missing_keys(app, &site.jwk_set, site.omitted_count);
    if let Some(issuer) = site.mismatched_issuer {
        app.console.print_warning(&format!(
            "issuer mismatch: tokens have `{}`",
            Untrusted::new(issuer).to_display()
        ));
        app.console.print_hint("change the issuer: jeton settings set issuer URL");
    }
    app.console.report(&WrittenFiles { files })
}

/// Refuses to replace files in `output_dir` that another issuer may have published. The files may
/// be replaced if the metadata file in `output_dir` names the issuer of `site`. Without a metadata
/// file, for example after an interrupted export, an existing JWK Set must be identical to the new
/// JWK Set.
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
    // If both files conflict, the error names the last file, the metadata file.
    let Some((name, _)) = site.files.iter().rfind(is_conflict) else { return Ok(()) };
    let reason = match *name {
        DiscoverySite::METADATA_FILE => "already exists and does not name this issuer",
        _ => "already exists with other content, and no metadata file names its issuer",
    };
    Err(output_dir
        .conflict_error(name, reason)
        .with_hint("use another directory, or replace the files with `--yes`"))
}

/// Prints a warning if symmetric keys are omitted from the JWK Set, or if the store has no key for
/// the JWK Set. The latter occurs only for test keys: every store has an app key.
fn warn_of_omitted_or_missing_keys(app: &App, jwk_set: &Value, omitted_count: usize) {
    let is_empty = jwk_set["keys"].as_array().is_none_or(Vec::is_empty);
    if omitted_count == 0 && is_empty {
        app.console.print_warning("no test key to publish");
        app.console.print_hint("create a test key: jeton keys generate --purpose test");
    }
    if omitted_count > 0 {
        app.console.print_warning(
            "symmetric keys omitted: anyone who can verify with a symmetric key can also sign",
        );
    }
}

fn export_private_key(app: &mut App, kid: &str) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let caller = app.caller()?;
    let key = authority::keys::load_for_export(app.store.get()?, &caller, kid)?;
    let display_kid = key.spec.kid.to_display();
    let key_part = if key.spec.algorithm.is_symmetric() { "secret" } else { "private part" };
    app.console.confirm(&format!("Print the {key_part} of key {display_kid}?"))?;
    let (store, audit) = app.store.open_with_audit()?;
    let text = authority::keys::export_private(store, &audit, &caller, &key)?;
    let secret = KeyTextOutput { key: text.expose_secret().to_owned() };
    app.deliver_secret(output, &secret, |_| Ok(Failure::undelivered("the key")))
}
