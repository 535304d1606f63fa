//! `jeton token fixtures`

use super::external_key::{ExternalKey, ExternalKeyArgs};
use super::manifest::{Manifest, list_inapplicable_defects};
use super::test_token_args::{NEW_SECRET_WARNING, TestTokenArgs};
use crate::app::{App, OutputDir, PRIVATE_MODE, SecretOutput};
use crate::authority::audit_context::RequestedTarget;
use crate::authority::minting::{Fixtures, build_fixtures, build_fixtures_with_external_key};
use crate::commands::command::{Command, Effect};
use crate::commands::views::{WrittenFiles, pluralize};
use crate::failure::Failure;
use crate::model::{Row, TimeSpec, Untrusted};
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

/// Create fixtures: one valid token and negative test tokens, to test a service
///
/// Each negative test token is the valid token with a single defect: expired, signed with another
/// key, wrong audience, and so on. Defects that do not apply, such as a wrong audience without
/// `--aud`, are skipped. The manifest has, for each token, the defect, the violated rule, and the
/// result expected from a verifier that knows the issuer, audience, permission, type and blocklist.
/// Presets, and the options for claims, lifetime and key, are as for `jeton token mint`.
///
/// With `--out`, writes each token to a file, with `manifest.json`, the table `fixtures.md`, and
/// `jwks.json` or `secret` to verify with. A secret of the store is written only for the session of
/// an admin. Files listed in an existing manifest of the directory are replaced or removed; other
/// files are never overwritten. Without `--out`, prints the manifest.
///
///   jeton token fixtures --preset flask --out fixtures
///   jeton token fixtures --aud api --scope 'read write' --at 2030-01-01T00:00:00Z --out fixtures
///   jeton token fixtures --secret-env JWT_SECRET_KEY --alg HS256 | jq '.fixtures[].name'
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Output directory, not writable by other users; created if missing
    #[arg(long, value_name = "DIR", value_parser = crate::commands::args::path())]
    out: Option<PathBuf>,

    #[command(flatten)]
    test_token: TestTokenArgs,

    /// Issue time (`iat`) of the valid token, from which all other times are calculated, in the
    /// formats of `--expires-at` [default: now]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = TimeSpec::parse)]
    at: Option<TimeSpec>,

    #[command(flatten)]
    key: ExternalKeyArgs,
}

impl Command for Args {
    const ACTION: &'static str = "token fixtures";
    const EFFECT: Effect = Effect::Changes;

    fn stdin_arguments(&self) -> Vec<&'static str> {
        [self.key.stdin_argument(), self.test_token.stdin_argument()]
            .into_iter()
            .flatten()
            .collect()
    }

    fn audit_target(&self) -> Option<RequestedTarget> {
        self.test_token.audit_target()
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let preset = self.test_token.test_only.preset.clone();
        match self.out.clone() {
            Some(directory) => write_fixtures(app, self, preset.as_deref(), &directory),
            None => print_manifest(app, self, preset.as_deref()),
        }
    }
}

fn print_manifest(app: &mut App, args: Args, preset: Option<&str>) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let fixture_set = build_fixtures_from_args(app, args)?;
    let manifest = Manifest::new(&fixture_set, preset);
    app.deliver_unrecorded(output, &manifest)
}

fn write_fixtures(
    app: &mut App,
    args: Args,
    preset: Option<&str>,
    directory: &Path,
) -> Result<(), Failure> {
    let fixture_set = build_fixtures_from_args(app, args)?;
    let count = pluralize(fixture_set.items.len(), "token");
    let inapplicable_defects = list_inapplicable_defects(&fixture_set);
    let files =
        replace_files_in_dir(app, directory, &fixture_set, Manifest::new(&fixture_set, preset))?;
    app.console.print_status(&format!(
        "wrote {count} to {}",
        Untrusted::new(directory.to_string_lossy()).to_display()
    ));
    if !inapplicable_defects.is_empty() {
        let names = inapplicable_defects.join(", ");
        app.console.print_status(&format!("skipped defects {names}: not applicable to this token"));
    }
    app.console.report(&files)
}

