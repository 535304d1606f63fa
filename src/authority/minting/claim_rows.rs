//! The claims of each of the tokens that are made, however many there are.

use super::super::Error;
use crate::model::{Row, RowReader};
use crate::store::ScratchDatabase;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::BufRead;

/// The claims of the tokens of one batch in bytes: signing takes many times as much memory.
const BATCH_BYTES: usize = 128 * 1024;

/// The claims of each token that are not those of all, with the lines they stand in.
#[derive(Debug)]
pub(crate) struct ClaimRows {
    rows: RowSource,
    /// The number of tokens.
    count: usize,
}

#[derive(Debug)]
enum RowSource {
    /// All tokens have the claims of this row, of so many bytes.
    Repeated(Row, usize),
    /// Each token has a row, by its number.
    FromFile(ScratchDatabase),
}

impl ClaimRows {
    /// Reads a file with a row for each token.
    pub(crate) fn read(input: impl BufRead) -> Result<Self, Error> {
        let scratch = ScratchDatabase::new()?;
        let mut count = 0;
        for row in RowReader::new(input)? {
            scratch.push(&row?)?;
            count += 1;
        }
        Ok(Self { rows: RowSource::FromFile(scratch), count })
    }

    /// The same claims for `count` tokens.
    pub(crate) fn repeat(claims: Map<String, Value>, count: usize) -> Self {
        let row = Row { line: 0, fields: claims };
        let bytes = if count > 1 { Value::from(row.fields.clone()).to_string().len() } else { 0 };
        Self { rows: RowSource::Repeated(row, bytes), count }
    }

    /// The number of tokens.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The rows of tokens after the first `done`: at most `most`, fewer if they are long; none at
    /// the end.
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

    /// The number of first tokens that are all good only if all are: of those that are alike two
    /// show as much as any number.
    pub(super) fn sample_size(&self) -> usize {
        match self.rows {
            RowSource::Repeated(..) => self.count.min(2),
            RowSource::FromFile(_) => self.count,
        }
    }

    /// The place for names of rows, if each token has a row.
    pub(super) fn scratch(&self) -> Option<&ScratchDatabase> {
        match &self.rows {
            RowSource::Repeated(..) => None,
            RowSource::FromFile(scratch) => Some(scratch),
        }
    }
}
