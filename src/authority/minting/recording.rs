//! The rows of test tokens that are to be recorded, and whether they all can be.

use super::super::Error;
use super::Minting;
use super::assembly::Assembly;
use super::template::Said;
use crate::model::{
    AppName, BadLine, Foreign, Grant, Jti, NewKey, Origin, Row, Timestamp, TokenKind, UserId,
};
use crate::store::{NewToken, Reader};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The identities that are told of tokens which are to be recorded, with their lines, and with their
/// ends where the identity was chosen.
#[derive(Debug, Default)]
pub(super) struct Identities(BTreeMap<Jti, (u64, Option<Timestamp>)>);

impl Identities {
    fn add(&mut self, jti: Jti, line: u64, end: Option<Timestamp>) -> Result<(), Error> {
        match self.0.insert(jti, (line, end)) {
            None => Ok(()),
            Some((0, _)) => Err(Error::Usage("recorded tokens have a `jti` each".to_owned())),
            Some((first, _)) => {
                let why = format!("its `jti` stands on line {first} already");
                Err(BadLine { line, why }.into())
            }
        }
    }

    /// Refuses those that are recorded, or may have been taken back with that key; the first line of
    /// them is named.
    pub(super) fn are_new(&self, tx: &Reader<'_>, key: Option<i64>) -> Result<(), Error> {
        let mut wrong: Option<(u64, Error)> = None;
        for (jti, (line, end)) in &self.0 {
            let known = |key| never_taken_back(tx, key, *jti, *end);
            let error = if tx.has_token(*jti)? {
                taken()
            } else if let Err(error) = key.map_or(Ok(()), known) {
                error
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

/// Refuses a token that was taken back, or may have been: of those that ended as early as what was
/// pruned nobody knows. A row would answer for what was revoked by the very same claims.
pub(super) fn never_taken_back(
    tx: &Reader<'_>,
    key: i64,
    jti: Jti,
    end: Option<Timestamp>,
) -> Result<(), Error> {
    is_not_blocked(tx, key, jti)?;
    if end.map_or(Ok(false), |end| tx.may_be_pruned(key, end.unix()))? {
        let why = "a token with that `jti` that ended then may have been revoked, and pruned";
        return Err(Error::Usage(why.to_owned()));
    }
    Ok(())
}

/// Refuses a token that is known to have been taken back.
fn is_not_blocked(tx: &Reader<'_>, key: i64, jti: Jti) -> Result<(), Error> {
    if tx.is_blocked(key, &jti.to_string())? {
        return Err(Error::Usage("a token with that `jti` was revoked".to_owned()));
    }
    Ok(())
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
                let row = row.map_err(|error| of_line(*line, error))?;
                let is_chosen = self.chooses_identity(assembly.row);
                identities.add(row.jti, *line, row.expires_at.filter(|_| is_chosen))?;
            }
        }
        Ok(identities)
    }
}

/// The row of a token that says this: its identity and its times are the token's own. One that does
/// not say when it was issued was now.
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
    let issued_at = claims.get("iat").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let grant = Grant {
        kind: TokenKind::Test,
        owner,
        app: AppName::stored(subject.to_owned()),
        permissions: Vec::new(),
        audience: Vec::new(),
        claims: Grant::shared(claims),
    };
    let issued_at = issued_at.unwrap_or(now);
    let origin = Origin::default();
    Ok(NewToken { jti, grant, key, issued_at, expires_at: Some(end), origin })
}
