//! The rows of test tokens that are to be recorded, and whether they all can be.

use super::super::Error;
use super::Minting;
use super::assembly::Assembly;
use super::template::Said;
use crate::model::{
    AppName, BadLine, Foreign, Grant, Jti, NewKey, Row, Timestamp, TokenKind, UserId,
};
use crate::store::{NewToken, Reader};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The identities that are told of tokens which are to be recorded, with their lines.
#[derive(Debug, Default)]
pub(super) struct Identities(BTreeMap<Jti, u64>);

impl Identities {
    fn add(&mut self, jti: Jti, line: u64) -> Result<(), Error> {
        match self.0.insert(jti, line) {
            None => Ok(()),
            Some(0) => Err(Error::Usage("recorded tokens have a `jti` each".to_owned())),
            Some(first) => {
                let why = format!("its `jti` stands on line {first} already");
                Err(BadLine { line, why }.into())
            }
        }
    }

    /// Refuses those that are recorded, or were taken back with that key; the first line of them is
    /// named.
    pub(super) fn are_new(&self, tx: &Reader<'_>, key: Option<i64>) -> Result<(), Error> {
        let mut wrong: Option<(u64, Error)> = None;
        for (jti, line) in &self.0 {
            let error = if tx.has_token(*jti)? {
                taken()
            } else if key.map_or(Ok(false), |key| tx.is_blocked(key, &jti.to_string()))? {
                taken_back()
            } else {
                continue;
            };
            if wrong.as_ref().is_none_or(|(first, _)| line < first) {
                wrong = Some((*line, error));
            }
        }
        wrong.map_or(Ok(()), |(line, error)| Err(of_line(line, error)))
    }
}

/// A live row would answer for what was revoked by the very same claims.
pub(super) fn taken_back() -> Error {
    Error::Usage("a token with that `jti` was revoked".to_owned())
}

/// Another token has that identity.
pub(super) fn taken() -> Error {
    Error::Usage("a token with that `jti` is recorded".to_owned())
}

/// What is wrong with a line, if it is one of a file.
fn of_line(line: u64, error: Error) -> Error {
    if line == 0 { error } else { BadLine { line, why: error.to_string() }.into() }
}

impl Minting {
    /// Whether every row makes a token that can be recorded, if it is to be; the identities then.
    pub(super) fn try_rows(
        &self,
        key: &NewKey,
        kid: Option<&Foreign>,
        owner: Option<UserId>,
    ) -> Result<Identities, Error> {
        let mut identities = Identities::default();
        for Row { line, claims } in self.told.samples() {
            let assembly = Assembly { minting: self, key, kid, row: claims };
            let Said { claims, .. } = self.possible(&assembly)?;
            if let (true, Some(owner)) = (self.wish.record, owner) {
                let row = row(&claims, owner, 0, self.span.issued_at);
                identities.add(row.map_err(|error| of_line(*line, error))?.jti, *line)?;
            }
        }
        Ok(identities)
    }
}

/// The row of a token that says this: its identity and its end are the token's own.
pub(super) fn row(
    claims: &Map<String, Value>,
    owner: UserId,
    key: i64,
    now: Timestamp,
) -> Result<NewToken, Error> {
    let refused = |why: &str| Err(Error::Usage(format!("a recorded token has {why}")));
    let Some(jti) = claims.get("jti").and_then(Value::as_str).and_then(Jti::parse) else {
        return refused("a UUID as its `jti`");
    };
    let Some(end) = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix) else {
        return refused("an end (`exp`) in whole seconds");
    };
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let grant = Grant {
        kind: TokenKind::Test,
        owner,
        app: AppName::stored(subject.to_owned()),
        permissions: Vec::new(),
        audience: Vec::new(),
        claims: Grant::shared(claims),
    };
    Ok(NewToken { jti, grant, key, issued_at: now, expires_at: Some(end) })
}
