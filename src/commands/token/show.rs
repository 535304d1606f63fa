//! `jeton token show`

use crate::app::{App, Rendered, Report};
use crate::authority;
use crate::commands::command::{Command, Effect};
use crate::commands::views::TokenView;
use crate::failure::Failure;
use crate::model::{InvalidValue, TokenSelector};
use serde::Serialize;

/// Show the record of a token, without the token itself
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Token id or `jti`
    #[arg(
        value_name = "ID|JTI",
        value_parser = parse_id_or_jti,
        add = crate::commands::completers::tokens()
    )]
    id: TokenSelector,
}

/// Parses a token id or `jti`. Refuses a token.
fn parse_id_or_jti(text: &str) -> Result<TokenSelector, InvalidValue> {
    // A selector that contains the token itself is the only kind that needs no caller. The filter
    // therefore keeps only ids and `jti`s.
    let selector = TokenSelector::parse(text).ok().filter(TokenSelector::requires_login);
    selector.ok_or_else(|| {
        InvalidValue::new("id", "neither a number from `jeton token list` nor a `jti`")
    })
}

/// Record of the token.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct ShowOutput(TokenView);

impl Report for ShowOutput {
    fn render(&self) -> Rendered {
        Rendered::Fields(self.0.to_fields())
    }
}

impl Command for Args {
    const ACTION: &'static str = "token show";
    const EFFECT: Effect = Effect::Reads;

    fn run(self, app: &mut App) -> Result<(), Failure> {
        let caller = app.caller()?;
        let (store, audit) = app.store.open_with_audit()?;
        let token = authority::tokens::load(store, &caller, &self.id)?;
        app.console.report(&ShowOutput(TokenView::new(token, audit.now)))
    }
}
