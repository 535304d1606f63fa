//! `jeton users export`

use crate::app::{App, OutputFormat};
use crate::authority;
use crate::authority::accounts::{PasswordHashes, UserExport};
use crate::commands::command::{Command, Effect};
use crate::commands::views::{QuotaView, pluralize};
use crate::failure::Failure;
use crate::model::{DisplayName, Email, PasswordHash, Role, Timestamp, User, UserName, UserUuid};
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Export all accounts in the format of `jeton users import` (admins only)
///
/// The format is JSON Lines by default, CSV with `-o csv`, or one document with `-o json`. Password
/// hashes are omitted by default: after an import without hashes, users need a new password. CSV
/// cells that a spreadsheet would evaluate are prefixed with `'`, which the import removes.
///
///   jeton users export > users.jsonl
///   jeton users export -o csv > users.csv
///   jeton users export --with-hashes --yes > users.jsonl
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Include password hashes; anyone with these hashes can guess passwords without limit
    #[arg(long)]
    with_hashes: bool,
}

/// Exported account.
#[derive(Debug, Serialize)]
struct UserRow {
    uid: UserUuid,
    username: Option<UserName>,
    email: Option<Email>,
    name: Option<DisplayName>,
    role: Role,
    quota: Option<QuotaView>,
    disabled: bool,
    created_at: Timestamp,
    /// `None` if the export omits password hashes.
    #[serde(flatten)]
    hash: Option<HashColumn>,
}

/// Column with the password hash.
#[derive(Debug, Serialize)]
struct HashColumn {
    /// `None` for an account without a password.
    password_hash: Option<String>,
}

impl UserRow {
    fn to_json_object(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(row)) => row,
            // Not reached: all members serialize to JSON.
            _ => Map::new(),
        }
    }
}

impl Command for Args {
    const ACTION: &'static str = "users export";
    const EFFECT: Effect = Effect::Changes;
    const FORMATS: &'static [OutputFormat] =
        &[OutputFormat::Text, OutputFormat::Json, OutputFormat::JsonLines, OutputFormat::Csv];

    // The audit log records an export with password hashes, and also the refusal of such an export.
    // This export therefore counts as a change.
    fn effect(&self) -> Effect {
        if self.with_hashes { Self::EFFECT } else { Effect::Reads }
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        authority::accounts::authorize_export(&caller)?;
        if self.with_hashes {
            app.console.confirm("Print all password hashes?")?;
        }
        let (store, audit) = app.store.open_with_audit()?;
        let build_row = |user: User, hash: Option<PasswordHash>| UserRow {
            uid: user.uid,
            username: user.username,
            email: user.email,
            name: user.display_name,
            role: user.role,
            quota: user.quota.map(QuotaView::from),
            disabled: user.disabled_at.is_some(),
            created_at: user.created_at,
            hash: self
                .with_hashes
                .then(|| HashColumn { password_hash: hash.map(|hash| hash.expose().to_owned()) }),
        };
        let to_object = |user, hash| build_row(user, hash).to_json_object();
        let password_hashes =
            if self.with_hashes { PasswordHashes::Include } else { PasswordHashes::Omit };
        let mut user_export =
            authority::accounts::export(store, &audit, &caller, password_hashes, to_object)?;
        let counted_users = pluralize(user_export.count, "user");
        if write_rows(app, &mut user_export)? {
            app.console.print_status(&format!("exported {counted_users}"));
        } else if self.with_hashes {
            return Err(Failure::undelivered("the password hashes"));
        }
        Ok(())
    }
}

/// Writes the rows of an export in batches. Returns `false` if the reader of standard output closed
/// the pipe.
fn write_rows(app: &App, user_export: &mut UserExport) -> Result<bool, Failure> {
    let mut is_first_batch = true;
    loop {
        let rows = user_export.next_batch()?;
        let is_output_open = match app.console.output_format() {
            // An empty batch marks the end of the export.
            OutputFormat::Json if rows.is_empty() => {
                return app.console.end_item_list(&json!({"items": []}));
            }
            _ if rows.is_empty() => return Ok(true),
            OutputFormat::Json => app.console.write_items(&rows, is_first_batch)?,
            OutputFormat::Text
            | OutputFormat::Wide
            | OutputFormat::JsonLines
            | OutputFormat::Csv
            | OutputFormat::Name
            | OutputFormat::Dotenv
            | OutputFormat::Github => app.console.write_rows(&rows, is_first_batch)?,
        };
        if !is_output_open {
            return Ok(false);
        }
        is_first_batch = false;
    }
}
