//! Output of test tokens. Recorded tokens that cannot be delivered are revoked.

use crate::app::{App, Interruption, JsonLines, OutputFormat, Rendered, Report, SecretOutput};
use crate::authority;
use crate::authority::minting::{MintedToken, MintedTokens};
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
fn deliver_one(app: &mut App, output: SecretOutput, minted: &MintedToken) -> Result<(), Failure> {
    let Some(id) = minted.id else { return app.deliver_unrecorded(output, minted) };
    app.deliver_secret(output, minted, |app| {
        revoke_undelivered(app, Failure::undelivered("the token"), &[id])
    })?;
    app.console.print_status(&format!("recorded as token {id}"));
    Ok(())
}

/// Output of the tokens of a request, batch by batch.
pub(super) struct TokenDelivery {
    output: SecretOutput,
    is_bulk: bool,
    delivered_count: usize,
    /// Tokens of a JSON document, which is printed at the end.
    document: TokenListOutput,
    interruption: Option<Interruption>,
}

impl TokenDelivery {
    /// Starts the output of a single token, or of any number of tokens if `is_bulk` is set.
    pub(super) fn start(output: SecretOutput, is_bulk: bool) -> Result<Self, Failure> {
        Ok(Self {
            output,
            is_bulk,
            delivered_count: 0,
            document: TokenListOutput { items: Vec::new() },
            interruption: is_bulk.then(Interruption::watch).transpose()?,
        })
    }

    /// Prints a batch of tokens. Returns `false` if the reader closed the pipe and no token is
    /// recorded, and an error after Ctrl-C.
    pub(super) fn deliver(
        &mut self,
        app: &mut App,
        tokens: &MintedTokens,
    ) -> Result<bool, Failure> {
        if !self.is_bulk {
            tokens.iter().try_for_each(|minted| deliver_one(app, self.output, &minted))?;
            return Ok(true);
        }
        let has_reader = match app.console.output_format() {
            OutputFormat::Json => {
                self.document.items.extend(tokens.iter());
                true
            }
            OutputFormat::JsonLines => {
                let mut lines = JsonLines::default();
                tokens.iter().try_for_each(|minted| lines.push(&minted))?;
                self.deliver_lines(app, lines.as_bytes(), tokens)?
            }
            OutputFormat::Text
            | OutputFormat::Wide
            | OutputFormat::Csv
            | OutputFormat::Name
            | OutputFormat::Dotenv
            | OutputFormat::Github => self.deliver_lines(app, tokens.lines().as_bytes(), tokens)?,
        };
        self.interruption.as_ref().map_or(Ok(()), Interruption::check)?;
        Ok(has_reader)
    }

    fn deliver_lines(
        &mut self,
        app: &mut App,
        lines: &[u8],
        tokens: &MintedTokens,
    ) -> Result<bool, Failure> {
        let is_complete = app.deliver_secret_lines(self.output, lines, |app, partial_write| {
            let ids = tokens.ids_from(partial_write.line_count);
            if !partial_write.has_reader && ids.is_empty() {
                return Ok(None);
            }
            let count = self.delivered_count + partial_write.line_count;
            let message = format!("only the first {count} tokens could be written");
            let failure = Failure::new(Code::Internal, message);
            // The message has the count already.
            self.delivered_count = 0;
            revoke_undelivered(app, failure, &ids).map(Some)
        })?;
        self.delivered_count += tokens.len();
        Ok(is_complete)
    }

    /// Prints the rest of the output, after all tokens were minted or minting failed.
    pub(super) fn finish(self, app: &mut App, result: Result<(), Failure>) -> Result<(), Failure> {
        let document = &self.document;
        let ids: Vec<TokenId> = document.items.iter().filter_map(|minted| minted.id).collect();
        match result {
            Ok(()) if self.is_bulk && app.console.output_format() == OutputFormat::Json => {
                if ids.is_empty() {
                    return app.deliver_unrecorded(self.output, document);
                }
                app.deliver_secret(self.output, document, |app| {
                    revoke_undelivered(app, Failure::undelivered("no token"), &ids)
                })
            }
            Ok(()) => Ok(()),
            Err(failure) if self.delivered_count > 0 => {
                let Failure { message, .. } = &failure;
                let count = self.delivered_count;
                let message = format!("{message}; the first {count} tokens were written");
                Err(Failure { message, ..failure })
            }
            Err(failure) => Err(revoke_undelivered(app, failure, &ids)?),
        }
    }
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
