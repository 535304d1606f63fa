//! `jeton token fixtures`

use super::manifest::{Manifest, left_out};
use super::wish::{KeyArgs, NEW_SECRET, WishArgs};
use crate::app::{App, Folder, PRIVATE, SecretOutput};
use crate::authority::{Fixtures, fixtures, fixtures_alone};
use crate::commands::shapes::{Written, counted};
use crate::failure::{Failure, Kind};
use crate::model::{Foreign, Row, Timestamp};
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
    wish: WishArgs,

    /// The time from which all times are counted: RFC 3339 or Unix seconds [default: now]
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,

    #[command(flatten)]
    key: KeyArgs,
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let preset = args.wish.test.preset.clone();
    match args.out.clone() {
        Some(directory) => write(app, args, preset.as_deref(), &directory),
        None => print(app, args, preset.as_deref()),
    }
}

fn print(app: &mut App, args: Args, preset: Option<&str>) -> Result<(), Failure> {
    let output = SecretOutput::open()?;
    let made = made(app, args)?;
    if app.hand_out(output, &Manifest::of(&made, preset)) {
        return Ok(());
    }
    Err(Failure::new(Kind::Internal, "internal", "the fixtures could not be written"))
}

fn write(app: &mut App, args: Args, preset: Option<&str>, directory: &Path) -> Result<(), Failure> {
    let made = made(app, args)?;
    let count = counted(made.items.len(), "token");
    let left_out = left_out(&made);
    let written = written(app, directory, &made, Manifest::of(&made, preset))?;
    app.status(&format!("wrote {count} to {}", Foreign::new(directory.to_string_lossy()).shown()));
    if !left_out.is_empty() {
        app.status(&format!("without {}: such a token cannot be wrong so", left_out.join(", ")));
    }
    app.report(&written)
}

fn made(app: &mut App, args: Args) -> Result<Fixtures, Failure> {
    let row = Row { line: 0, claims: args.wish.file(app)? };
    let key = args.key.key(app, args.wish.algorithm(app)?)?;
    let mut wish = args.wish.wish(app)?;
    wish.issued_at = args.at;
    if let Some((key, kid)) = key {
        let now = app.now()?;
        return Ok(fixtures_alone(now, &key, kid.as_ref(), wish, row)?);
    }
    let minter = app.minter()?;
    let act = app.act()?;
    let made = fixtures(app.store()?, &act, &minter, wish, row)?;
    if made.is_new_secret && !made.may_have_secret {
        app.warning(NEW_SECRET);
    }
    Ok(made)
}

/// A file is known as ours by the manifest beside it that names it. So what is no more goes before
/// the new manifest comes, and what is new comes after it: whenever this is interrupted, it can be
/// done again.
fn written(
    app: &App,
    directory: &Path,
    made: &Fixtures,
    manifest: Manifest,
) -> Result<Written, Failure> {
    let folder = app.folder(directory, PRIVATE)?;
    let before = folder.content(Manifest::NAME);
    let mut stale = before.map_or_else(Vec::new, |before| Manifest::files_with(&before));
    let is_secret = made.key.algorithm.is_symmetric();
    let mut others = manifest.tokens();
    others.extend(manifest.jwks().map(|keys| (Manifest::KEYS.to_owned(), keys)));
    others.push((Manifest::TABLE.to_owned(), manifest.markdown()));
    let manifest = manifest.with_files(is_secret && made.may_have_secret);
    let manifest = format!("{:#}\n", serde_json::json!(manifest));
    let mut files = vec![(Manifest::NAME.to_owned(), manifest)];
    files.append(&mut others);
    let secret = (is_secret && made.may_have_secret)
        .then(|| (Manifest::SECRET, made.key.material.expose_secret()));
    let public = files.iter().map(|(name, content)| (name.as_str(), content.as_bytes()));
    let all: Vec<(&str, &[u8])> = public.chain(secret).collect();
    not_of_others(&folder, &all, &stale)?;
    stale.retain(|name| !all.iter().any(|(new, _)| new == name));
    folder.remove(&stale)?;
    folder.replace(&files, PRIVATE)?;
    if let Some(secret) = secret {
        folder.replace(&[secret], PRIVATE)?;
    } else if is_secret {
        app.warning("the secret is not written: only an admin's session is given it");
    }
    let shown = all.iter().map(|(name, _)| Foreign::new(directory.join(name).to_string_lossy()));
    Ok(Written { files: shown.collect() })
}

/// Refuses to write over a file with another content that is not one of `ours`.
fn not_of_others(
    folder: &Folder<'_>,
    all: &[(&str, &[u8])],
    ours: &[String],
) -> Result<(), Failure> {
    let is_of_others = |(name, content): &&(&str, &[u8])| {
        !ours.iter().any(|ours| ours == name) && folder.has_other(name, content)
    };
    let Some((name, _)) = all.iter().find(is_of_others) else { return Ok(()) };
    Err(folder
        .occupied(name, "is there already, and not of an earlier set of fixtures")
        .with_hint("name another directory, or remove the file"))
}
