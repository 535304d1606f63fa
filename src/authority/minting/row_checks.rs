//! Checks that a token can be built from each row and, if requested, recorded.

use super::super::Error;
use super::claim_rows::{ClaimRows, MAX_BATCH_TOKENS};
use super::generated::generate_text;
use super::pattern::{PatternCache, TokenPattern};
use super::record::{RevocationCheck, jti_taken_error, parse_jti_and_expiry};
use super::signing::{check_size, fits_with_any_signature};
use super::token_builder::TokenBuilder;
use crate::model::{InvalidLine, Jti, KeyRowId, Row, Timestamp};
use crate::store::{Reader, ScratchDatabase};
use serde_json::{Map, Value};

/// `jti` of a token to record. If the `jti` is generated for each token, this is only an example:
/// the signed token has another `jti`.
#[derive(Debug)]
pub(super) struct PlannedJti {
    jti: Jti,
    /// First line of the input row; 0 if the row is not from a file.
    line: u64,
    /// Expiry of the token; `None` for a generated `jti`, which cannot have been used before.
    expires_at: Option<Timestamp>,
}

/// Refuses rows from which no token can be built and, if the request records tokens, rows whose
/// token cannot be recorded. `check_jtis` gets the planned `jti`s of each batch, and refuses `jti`s
/// that are recorded or revoked. Returns an upper limit for the length of header and claims of a
/// token as JSON in bytes.
pub(super) fn validate_rows(
    builder: &TokenBuilder<'_>,
    claim_rows: &ClaimRows,
    mut check_jtis: impl FnMut(&[PlannedJti]) -> Result<(), Error>,
) -> Result<usize, Error> {
    let is_recorded = builder.request.record;
    // If the file has examples, each row differs from an example at most in plain string values. It
    // is then usually enough to check the examples, unless tokens are recorded.
    let examples = claim_rows.examples().filter(|_| !is_recorded);
    if let Some(max_length) =
        examples.map_or(Ok(None), |rows| max_length_by_examples(builder, rows))?
    {
        return Ok(max_length);
    }
    // The temporary database detects a `jti` that occurs twice in a file.
    let scratch = (is_recorded && builder.has_input_rows).then(ScratchDatabase::new).transpose()?;
    let mut patterns = PatternCache::default();
    let mut max_length = 0;
    for batch in claim_rows.batches(claim_rows.sample_range(), 0, MAX_BATCH_TOKENS) {
        let mut jtis = Vec::new();
        for row in batch?.rows() {
            let row = row?;
            let pattern = if is_recorded { None } else { patterns.find(builder, &row, None)? };
            let pattern_length = pattern.map(TokenPattern::max_json_length);
            if let Some(length) = pattern_length.filter(|length| fits_with_any_signature(*length)) {
                max_length = max_length.max(length);
                continue;
            }
            let parts = builder.build_for_request(&row.fields, &mut generate_text)?;
            let length = check_size(builder, &parts).map_err(|error| with_line(row.line, error))?;
            max_length = max_length.max(length);
            if is_recorded {
                jtis.push(plan_jti(builder, &row, &parts.claims)?);
            }
        }
        ensure_distinct_jtis(scratch.as_ref(), &jtis)?;
        check_jtis(&jtis)?;
    }
    Ok(max_length)
}

/// Returns an upper limit for the length of header and claims of a token as JSON in bytes. Returns
/// `None` if each row must be checked: if the tokens of an example row have no [`TokenPattern`]
/// (constant text with gaps), or if a token of the pattern may be too large.
fn max_length_by_examples(
    builder: &TokenBuilder<'_>,
    rows: &[Row],
) -> Result<Option<usize>, Error> {
    let mut patterns = PatternCache::default();
    let mut max_length = 0;
    for row in rows {
        let length = patterns.find(builder, row, None)?.map(TokenPattern::max_json_length);
        let Some(length) = length.filter(|length| fits_with_any_signature(*length)) else {
            return Ok(None);
        };
        max_length = max_length.max(length);
    }
    Ok(Some(max_length))
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

/// Refuses a `jti` that occurs twice in a request. The custom `jti`s of rows from a file are
/// reserved in `scratch`; generated `jti`s are always unique. Without a file (`scratch` is `None`),
/// all rows are the same. Their `jti`s are then either all generated or all equal, and a comparison
/// of neighbors is enough.
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

/// Refuses a `jti` that is already recorded, or for which a token signed by `key` may have been
/// revoked. With an input file, the error names the line of the first such `jti`. `key` is `None`
/// for a new key, which has signed nothing.
pub(super) fn ensure_new_jtis(
    tx: &Reader<'_>,
    key: Option<KeyRowId>,
    jtis: &[PlannedJti],
) -> Result<(), Error> {
    // On a server, this query replaces one query for each `jti` in the loop.
    tx.prefetch_tokens(&jtis.iter().map(|planned| planned.jti).collect::<Vec<_>>())?;
    let check = key.map(|key| RevocationCheck::new(tx, key)).transpose()?;
    for PlannedJti { jti, line, expires_at } in jtis {
        let result = if tx.has_token_with_jti(*jti)? {
            Err(jti_taken_error())
        } else {
            check.as_ref().map_or(Ok(()), |check| check.ensure_never_revoked(*jti, *expires_at))
        };
        result.map_err(|error| with_line(*line, error))?;
    }
    Ok(())
}

/// Adds the line number to an error, unless `line` is 0, which means that the row is not from a
/// file.
fn with_line(line: u64, error: Error) -> Error {
    if line == 0 { error } else { InvalidLine { line, reason: error.to_string() }.into() }
}
