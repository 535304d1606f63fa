//! The rows of test tokens that are to be recorded, and whether they all can be.

use super::super::Error;
use super::MintJob;
use super::signing::BATCH_SIZE;
use super::template::TokenParts;
use super::token_builder::TokenBuilder;
use crate::model::{
    AppName, Grant, InvalidLine, Jti, KeySpec, Row, Timestamp, TokenKind, TokenOrigin, Untrusted,
    UserId,
};
use crate::store::{NewToken, Reader, ScratchDatabase};
use serde_json::{Map, Value};

/// An identity that is given to a token which is to be recorded.
#[derive(Debug)]
pub(super) struct PlannedJti {
    jti: Jti,
    line: u64,
    /// The end of the token, where the identity was chosen.
    expires_at: Option<Timestamp>,
}

/// Refuses identities that are recorded, or may have been taken back with that key; the first line
/// of them is named.
pub(super) fn ensure_new_jtis(
    tx: &Reader<'_>,
    key: Option<i64>,
    jtis: &[PlannedJti],
) -> Result<(), Error> {
    for PlannedJti { jti, line, expires_at } in jtis {
        let check_revoked = |key| ensure_never_revoked(tx, key, *jti, *expires_at);
        let result = if tx.has_token_with_jti(*jti)? {
            Err(jti_taken_error())
        } else {
            key.map_or(Ok(()), check_revoked)
        };
        result.map_err(|error| with_line(*line, error))?;
    }
    Ok(())
}

/// Refuses a token that was taken back, or may have been: of those that ended as early as what was
/// pruned nobody knows. A row would answer for what was revoked by the very same claims.
pub(super) fn ensure_never_revoked(
    tx: &Reader<'_>,
    key: i64,
    jti: Jti,
    expires_at: Option<Timestamp>,
) -> Result<(), Error> {
    ensure_not_blocklisted(tx, key, jti)?;
    if expires_at.map_or(Ok(false), |expires_at| tx.may_have_been_pruned(key, expires_at.unix()))? {
        let why = "a token with that `jti` that ended then may have been revoked, and pruned";
        return Err(Error::Usage(why.to_owned()));
    }
    Ok(())
}

/// Refuses a token that is known to have been taken back.
fn ensure_not_blocklisted(tx: &Reader<'_>, key: i64, jti: Jti) -> Result<(), Error> {
    if tx.is_blocklisted(key, &jti.to_string())? {
        return Err(Error::Usage("a token with that `jti` was revoked".to_owned()));
    }
    Ok(())
}

/// Another token has that identity.
pub(super) fn jti_taken_error() -> Error {
    Error::Usage("a token with that `jti` is recorded".to_owned())
}

/// What is wrong with a line, if it is one of a file.
fn with_line(line: u64, error: Error) -> Error {
    if line == 0 { error } else { InvalidLine { line, reason: error.to_string() }.into() }
}

impl MintJob {
    /// Refuses rows of which no token can be made, or recorded if it is to be. `check` is given the
    /// identities of the tokens to record, some at a time.
    pub(super) fn validate_rows(
        &self,
        key: &KeySpec,
        kid: Option<&Untrusted>,
        owner: Option<UserId>,
        mut check: impl FnMut(&[PlannedJti]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.claim_rows
            .scratch()
            .filter(|_| self.request.record)
            .map_or(Ok(()), ScratchDatabase::release_names)?;
        let (mut offset, limit) = (0, self.claim_rows.sample_size());
        while offset < limit {
            let mut jtis = Vec::new();
            for row in self.claim_rows.batch(offset, BATCH_SIZE.min(limit - offset))? {
                offset += 1;
                let builder = TokenBuilder { job: self, key, kid, row_claims: &row.fields };
                let TokenParts { claims, .. } = self.build_parts(&builder)?;
                if let (true, Some(owner)) = (self.request.record, owner) {
                    jtis.push(self.plan_jti(&row, &claims, owner)?);
                }
            }
            self.ensure_distinct_jtis(&jtis)?;
            check(&jtis)?;
        }
        Ok(())
    }

    fn plan_jti(
        &self,
        source_row: &Row,
        claims: &Map<String, Value>,
        owner: UserId,
    ) -> Result<PlannedJti, Error> {
        let token_row = build_token_row(claims, owner, 0, self.validity.issued_at);
        let token_row = token_row.map_err(|error| with_line(source_row.line, error))?;
        let is_custom = self.has_custom_jti(&source_row.fields);
        let expires_at = token_row.expires_at.filter(|_| is_custom);
        Ok(PlannedJti { jti: token_row.jti, line: source_row.line, expires_at })
    }

    /// Refuses an identity that another token of this command has. One that is made for its token
    /// is another one each time, and need not be remembered.
    fn ensure_distinct_jtis(&self, jtis: &[PlannedJti]) -> Result<(), Error> {
        let Some(scratch) = self.claim_rows.scratch() else {
            let mut pairs = jtis.iter().zip(jtis.iter().skip(1));
            return if pairs.any(|(first, second)| first.jti == second.jti) {
                Err(Error::Usage("recorded tokens have a `jti` each".to_owned()))
            } else {
                Ok(())
            };
        };
        for PlannedJti { jti, line, .. } in
            jtis.iter().filter(|planned| planned.expires_at.is_some())
        {
            if let Some(first_line) = scratch.reserve_name(&jti.to_string(), *line)? {
                let why = format!("its `jti` stands on line {first_line} already");
                return Err(InvalidLine { line: *line, reason: why }.into());
            }
        }
        Ok(())
    }
}

/// The row of a token that says this: its identity and its times are the token's own. One that does
/// not say when it was issued was now.
pub(super) fn build_token_row(
    claims: &Map<String, Value>,
    owner: UserId,
    key: i64,
    now: Timestamp,
) -> Result<NewToken, Error> {
    let refuse = |why: &str| Err(Error::Usage(format!("a recorded token has {why}")));
    let Some(jti) = claims.get("jti").and_then(Value::as_str).and_then(Jti::parse) else {
        return refuse("a UUID as its `jti`");
    };
    let Some(expires_at) = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix)
    else {
        return refuse("an end (`exp`) in whole seconds");
    };
    let issued_at = claims.get("iat").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let grant = Grant {
        kind: TokenKind::Test,
        owner_id: owner,
        app: AppName::from_trusted(subject.to_owned()),
        permissions: Vec::new(),
        audience: Vec::new(),
        claims: Grant::shared_claims(claims),
    };
    let issued_at = issued_at.unwrap_or(now);
    let origin = TokenOrigin::default();
    Ok(NewToken { jti, grant, key, issued_at, expires_at: Some(expires_at), origin })
}
