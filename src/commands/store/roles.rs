//! `jeton store roles`

use crate::app::{App, OutputFormat};
use crate::commands::command::{Command, Effect};
use crate::failure::Failure;
use crate::model::RolePrefix;

/// Print the SQL that creates the roles of a PostgreSQL database
///
/// The command prints the SQL and changes nothing. Apply the SQL after `jeton init`, and again after
/// each migration, as a superuser, or as the owner of the tables with CREATEROLE and with CREATE on the
/// database. Then grant the roles to the users of the database: `jeton_owner` to the user that ran
/// `jeton init`, because the tables no longer belong to this user. The server refuses everything
/// that a role does not permit (exit code 7). The roles, here with the prefix `jeton`:
///
///   jeton_owner     owns the tables: migrations and backups
///   jeton_operator  all rows: for admins, and for machines that are trusted like admins
///   jeton_minter    for CI: `token mint`, `token mint --record` and `token verify`; reads neither
///                   private keys of app tokens nor password hashes, and revokes nothing
///   jeton_verifier  for services: `token verify` of app and test tokens; changes nothing
///
/// Roles belong to the whole server. If several databases of a server have stores, use a different
/// `--prefix` for each store: otherwise a member of a role has the rights of the role in all stores.
///
/// The addresses of minters and verifiers name the schema `jeton_views`. Minters and verifiers cannot
/// use `jeton login` and the tokens of sessions. A minter sets `JETON_TOKEN` to an app token with the
/// permission `jeton:mint`, and uses existing test keys: an operator creates them with `jeton keys
/// generate --purpose test`. With a key of the store, `run`, `token fixtures` and `token mint --defect
/// revoked` revoke tokens, and need the rights of an operator. The app key must not be symmetric
/// (HS256): a key that verifies could also sign.
///
///   jeton store roles | psql -d jeton
///   psql -d jeton -c 'CREATE ROLE ci LOGIN' -c 'GRANT jeton_minter TO ci'
///   JETON_STORE='postgres://ci@db.example/jeton?schema=jeton_views' jeton token mint --record
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Start of the names of the roles and of the schema of views [default: the schema of the store,
    /// or `jeton` for the schema `public`; required for the schema `jeton`]
    #[arg(long, value_name = "NAME", value_parser = RolePrefix::parse)]
    prefix: Option<RolePrefix>,
}

impl Command for Args {
    const ACTION: &'static str = "store roles";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = &[OutputFormat::Text];

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let sql = app.store.roles_sql(self.prefix).map_err(|invalid| {
            let reason = invalid.reason;
            Failure::usage(format!(
                "names of roles start with the name of the schema, which is not a valid prefix: {reason}"
            ))
            .with_hint("choose a prefix for the role names: jeton store roles --prefix jeton_store")
        })?;
        app.console.write_styled_text(&sql)
    }
}