fn build_fixtures_from_args(app: &mut App, args: Args) -> Result<Fixtures, Failure> {
    let key_bytes = args.key.read_key_bytes(app)?;
    let row = Row { line: 0, fields: args.test_token.read_claims(app)? };
    let now = app.store.now()?;
    let issued_at = args.at.map(|time| time.resolve("--at", now)).transpose()?;
    if let Some(bytes) = key_bytes {
        let (mut request, ExternalKey { key, kid }) =
            args.test_token.into_external_request(app, &args.key, &bytes)?;
        request.issued_at = issued_at.map(TimeSpec::from);
        return Ok(build_fixtures_with_external_key(now, &key, kid.as_ref(), request, row)?);
    }
    // Only the files of `--out` can include an HMAC secret.
    let includes_secret = args.out.is_some();
    let error_converter = args.test_token.store_key_error_converter();
    let mut request = args.test_token.into_store_request(app)?;
    request.issued_at = issued_at.map(TimeSpec::from);
    let minter = app.minter()?;
    let (store, audit) = app.store.open_with_audit()?;
    let fixture_set = build_fixtures(store, &audit, &minter, request, row, includes_secret)
        .map_err(|error| error_converter.to_failure(error))?;
    if fixture_set.is_new_secret && !fixture_set.may_export_secret {
        app.console.print_warning(NEW_SECRET_WARNING);
    }
    Ok(fixture_set)
}

/// Writes the manifest, the Markdown table, the tokens, and the JWK Set or, if the secret may be
/// exported, the secret. The manifest of an earlier run, if any, lists the files that may be
/// replaced or removed.
///
/// At any time, the manifest in the directory lists every file that this command wrote, so that an
/// interrupted run can be repeated. First, the files of the earlier run that have no replacement
/// are removed. Then the manifest is replaced. The other files are written last.
fn replace_files_in_dir(
    app: &App,
    directory: &Path,
    fixture_set: &Fixtures,
    manifest: Manifest,
) -> Result<WrittenFiles, Failure> {
    let output_dir = OutputDir::open(&app.console, directory, PRIVATE_MODE)?;
    let previous_manifest = output_dir.read_file(Manifest::FILE_NAME);
    let replaceable_names =
        previous_manifest.map_or_else(Vec::new, |bytes| Manifest::files_listed_in(&bytes));
    let is_symmetric = fixture_set.key.algorithm.is_symmetric();
    let mut other_files = manifest.token_files();
    other_files.extend(manifest.jwks_content().map(|keys| (Manifest::JWKS_FILE.to_owned(), keys)));
    other_files.push((Manifest::TABLE_FILE.to_owned(), manifest.to_markdown()));
    let has_secret_file = is_symmetric && fixture_set.may_export_secret;
    let manifest = manifest.into_directory_manifest(has_secret_file);
    let manifest_json = format!("{:#}\n", serde_json::json!(manifest));
    let mut files = vec![(Manifest::FILE_NAME.to_owned(), manifest_json)];
    files.append(&mut other_files);
    let secret =
        has_secret_file.then(|| (Manifest::SECRET_FILE, fixture_set.key.material.expose_secret()));
    let non_secret_files = files.iter().map(|(name, content)| (name.as_str(), content.as_bytes()));
    let all_files: Vec<(&str, &[u8])> = non_secret_files.chain(secret).collect();
    ensure_files_replaceable(&output_dir, &all_files, &replaceable_names)?;
    let mut stale_files = replaceable_names;
    stale_files.retain(|name| !all_files.iter().any(|(new_name, _)| new_name == name));
    output_dir.remove(&stale_files)?;
    let (manifest_file, other_files) = files.split_at(1);
    output_dir.replace(manifest_file, PRIVATE_MODE)?;
    output_dir.replace(other_files, PRIVATE_MODE)?;
    if let Some(secret) = secret {
        output_dir.replace(&[secret], PRIVATE_MODE)?;
    } else if is_symmetric {
        app.console.print_warning("secret not written: only the session of an admin can export it");
    }
    let paths =
        all_files.iter().map(|(name, _)| Untrusted::new(directory.join(name).to_string_lossy()));
    Ok(WrittenFiles { files: paths.collect() })
}

/// Checks the names of `all_files` that are not in `replaceable_names`. Refuses such a name if it
/// exists in the directory, unless it is a file that already has the new content.
fn ensure_files_replaceable(
    output_dir: &OutputDir<'_>,
    all_files: &[(&str, &[u8])],
    replaceable_names: &[String],
) -> Result<(), Failure> {
    let is_conflict = |(name, content): &&(&str, &[u8])| {
        !replaceable_names.iter().any(|replaceable| replaceable == name)
            && output_dir.has_conflicting_file(name, content)
    };
    let Some((name, _)) = all_files.iter().find(is_conflict) else { return Ok(()) };
    Err(output_dir
        .conflict_error(name, "already exists and is not from an earlier fixture set")
        .with_hint("use another directory, or remove the file"))
}
