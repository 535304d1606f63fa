//! Output of test tokens that have no names of environment variables, in batches. Recorded tokens
//! that cannot be written are revoked.

use crate::app::{
    App, Interrupted, JsonLines, Monitor, OutputFormat, Rendered, Report, SecretOutput, Total,
};
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

/// Tokens of a JSON document.
#[derive(Debug, Serialize)]
struct TokenListOutput {
    items: Vec<MintedToken>,
}

impl Report for TokenListOutput {
    fn render(&self) -> Rendered {
        Rendered::Lines(
            self.items.iter().map(|minted| minted.token.expose_secret().to_owned()).collect(),
        )
    }
}

/// Prints a single token. If a recorded token cannot be printed, revokes the token and returns an
/// error.
fn deliver_one(app: &mut App, output: SecretOutput, minted: &MintedToken) -> Result<(), Failure> {
    let Some(id) = minted.id else { return app.deliver_unrecorded(output, minted) };
    app.deliver_secret(output, minted, |app| {
        revoke_undelivered(app, Failure::undelivered("the token"), &[id])
    })?;
    app.console.print_status(&format!("recorded as token {id}"));
    Ok(())
}

/// Output of the tokens of a request, batch by batch, in the output format.
pub(super) struct TokenDelivery {
    output: SecretOutput,
    /// Number of tokens whose lines were written; 0 for a single token or a JSON document. Also 0
    /// after an error whose message already has this number.
    delivered_count: usize,
    /// Tokens of a JSON document, which is printed after the last batch. Empty in other output
    /// formats.
    document: TokenListOutput,
    /// State of a bulk output; `None` for a single token.
    bulk: Option<BulkOutput>,
}

/// State of a bulk output, which is an output for any number of tokens.
struct BulkOutput {
    monitor: Monitor,
    /// Number of tokens to mint.
    total: usize,
    /// Set if the tokens are recorded.
    is_recorded: bool,
}

impl TokenDelivery {
    /// Starts an output. `bulk_count` is the number of tokens of a bulk output, or `None` for a
    /// single token. `is_recorded` is `true` if the tokens are recorded.
    pub(super) fn start(
        app: &App,
        output: SecretOutput,
        bulk_count: Option<usize>,
        is_recorded: bool,
    ) -> Result<Self, Failure> {
        let start_bulk = |total| {
            let total_items = Total::Items(total);
            let monitor = Monitor::start_with_line_output(&app.console, "minting", total_items)?;
            Ok::<_, Failure>(BulkOutput { monitor, total, is_recorded })
        };
        let bulk = bulk_count.map(start_bulk).transpose()?;
        let document = TokenListOutput { items: Vec::new() };
        Ok(Self { output, delivered_count: 0, document, bulk })
    }

    /// Returns a check for Ctrl-C, which always succeeds for a single token.
    pub(super) fn interruption_check(&self) -> impl Fn() -> Result<(), Interrupted> + Sync + use<> {
        let monitor = self.bulk.as_ref().map(|bulk| bulk.monitor.clone());
        move || monitor.as_ref().map_or(Ok(()), Monitor::check)
    }

