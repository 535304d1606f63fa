//! `jeton users export`

use crate::app::{App, Form};
use crate::authority::{self, UserExport as Export};
use crate::commands::shapes::{QuotaShape, counted};
use crate::failure::{Failure, Kind};
use crate::model::{DisplayName, Email, PasswordHash, Role, Timestamp, Uid, User, UserName};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Print all accounts in the form that `jeton users import` reads (admins only)
///
/// It is JSON Lines unless said: `-o csv`, or `-o json` for one document. Hashes of passwords are left
/// out unless asked for; without them the users of another store set new passwords. A cell that a
/// spreadsheet would run begins with `'`, which the import takes away again.
///
///   jeton users export > users.jsonl
///   jeton users export -o csv > users.csv
///   jeton users export --with-hashes --yes > users.jsonl
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// With the hashes of the passwords. Whoever has them can try passwords for as long as he likes
    #[arg(long)]
    with_hashes: bool,
}

#[derive(Debug, Serialize)]
struct Row {
    uid: Uid,
    username: Option<UserName>,
    email: Option<Email>,
    name: Option<DisplayName>,
    role: Role,
    quota: Option<QuotaShape>,
    disabled: bool,
    created_at: Timestamp,
    #[serde(flatten)]
    hash: Option<Hash>,
}

#[derive(Debug, Serialize)]
struct Hash {
    password_hash: Option<String>,
}

impl Row {
    fn object(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(row)) => row,
            // All members have names and values of JSON.
            _ => Map::new(),
        }
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    if args.with_hashes {
        app.is_change();
    }
    let caller = app.caller()?;
    authority::may_export_users(&caller)?;
    if args.with_hashes {
        app.confirm("Print the hashes of all passwords?")?;
    }
    let act = app.act()?;
    let row = |user: User, hash: Option<PasswordHash>| Row {
        uid: user.uid,
        username: user.username,
        email: user.email,
        name: user.name,
        role: user.role,
        quota: user.quota.map(QuotaShape::from),
        disabled: user.disabled_at.is_some(),
        created_at: user.created_at,
        hash: args
            .with_hashes
            .then(|| Hash { password_hash: hash.map(|hash| hash.expose().to_owned()) }),
    };
    let shape = |user, hash| row(user, hash).object();
    let mut export = authority::export_users(app.store()?, &act, &caller, args.with_hashes, shape)?;
    let count = counted(export.count, "user");
    if write(app, &mut export)? {
        app.status(&format!("exported {count}"));
    } else if args.with_hashes {
        return Err(Failure::new(Kind::Internal, "internal", "the hashes could not be written"));
    }
    Ok(())
}

/// Writes the rows; returns false if their reader has left.
fn write(app: &App, export: &mut Export) -> Result<bool, Failure> {
    let mut are_first = true;
    loop {
        let rows = export.next()?;
        let is_received = match app.form() {
            Form::Json if rows.is_empty() => {
                return app.end_of_items(&json!({"items": []}));
            }
            _ if rows.is_empty() => return Ok(true),
            Form::Json => app.items(&rows, are_first)?,
            Form::Text | Form::JsonLines | Form::Csv => app.rows(&rows, are_first)?,
        };
        if !is_received {
            return Ok(false);
        }
        are_first = false;
    }
}
