//! Rows of recorded test tokens, and the checks that each token can be recorded.

use super::super::Error;
use super::claim_rows::{BATCH_SIZE, ClaimRows};
use super::signing::ensure_verifiable_size;
use super::token_builder::TokenBuilder;
use crate::model::{
    AppName, Grant, InvalidLine, Jti, KeyRowId, Row, Timestamp, TokenKind, TokenOrigin, UserId,
};
use crate::store::{NewToken, Reader, ScratchDatabase};
use serde_json::{Map, Value};

/// `jti` of a token to record.
#[derive(Debug)]
pub(super) struct PlannedJti {
    jti: Jti,
    line: u64,
    /// Expiry of the token, if its `jti` was chosen by the user.
    expires_at: Option<Timestamp>,
}

/// Refuses each `jti` that is already recorded, or that may have been revoked under `key`. The
/// error names the first such line.
pub(super) fn ensure_new_jtis(
    tx: &Reader<'_>,
    key: Option<KeyRowId>,
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

/// Refuses a `jti` that was revoked or may have been revoked: a prune removes the rows of expired
/// tokens, and with the rows the knowledge of which tokens were revoked. A new row for such a `jti`
/// would make a revoked token with the same claims valid again.
pub(super) fn ensure_never_revoked(
    tx: &Reader<'_>,
    key: KeyRowId,
    jti: Jti,
    expires_at: Option<Timestamp>,
) -> Result<(), Error> {
    ensure_not_blocklisted(tx, key, jti)?;
    if expires_at.map_or(Ok(false), |expires_at| tx.may_have_been_pruned(key, expires_at.unix()))? {
        let reason = "a token with this `jti` and `exp` may have been revoked and pruned";
        return Err(Error::Usage(reason.to_owned()));
    }
    Ok(())
}

/// Refuses a `jti` on the blocklist.
fn ensure_not_blocklisted(tx: &Reader<'_>, key: KeyRowId, jti: Jti) -> Result<(), Error> {
    if tx.is_blocklisted(key, &jti.to_string())? {
        return Err(Error::Usage("a token with this `jti` has been revoked".to_owned()));
    }
    Ok(())
}

/// Returns the error for a `jti` that is already recorded.
pub(super) fn jti_taken_error() -> Error {
    Error::Usage("a token with this `jti` is already recorded".to_owned())
}

/// Adds the line number to an error, unless `line` is 0, which means that the row is not from a
/// file.
fn with_line(line: u64, error: Error) -> Error {
    if line == 0 { error } else { InvalidLine { line, reason: error.to_string() }.into() }
}

/// Refuses rows from which no token can be built and, if the request records tokens, rows whose
/// token cannot be recorded. Calls `check_jtis` with the planned `jti`s of each batch.
pub(super) fn validate_rows(
    builder: &TokenBuilder<'_>,
    claim_rows: &ClaimRows,
    mut check_jtis: impl FnMut(&[PlannedJti]) -> Result<(), Error>,
) -> Result<(), Error> {
    let is_recorded = builder.request.record;
    let scratch = claim_rows.scratch_database().filter(|_| is_recorded);
    scratch.map_or(Ok(()), ScratchDatabase::release_names)?;
    let (mut offset, limit) = (0, claim_rows.sample_size());
    while offset < limit {
        let mut jtis = Vec::new();
        for row in claim_rows.batch(offset, BATCH_SIZE.min(limit - offset))? {
            offset += 1;
            let parts = builder.build_requested(&row.fields)?;
            ensure_verifiable_size(builder, &parts).map_err(|error| with_line(row.line, error))?;
            if is_recorded {
                jtis.push(plan_jti(builder, &row, &parts.claims)?);
            }
        }
        ensure_distinct_jtis(scratch, &jtis)?;
        check_jtis(&jtis)?;
    }
    Ok(())
}

fn plan_jti(
    builder: &TokenBuilder<'_>,
    source_row: &Row,
    claims: &Map<String, Value>,
) -> Result<PlannedJti, Error> {
    let line = source_row.line;
    let (jti, expires_at) = parse_jti_and_expiry(claims).map_err(|error| with_line(line, error))?;
    let is_custom = builder.request.has_custom_jti(&source_row.fields);
    Ok(PlannedJti { jti, line, expires_at: is_custom.then_some(expires_at) })
}

/// Refuses a `jti` that occurs twice in a request. A generated `jti` is unique and needs no
/// reservation. Rows from a file have a `scratch` database.
fn ensure_distinct_jtis(
    scratch: Option<&ScratchDatabase>,
    jtis: &[PlannedJti],
) -> Result<(), Error> {
    let Some(scratch) = scratch else {
        let mut pairs = jtis.iter().zip(jtis.iter().skip(1));
        return if pairs.any(|(first, second)| first.jti == second.jti) {
            Err(Error::Usage("each recorded token requires its own `jti`".to_owned()))
        } else {
            Ok(())
        };
    };
    for PlannedJti { jti, line, .. } in jtis.iter().filter(|planned| planned.expires_at.is_some()) {
        if let Some(first_line) = scratch.reserve_name(&jti.to_string(), *line)? {
            let reason = format!("duplicate `jti`, first used on line {first_line}");
            return Err(InvalidLine { line: *line, reason }.into());
        }
    }
    Ok(())
}

/// Returns the row for a token with these claims. `jti`, `exp` and `iat` come from the claims;
/// without `iat` the token counts as issued at `now`.
pub(super) fn build_token_row(
    claims: &Map<String, Value>,
    owner: UserId,
    key: KeyRowId,
    now: Timestamp,
) -> Result<NewToken, Error> {
    let (jti, expires_at) = parse_jti_and_expiry(claims)?;
    let issued_at = claims.get("iat").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    let grant = Grant {
        kind: TokenKind::Test,
        owner_id: owner,
        app: AppName::new_unchecked(subject.to_owned()),
        permissions: Vec::new(),
        audience: Vec::new(),
        claims: Grant::shared_claims(claims),
    };
    let issued_at = issued_at.unwrap_or(now);
    let origin = TokenOrigin::default();
    Ok(NewToken { jti, grant, key, issued_at, expires_at: Some(expires_at), origin })
}

/// Returns `jti` and `exp` of a token to record, which requires both.
fn parse_jti_and_expiry(claims: &Map<String, Value>) -> Result<(Jti, Timestamp), Error> {
    let refuse = |reason: &str| Error::Usage(format!("a recorded token requires {reason}"));
    let jti = claims.get("jti").and_then(Value::as_str).and_then(Jti::parse);
    let jti = jti.ok_or_else(|| refuse("a UUID as `jti`"))?;
    let expires_at = claims.get("exp").and_then(Value::as_i64).and_then(Timestamp::from_unix);
    Ok((jti, expires_at.ok_or_else(|| refuse("`exp` in whole seconds"))?))
}
