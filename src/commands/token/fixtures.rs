//! `jeton token fixtures`

use super::manifest::{Manifest, omitted_defects};
use super::test_token_args::{ExternalKeyArgs, NEW_SECRET_WARNING, TestTokenArgs};
use crate::app::{App, OutputDir, PRIVATE_MODE, SecretOutput};
use crate::authority::{Fixtures, build_fixtures, build_fixtures_with_external_key};
use crate::commands::views::{WrittenFiles, pluralize};
use crate::failure::{Failure, Kind};
use crate::model::{Row, Timestamp, Untrusted};
use secrecy::ExposeSecret;
use std::path::{Path, PathBuf};

/// Make one good token and every broken one like it, for the tests of a service
///
/// Each broken one is wrong in exactly one thing: expired, signed by another key, for another
/// audience, and so on; a claim that is not there (`--aud`, `--scope`) cannot be wrong. The manifest
/// says of each what is wrong, by which rule, and what a verifier is to answer that is told all it
/// has to know: issuer, audience, permission, type, the list of what was revoked. Flags and presets are those of `jeton token mint`. With `--out` there
/// is a file for each token, `manifest.json`, the table `fixtures.md`, and `jwks.json` or `secret` to
/// check them with, and what an earlier manifest there named besides is removed; a file of others
/// is not written over. Else the manifest is printed.
///
///   jeton token fixtures --preset flask --out fixtures
///   jeton token fixtures --aud api --scope 'read write' --at 2030-01-01T00:00:00Z --out fixtures
///   jeton token fixtures --secret-env JWT_SECRET_KEY --alg HS256 | jq '.fixtures[].name'
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// The directory for the files, which no other user can write; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    #[command(flatten)]
    test_token: TestTokenArgs,

    /// The time from which all times are counted: RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,

    #[command(flatten)]
    key: ExternalKeyArgs,
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let preset = args.test_token.test.preset.clone();
    match args.out.clone() {
        Some(directory) => write_files(app, args, preset.as_deref(), &directory),
        None => print_manifest(app, args, preset.as_deref()),
    }
}

fn print_manifest(app: &mut App, args: Args, preset: Option<&str>) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let fixture_set = fixtures_from_args(app, args)?;
    if app.deliver_secret(output, &Manifest::new(&fixture_set, preset)) {
        return Ok(());
    }
    Err(Failure::new(Kind::Internal, "internal", "the fixtures could not be written"))
}

fn write_files(
    app: &mut App,
    args: Args,
    preset: Option<&str>,
    directory: &Path,
) -> Result<(), Failure> {
    let fixture_set = fixtures_from_args(app, args)?;
    let count = pluralize(fixture_set.items.len(), "token");
    let omitted = omitted_defects(&fixture_set);
    let files = write_to_dir(app, directory, &fixture_set, Manifest::new(&fixture_set, preset))?;
    app.print_status(&format!(
        "wrote {count} to {}",
        Untrusted::new(directory.to_string_lossy()).to_display()
    ));
    if !omitted.is_empty() {
        app.print_status(&format!(
            "without {}: such a token cannot be wrong so",
            omitted.join(", ")
        ));
    }
    app.report(&files)
}

fn fixtures_from_args(app: &mut App, args: Args) -> Result<Fixtures, Failure> {
    let row = Row { line: 0, fields: args.test_token.read_claims_file(app)? };
    let key = args.key.load_key(app, args.test_token.secret_algorithm(app)?)?;
    let mut request = args.test_token.into_mint_request(app)?;
    request.issued_at = args.at;
    if let Some((key, kid)) = key {
        let now = app.now()?;
        return Ok(build_fixtures_with_external_key(now, &key, kid.as_ref(), request, row)?);
    }
    let minter = app.minter()?;
    let context = app.audit_context()?;
    let fixture_set = build_fixtures(app.store()?, &context, &minter, request, row)?;
    if fixture_set.is_new_secret && !fixture_set.may_export_secret {
        app.print_warning(NEW_SECRET_WARNING);
    }
    Ok(fixture_set)
}

/// A file is known as ours by the manifest beside it that names it. So what is no more goes before
/// the new manifest comes, and what is new comes after it: whenever this is interrupted, it can be
/// done again.
fn write_to_dir(
    app: &App,
    directory: &Path,
    fixture_set: &Fixtures,
    manifest: Manifest,
) -> Result<WrittenFiles, Failure> {
    let output_dir = app.open_output_dir(directory, PRIVATE_MODE)?;
    let previous_manifest = output_dir.read_file(Manifest::FILE_NAME);
    let mut stale =
        previous_manifest.map_or_else(Vec::new, |bytes| Manifest::files_listed_in(&bytes));
    let is_secret = fixture_set.key.algorithm.is_symmetric();
    let mut other_files = manifest.token_files();
    other_files.extend(manifest.jwks_file().map(|keys| (Manifest::JWKS_FILE.to_owned(), keys)));
    other_files.push((Manifest::TABLE_FILE.to_owned(), manifest.to_markdown()));
    let manifest = manifest.with_files(is_secret && fixture_set.may_export_secret);
    let manifest = format!("{:#}\n", serde_json::json!(manifest));
    let mut files = vec![(Manifest::FILE_NAME.to_owned(), manifest)];
    files.append(&mut other_files);
    let secret = (is_secret && fixture_set.may_export_secret)
        .then(|| (Manifest::SECRET_FILE, fixture_set.key.material.expose_secret()));
    let public = files.iter().map(|(name, content)| (name.as_str(), content.as_bytes()));
    let all_files: Vec<(&str, &[u8])> = public.chain(secret).collect();
    ensure_own_files(&output_dir, &all_files, &stale)?;
    stale.retain(|name| !all_files.iter().any(|(new, _)| new == name));
    output_dir.remove(&stale)?;
    output_dir.replace(&files, PRIVATE_MODE)?;
    if let Some(secret) = secret {
        output_dir.replace(&[secret], PRIVATE_MODE)?;
    } else if is_secret {
        app.print_warning("the secret is not written: only an admin's session is given it");
    }
    let paths =
        all_files.iter().map(|(name, _)| Untrusted::new(directory.join(name).to_string_lossy()));
    Ok(WrittenFiles { files: paths.collect() })
}

/// Refuses to write over a file with another content that is not one of `ours`.
fn ensure_own_files(
    output_dir: &OutputDir<'_>,
    all_files: &[(&str, &[u8])],
    own_names: &[String],
) -> Result<(), Failure> {
    let is_unknown_file = |(name, content): &&(&str, &[u8])| {
        !own_names.iter().any(|own| own == name) && output_dir.has_conflicting_file(name, content)
    };
    let Some((name, _)) = all_files.iter().find(is_unknown_file) else { return Ok(()) };
    Err(output_dir
        .conflict_error(name, "is there already, and not of an earlier set of fixtures")
        .with_hint("name another directory, or remove the file"))
}
