//! `jeton token list`

use crate::app::{App, Cell, Report, Table, Text};
use crate::authority::{self, TokenFilter};
use crate::commands::owner::OwnerArgs;
use crate::commands::paging::{PagingArgs, footer};
use crate::commands::shapes::{TokenShape, ending, joined};
use crate::failure::Failure;
use crate::model::{AppName, Invalid, Paged, Status};
use serde::Serialize;

/// List recorded tokens; never the tokens themselves
///
/// Test tokens stand in it if they were minted with `--record`, under their subject.
///
///   jeton token list
///   jeton token list --all-users --status all -o json
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    owner: OwnerArgs,

    /// Those of this application
    #[arg(long, value_parser = AppName::parse)]
    app: Option<AppName>,

    /// live, expired, revoked or all
    #[arg(long, default_value = "live", value_parser = status)]
    status: StatusFilter,

    #[command(flatten)]
    paging: PagingArgs,
}

#[derive(Debug, Clone, Copy)]
struct StatusFilter(Option<Status>);

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Tokens(Paged<TokenShape>);

impl Report for Tokens {
    fn text(&self) -> Text {
        let mut table =
            Table::new(&["ID", "KIND", "APP", "OWNER", "PERMISSIONS", "STATUS", "EXPIRES"]);
        for token in &self.0.items {
            table.row(vec![
                Cell::from(token.id.to_string()),
                Cell::from(token.kind.name()),
                Cell::name(token.app.shown()),
                Cell::from(token.owner_id.to_string()),
                joined(&token.permissions),
                Cell::from(token.status),
                ending(token.end()),
            ]);
        }
        Text::Table(table)
    }
}

pub(crate) fn run(app: &mut App, args: Args) -> Result<(), Failure> {
    let caller = app.caller()?;
    let owner = args.owner.owner(app, &caller)?;
    let filter = TokenFilter { owner, app: args.app, status: args.status.0 };
    let now = app.now()?;
    let list = authority::tokens(app.store()?, now, &caller, &filter, args.paging.page())?;
    let list = list.map(|token| TokenShape::of(token, now));
    let below = footer(&list, "tokens");
    app.report(&Tokens(list))?;
    app.status_if_any(below);
    Ok(())
}

fn status(text: &str) -> Result<StatusFilter, Invalid> {
    Ok(StatusFilter(match text {
        "live" => Some(Status::Live),
        "expired" => Some(Status::Expired),
        "revoked" => Some(Status::Revoked),
        "all" => None,
        _ => return Err(Invalid::new("status", "`live`, `expired`, `revoked` or `all`")),
    }))
}
