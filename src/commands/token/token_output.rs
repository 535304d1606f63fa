//! Output of test tokens. Recorded tokens that cannot be delivered are revoked.

use crate::app::{App, OutputFormat, Rendered, Report, SecretOutput};
use crate::authority;
use crate::authority::minting::MintedToken;
use crate::authority::tokens::RevocationCause;
use crate::failure::{Code, Failure};
use crate::model::TokenId;
use secrecy::ExposeSecret;
use serde::Serialize;

impl Report for MintedToken {
    fn render(&self) -> Rendered {
        Rendered::Lines(vec![self.token.expose_secret().to_owned()])
    }
}

#[derive(Debug, Serialize)]
struct TokenListOutput {
    items: Vec<MintedToken>,
}

impl Report for TokenListOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(self.items.iter().map(|row| row.token.expose_secret().to_owned()).collect())
    }
}

/// Prints a single token.
pub(super) fn deliver_one(
    app: &mut App,
    output: SecretOutput,
    minted: MintedToken,
) -> Result<(), Failure> {
    if app.console.deliver_secret(output, &minted) {
        app.console.print_status_if_some(minted.id.map(|id| format!("recorded as token {id}")));
        return Ok(());
    }
    Err(revoke_undelivered_rows(app, "the token could not be written", &[minted])?)
}

/// Prints many tokens: as one JSON document, or batch by batch in all other formats.
pub(super) fn deliver_many(
    app: &mut App,
    output: SecretOutput,
    mut next_batch: impl FnMut(&mut App) -> Result<Vec<MintedToken>, Failure>,
) -> Result<(), Failure> {
    if app.console.output_format() == OutputFormat::Json {
        return deliver_as_document(app, output, next_batch);
    }
    let mut delivered_count = 0;
    loop {
        let rows =
            next_batch(app).map_err(|failure| with_delivered_count(failure, delivered_count))?;
        if rows.is_empty() {
            return Ok(());
        }
        let received_count =
            rows.iter().take_while(|row| app.console.deliver_secret(output, *row)).count();
        delivered_count += received_count;
        if received_count < rows.len() {
            let message = format!("only the first {delivered_count} tokens could be written");
            return Err(revoke_undelivered_rows(app, &message, &rows[received_count..])?);
        }
    }
}

/// Adds the number of delivered tokens to the failure.
fn with_delivered_count(failure: Failure, delivered_count: usize) -> Failure {
    if delivered_count == 0 {
        return failure;
    }
    let message = format!("{}; the first {delivered_count} tokens were written", failure.message);
    Failure { message, ..failure }
}

fn deliver_as_document(
    app: &mut App,
    output: SecretOutput,
    mut next_batch: impl FnMut(&mut App) -> Result<Vec<MintedToken>, Failure>,
) -> Result<(), Failure> {
    let mut document = TokenListOutput { items: Vec::new() };
    loop {
        match next_batch(app) {
            Ok(rows) if rows.is_empty() => break,
            Ok(rows) => document.items.extend(rows),
            Err(failure) => {
                let message =
                    revoke_undelivered_rows(app, &failure.message, &document.items)?.message;
                return Err(Failure { message, ..failure });
            }
        }
    }
    if app.console.deliver_secret(output, &document) {
        return Ok(());
    }
    Err(revoke_undelivered_rows(app, "no token could be written", &document.items)?)
}

fn revoke_undelivered_rows(
    app: &mut App,
    message: &str,
    rows: &[MintedToken],
) -> Result<Failure, Failure> {
    let ids: Vec<TokenId> = rows.iter().filter_map(|row| row.id).collect();
    revoke_undelivered(app, message, &ids)
}

/// Revokes recorded tokens that were not delivered. Returns the failure to report.
pub(super) fn revoke_undelivered(
    app: &mut App,
    message: &str,
    ids: &[TokenId],
) -> Result<Failure, Failure> {
    if !ids.is_empty() {
        let (store, audit) = app.store.open()?;
        let user_id = app.session.user_id();
        authority::tokens::revoke_issued(
            store,
            &audit,
            user_id,
            ids,
            RevocationCause::Undelivered,
        )?;
    }
    let message = match ids {
        [] => message.to_owned(),
        [id] => format!("{message}; token {id} was revoked"),
        ids => format!("{message}; {} recorded tokens were revoked", ids.len()),
    };
    Ok(Failure::new(Code::Internal, message))
}
