//! Per-token claims of a bulk mint. Memory use does not depend on the number of tokens.

use super::super::Error;
use crate::model::{InvalidLines, Row, RowError, RowReader};
use crate::store::ScratchDatabase;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::BufRead;

/// Number of tokens per transaction.
pub(super) const BATCH_SIZE: usize = 500;

/// Upper limit for the claims of one batch, in bytes. Signing takes a multiple of this memory.
const BATCH_BYTES: usize = 128 * 1024;

/// Claim rows of a bulk mint, with the input line of each row.
#[derive(Debug)]
pub(crate) struct ClaimRows {
    rows: RowSource,
    /// Number of tokens.
    count: usize,
}

#[derive(Debug)]
enum RowSource {
    /// One row for all tokens, and the length of the row in bytes.
    Repeated(Row, usize),
    /// One row per token, by row number.
    FromFile(ScratchDatabase),
}

impl ClaimRows {
    /// Reads one row per token from CSV or JSON Lines.
    pub(crate) fn read(input: impl BufRead) -> Result<Self, Error> {
        let scratch = ScratchDatabase::new()?;
        let mut count = 0;
        let mut invalid_lines = InvalidLines::default();
        for row in RowReader::new(input)? {
            match row {
                Ok(row) => scratch.push(&row)?,
                Err(RowError::InvalidLine(line)) => invalid_lines.push(line)?,
                Err(error @ RowError::Input(_)) => return Err(error.into()),
            }
            count += 1;
        }
        invalid_lines.into_result()?;
        Ok(Self { rows: RowSource::FromFile(scratch), count })
    }

    /// Returns the same claims for `count` tokens.
    pub(crate) fn repeat(claims: Map<String, Value>, count: usize) -> Self {
        let row = Row { line: 0, fields: claims };
        let bytes = if count > 1 { Value::from(row.fields.clone()).to_string().len() } else { 0 };
        Self { rows: RowSource::Repeated(row, bytes), count }
    }

    /// Returns the number of tokens.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the rows after the first `offset` tokens: at most `limit`, fewer if rows are long,
    /// none at the end.
    pub(super) fn batch(&self, offset: usize, limit: usize) -> Result<Vec<Cow<'_, Row>>, Error> {
        match &self.rows {
            RowSource::Repeated(row, bytes) => {
                let limit = limit.min((BATCH_BYTES / (*bytes).max(1)).max(1));
                let count = self.count.saturating_sub(offset).min(limit);
                Ok(std::iter::repeat_n(row, count).map(Cow::Borrowed).collect())
            }
            RowSource::FromFile(scratch) => {
                let rows = scratch.rows_after(i64::try_from(offset).unwrap_or(i64::MAX), limit)?;
                Ok(rows.into_iter().map(|(_, row)| Cow::Owned(row)).collect())
            }
        }
    }

    /// Returns the number of leading rows whose validity implies the validity of all rows. Two
    /// copies represent any number of identical rows: two are needed to detect a repeated `jti`.
    pub(super) fn sample_size(&self) -> usize {
        match self.rows {
            RowSource::Repeated(..) => self.count.min(2),
            RowSource::FromFile(_) => self.count,
        }
    }

    /// Returns the database that reserves the `jti` of each row, if the rows came from a file.
    pub(super) fn scratch_database(&self) -> Option<&ScratchDatabase> {
        match &self.rows {
            RowSource::Repeated(..) => None,
            RowSource::FromFile(scratch) => Some(scratch),
        }
    }
}
