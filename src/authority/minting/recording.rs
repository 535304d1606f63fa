//! The rows of test tokens that are to be recorded, and whether they all can be.

use super::super::Error;
use super::Minting;
use super::assembly::Assembly;
use super::signing::BATCH;
use super::template::Said;
use crate::model::{
    AppName, BadLine, Foreign, Grant, Jti, NewKey, Origin, Row, Timestamp, TokenKind, UserId,
};
use crate::store::{NewToken, Reader, Scratch};
use serde_json::{Map, Value};

/// An identity that is given to a token which is to be recorded.
#[derive(Debug)]
pub(super) struct Identity {
    jti: Jti,
    line: u64,
    /// The end of the token, where the identity was chosen.
    end: Option<Timestamp>,
}

/// Refuses identities that are recorded, or may have been taken back with that key; the first line
/// of them is named.
pub(super) fn are_new(
    tx: &Reader<'_>,
    key: Option<i64>,
    identities: &[Identity],
) -> Result<(), Error> {
    for Identity { jti, line, end } in identities {
        let known = |key| never_taken_back(tx, key, *jti, *end);
        let is_new = if tx.has_token(*jti)? { Err(taken()) } else { key.map_or(Ok(()), known) };
        is_new.map_err(|error| of_line(*line, error))?;
    }
    Ok(())
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
    /// Refuses rows of which no token can be made, or recorded if it is to be. `check` is given the
    /// identities of the tokens to record, some at a time.
    pub(super) fn try_rows(
        &self,
        key: &NewKey,
        kid: Option<&Foreign>,
        owner: Option<UserId>,
        mut check: impl FnMut(&[Identity]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.told.scratch().filter(|_| self.wish.record).map_or(Ok(()), Scratch::free_names)?;
        let (mut done, samples) = (0, self.told.samples());
        while done < samples {
            let mut identities = Vec::new();
            for row in self.told.batch(done, BATCH.min(samples - done))? {
                done += 1;
                let assembly = Assembly { minting: self, key, kid, row: &row.claims };
                let Said { claims, .. } = self.possible(&assembly)?;
                if let (true, Some(owner)) = (self.wish.record, owner) {
                    identities.push(self.identity(&row, &claims, owner)?);
                }
            }
            self.are_distinct(&identities)?;
            check(&identities)?;
        }
        Ok(())
    }

    fn identity(
        &self,
        told: &Row,
        claims: &Map<String, Value>,
        owner: UserId,
    ) -> Result<Identity, Error> {
        let row = row(claims, owner, 0, self.span.issued_at);
        let row = row.map_err(|error| of_line(told.line, error))?;
        let is_chosen = self.chooses_identity(&told.claims);
        let end = row.expires_at.filter(|_| is_chosen);
        Ok(Identity { jti: row.jti, line: told.line, end })
    }

    /// Refuses an identity that another token of this command has. One that is made for its token
    /// is another one each time, and need not be remembered.
    fn are_distinct(&self, identities: &[Identity]) -> Result<(), Error> {
        let Some(scratch) = self.told.scratch() else {
            let mut pairs = identities.iter().zip(identities.iter().skip(1));
            return if pairs.any(|(one, other)| one.jti == other.jti) {
                Err(Error::Usage("recorded tokens have a `jti` each".to_owned()))
            } else {
                Ok(())
            };
        };
        for Identity { jti, line, .. } in
            identities.iter().filter(|identity| identity.end.is_some())
        {
            if let Some(first) = scratch.take_name(&jti.to_string(), *line)? {
                let why = format!("its `jti` stands on line {first} already");
                return Err(BadLine { line: *line, why }.into());
            }
        }
        Ok(())
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
