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
    minted: &MintedToken,
) -> Result<(), Failure> {
    app.deliver_secret(output, minted, |app| {
        revoke_undelivered(app, Failure::undelivered("the token"), minted.id.as_slice())
    })?;
    app.console.print_status_if_some(minted.id.map(|id| format!("recorded as token {id}")));
    Ok(())
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
        for (index, row) in rows.iter().enumerate() {
            app.deliver_secret(output, row, |app| {
                let count = delivered_count + index;
                let message = format!("only the first {count} tokens could be written");
                revoke_undelivered(
                    app,
                    Failure::new(Code::Internal, message),
                    &recorded_ids(&rows[index..]),
                )
            })?;
        }
        delivered_count += rows.len();
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
                return Err(revoke_undelivered(app, failure, &recorded_ids(&document.items))?);
            }
        }
    }
    app.deliver_secret(output, &document, |app| {
        revoke_undelivered(app, Failure::undelivered("no token"), &recorded_ids(&document.items))
    })
}

fn recorded_ids(rows: &[MintedToken]) -> Vec<TokenId> {
    rows.iter().filter_map(|row| row.id).collect()
}

/// Revokes recorded tokens that were not delivered because of `failure`. Returns the failure with
/// the revoked tokens in the message.
pub(super) fn revoke_undelivered(
    app: &mut App,
    failure: Failure,
    ids: &[TokenId],
) -> Result<Failure, Failure> {
    if ids.is_empty() {
        return Ok(failure);
    }
    let (store, audit) = app.store.open()?;
    let (user_id, cause) = (app.session.user_id(), RevocationCause::Undelivered);
    authority::tokens::revoke_issued(store, &audit, user_id, ids, cause)?;
    let message = match ids {
        [id] => format!("{}; token {id} was revoked", failure.message),
        ids => format!("{}; {} recorded tokens were revoked", failure.message, ids.len()),
    };
    Ok(Failure { message, ..failure })
}
