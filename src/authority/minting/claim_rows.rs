//! Claims of each token of a request for one token or many tokens (a bulk mint). Memory use hardly
//! depends on the number of tokens.

use super::super::Error;
use super::row_encoder::MAX_BATCH_ROWS;
use super::row_file::{EncodedRows, RowFile};
use crate::model::Row;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::BufRead;
use std::ops::Range;

/// Maximum number of tokens per transaction.
pub(super) const MAX_BATCH_TOKENS: usize = MAX_BATCH_ROWS;

/// Maximum total length of the headers and claims of a batch of repeated rows (one row for all
/// tokens): the length of their JSON in bytes. The signed tokens are longer: base64url adds a
/// third, and the signatures follow.
const MAX_BATCH_JSON_BYTES: usize = 2 * 1024 * 1024;

/// Claim rows of a request: one row for all tokens, or rows of a file with their line numbers.
#[derive(Debug)]
pub(crate) struct ClaimRows {
    rows: RowSource,
    /// Number of tokens.
    count: usize,
}

#[derive(Debug)]
enum RowSource {
    /// One row for all tokens.
    Repeated(Row),
    /// One row per token.
    FromFile(RowFile),
}

/// Iterator over rows, one for each token.
type Rows<'r> = Box<dyn Iterator<Item = Result<Cow<'r, Row>, Error>> + 'r>;

/// Batch: consecutive rows whose tokens are signed by one thread and recorded in one transaction.
#[derive(Debug)]
pub(super) enum RowBatch<'r> {
    /// The same row for a number of tokens.
    Repeated(&'r Row, usize),
    /// Rows of a file.
    FromFile(EncodedRows<'r>),
}

impl RowBatch<'_> {
    /// Returns the number of tokens.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Repeated(_, count) => *count,
            Self::FromFile(rows) => rows.len(),
        }
    }

    /// Returns an iterator over the row of each token.
    pub(super) fn rows(&self) -> Rows<'_> {
        match self {
            Self::Repeated(row, count) => {
                Box::new(std::iter::repeat_n(*row, *count).map(|row| Ok(Cow::Borrowed(row))))
            }
            Self::FromFile(rows) => {
                Box::new(rows.rows().map(|row| Ok(Cow::Owned(row?.to_row().into_owned()))))
            }
        }
    }
}

impl ClaimRows {
    /// Reads one row per token from CSV or JSON Lines.
    pub(crate) fn read(input: impl BufRead + Send + 'static) -> Result<Self, Error> {
        let file = RowFile::read(input)?;
        let count = file.count();
        Ok(Self { rows: RowSource::FromFile(file), count })
    }

    /// Creates rows with the same claims for `count` tokens.
    pub(crate) fn repeat(claims: Map<String, Value>, count: usize) -> Self {
        Self { rows: RowSource::Repeated(Row { line: 0, fields: claims }), count }
    }

    /// Returns the number of tokens.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns whether the rows are from a file.
    pub(super) fn are_from_file(&self) -> bool {
        matches!(self.rows, RowSource::FromFile(_))
    }

    /// Returns example rows of a file: each row of the file differs from one of the examples at
    /// most in plain string values. Returns `None` without a file, or if some row of the file has
    /// no such example.
    pub(super) fn examples(&self) -> Option<&[Row]> {
        match &self.rows {
            RowSource::Repeated(_) => None,
            RowSource::FromFile(file) => file.examples(),
        }
    }

    /// Returns the range of the rows to validate: if these rows are valid, all rows are valid. For
    /// a repeated row, the range has at most two copies: enough to detect a `jti` that occurs
    /// twice.
    pub(super) fn sample_range(&self) -> Range<usize> {
        match self.rows {
            RowSource::Repeated(_) => 0..self.count.min(2),
            RowSource::FromFile(_) => 0..self.count,
        }
    }

    /// Returns the rows in `range` in batches. A file has fixed batches: for a file, `range` must
    /// extend from the start of a batch to the last row. A batch of repeated rows has at most
    /// `max_tokens` tokens, and at most [`MAX_BATCH_JSON_BYTES`] unless the batch has a single
    /// token. `max_json_length` is the maximum length of header and claims of a token as JSON in
    /// bytes.
    pub(super) fn batches(
        &self,
        range: Range<usize>,
        max_json_length: usize,
        max_tokens: usize,
    ) -> Box<dyn Iterator<Item = Result<RowBatch<'_>, Error>> + Send + '_> {
        match &self.rows {
            RowSource::Repeated(row) => {
                let batch_size =
                    (MAX_BATCH_JSON_BYTES / max_json_length.max(1)).clamp(1, max_tokens);
                let offsets = range.clone().step_by(batch_size);
                Box::new(offsets.map(move |offset| {
                    Ok(RowBatch::Repeated(row, batch_size.min(range.end - offset)))
                }))
            }
            RowSource::FromFile(file) => {
                Box::new(file.batches(range.start).map(|rows| rows.map(RowBatch::FromFile)))
            }
        }
    }
}