    /// Prints a batch of tokens, or adds the batch to the JSON document. A bulk output returns an
    /// error after Ctrl-C.
    ///
    /// If not all tokens can be written, revokes the recorded tokens among the unwritten tokens,
    /// and returns an error. There is no error if the reader closed the pipe and no unwritten token
    /// is recorded: a bulk output then returns `false`. In all other cases without an error,
    /// returns `true`.
    pub(super) fn deliver(
        &mut self,
        app: &mut App,
        tokens: &MintedTokens,
    ) -> Result<bool, Failure> {
        if self.bulk.is_none() {
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
        if let Some(bulk) = &self.bulk {
            bulk.monitor.advance(tokens.len())?;
        }
        Ok(has_reader)
    }

    /// Prints `lines`, which are the lines of `tokens`. Returns whether all lines were written. If
    /// not, acts as [`Self::deliver`] describes.
    fn deliver_lines(
        &mut self,
        app: &mut App,
        lines: &[u8],
        tokens: &MintedTokens,
    ) -> Result<bool, Failure> {
        let is_complete = app.deliver_secret_lines(self.output, lines, |app, partial_write| {
            let unwritten_ids = tokens.ids_from(partial_write.line_count);
            let count = self.delivered_count + partial_write.line_count;
            if !partial_write.has_reader && unwritten_ids.is_empty() {
                self.delivered_count = count;
                return Ok(None);
            }
            let message = match count {
                0 => "no token could be written".to_owned(),
                1 => "only the first token could be written".to_owned(),
                _ => format!("only the first {count} tokens could be written"),
            };
            let failure = Failure::new(Code::Internal, message);
            // With the count 0, `finish` does not add the count to the message a second time.
            self.delivered_count = 0;
            revoke_undelivered(app, failure, unwritten_ids).map(Some)
        })?;
        if is_complete {
            self.delivered_count += tokens.len();
        }
        Ok(is_complete)
    }

    /// Ends the output. `result` is the result of minting and delivery. After a success, prints the
    /// JSON document, if any. After a failure, no document is printed: its recorded tokens are
    /// revoked. For a failure after some lines were written, adds the number of written tokens to
    /// the message. The message about Ctrl-C also states if no token was written, unless tokens of
    /// the document are revoked.
    pub(super) fn finish(self, app: &mut App, result: Result<(), Failure>) -> Result<(), Failure> {
        let document = &self.document;
        let ids: Vec<TokenId> = document.items.iter().filter_map(|minted| minted.id).collect();
        let result = match &self.bulk {
            Some(bulk) => bulk.monitor.finish(result, || {
                let count = self.delivered_count + document.items.len();
                format!(" after {count} of {} tokens", bulk.total)
            }),
            None => result,
        };
        match result {
            Ok(()) if self.bulk.is_some() && app.console.output_format() == OutputFormat::Json => {
                if ids.is_empty() {
                    return app.deliver_unrecorded(self.output, document);
                }
                app.deliver_secret(self.output, document, |app| {
                    revoke_undelivered(app, Failure::undelivered("the tokens"), &ids)
                })
            }
            Ok(()) => Ok(()),
            Err(failure) if self.delivered_count > 0 => {
                let message = format!("{}; {}", failure.message, self.describe_delivered(&failure));
                Err(Failure { message, ..failure })
            }
            Err(failure) if failure.code == Code::Interrupted && ids.is_empty() => {
                let message = format!("{}; no token was written", failure.message);
                Err(Failure { message, ..failure })
            }
            Err(failure) => Err(revoke_undelivered(app, failure, &ids)?),
        }
    }

    /// Describes the written tokens for the message of a failure.
    fn describe_delivered(&self, failure: &Failure) -> String {
        let is_recorded = self.bulk.as_ref().is_some_and(|bulk| bulk.is_recorded);
        let verb = if is_recorded { "recorded and written" } else { "written" };
        match (failure.code == Code::Interrupted, self.delivered_count) {
            (true, 1) => format!("the token was {verb}"),
            (true, count) => format!("the {count} tokens were {verb}"),
            (false, 1) => "the first token was written".to_owned(),
            (false, count) => format!("the first {count} tokens were written"),
        }
    }
}

/// Revokes the recorded tokens in `ids`, which were not delivered because of `failure`. Returns
/// `failure` with the id or number of the revoked tokens in the message. Without ids, returns
/// `failure` unchanged. If the tokens cannot be revoked, returns an error with their ids.
pub(super) fn revoke_undelivered(
    app: &mut App,
    failure: Failure,
    ids: &[TokenId],
) -> Result<Failure, Failure> {
    if ids.is_empty() {
        return Ok(failure);
    }
    let (user_id, cause) = (app.session.authenticated_user_id(), RevocationCause::Undelivered);
    let opened = app.store.open_with_audit();
    let result = opened.and_then(|(store, audit)| {
        Ok(authority::tokens::revoke_issued(store, &audit, user_id, ids, cause)?)
    });
    result.map_err(|error| Failure::unrevoked_tokens(&failure.message, ids, &error))?;
    let message = match ids {
        [id] => format!("{}; token {id} was revoked", failure.message),
        ids => format!("{}; {} recorded tokens were revoked", failure.message, ids.len()),
    };
    Ok(Failure { message, ..failure })
}
