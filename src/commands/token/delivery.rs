//! Test tokens on their way to standard output. What was recorded and is received by nobody is
//! taken back.

use crate::app::{App, Form, Report, SecretOutput, Text};
use crate::authority::{self, Minted, Over};
use crate::failure::{Failure, Kind};
use crate::model::{Foreign, TokenId};
use secrecy::ExposeSecret;
use serde::Serialize;

#[derive(Debug, Serialize)]
struct Line {
    token: String,
    jti: Option<Foreign>,
    id: Option<TokenId>,
}

impl From<Minted> for Line {
    fn from(Minted { token, jti, id }: Minted) -> Self {
        Self { token: token.expose_secret().to_owned(), jti, id }
    }
}

impl Report for Line {
    fn text(&self) -> Text {
        Text::Lines(vec![self.token.clone()])
    }
}

#[derive(Debug, Serialize)]
struct Lines {
    items: Vec<Line>,
}

impl Report for Lines {
    fn text(&self) -> Text {
        Text::Lines(self.items.iter().map(|line| line.token.clone()).collect())
    }
}

/// Prints the one token that is made.
pub(super) fn one(app: &mut App, output: SecretOutput, minted: Minted) -> Result<(), Failure> {
    let line = Line::from(minted);
    if app.hand_out(output, &line) {
        app.status_if_any(line.id.map(|id| format!("recorded as token {id}")));
        return Ok(());
    }
    Err(lost(app, "the token could not be written", &[line])?)
}

/// Prints many tokens, as they are made where the form has no end.
pub(super) fn many(
    app: &mut App,
    output: SecretOutput,
    mut next: impl FnMut(&mut App) -> Result<Vec<Minted>, Failure>,
) -> Result<(), Failure> {
    let mut next = |app: &mut App| -> Result<Vec<Line>, Failure> {
        Ok(next(app)?.into_iter().map(Line::from).collect())
    };
    if app.form() == Form::Json {
        return in_one_document(app, output, next);
    }
    let mut delivered = 0;
    loop {
        let lines = next(app).map_err(|failure| after(failure, delivered))?;
        if lines.is_empty() {
            return Ok(());
        }
        let received = lines.iter().take_while(|line| app.hand_out(output, *line)).count();
        delivered += received;
        if received < lines.len() {
            let message = format!("only the first {delivered} tokens could be written");
            return Err(lost(app, &message, &lines[received..])?);
        }
    }
}

/// A failure that comes when some are written.
fn after(failure: Failure, delivered: usize) -> Failure {
    if delivered == 0 {
        return failure;
    }
    let message = format!("{}; the first {delivered} tokens are written", failure.message);
    Failure { message, ..failure }
}

fn in_one_document(
    app: &mut App,
    output: SecretOutput,
    mut next: impl FnMut(&mut App) -> Result<Vec<Line>, Failure>,
) -> Result<(), Failure> {
    let mut all = Lines { items: Vec::new() };
    loop {
        match next(app) {
            Ok(lines) if lines.is_empty() => break,
            Ok(lines) => all.items.extend(lines),
            Err(failure) => {
                let message = lost(app, &failure.message, &all.items)?.message;
                return Err(Failure { message, ..failure });
            }
        }
    }
    if app.hand_out(output, &all) {
        return Ok(());
    }
    Err(lost(app, "no token could be written", &all.items)?)
}

fn lost(app: &mut App, message: &str, lines: &[Line]) -> Result<Failure, Failure> {
    let ids: Vec<TokenId> = lines.iter().filter_map(|line| line.id).collect();
    take_back(app, message, &ids)
}

/// Takes back what was recorded and nobody received; what its maker is told.
pub(super) fn take_back(app: &mut App, message: &str, ids: &[TokenId]) -> Result<Failure, Failure> {
    if !ids.is_empty() {
        let act = app.act()?;
        let by = app.user();
        authority::take_back(app.store()?, &act, by, ids, Over::Undelivered)?;
    }
    let message = match ids {
        [] => message.to_owned(),
        [id] => format!("{message}; token {id} is revoked again"),
        several => format!("{message}; {} recorded ones are revoked again", several.len()),
    };
    Ok(Failure::new(Kind::Internal, "internal", message))
}
