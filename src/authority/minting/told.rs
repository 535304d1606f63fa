//! The claims of each of the tokens that are made, however many there are.

use super::super::Error;
use crate::model::{Row, Rows};
use crate::store::Scratch;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::io::BufRead;

/// The claims of the tokens of one batch in bytes: signing takes many times as much memory.
const BATCH_BYTES: usize = 128 * 1024;

/// The claims of each token that are not those of all, with the lines they stand in.
#[derive(Debug)]
pub(crate) struct Told {
    rows: Source,
    /// The number of tokens.
    count: usize,
}

#[derive(Debug)]
enum Source {
    /// All tokens have the claims of this row, of so many bytes.
    Alike(Row, usize),
    /// Each token has a row, by its number.
    Listed(Scratch),
}

impl Told {
    /// Reads a file with a row for each token.
    pub(crate) fn read(input: impl BufRead) -> Result<Self, Error> {
        let scratch = Scratch::new()?;
        let mut count = 0;
        for row in Rows::of_claims(input)? {
            scratch.push(&row?)?;
            count += 1;
        }
        Ok(Self { rows: Source::Listed(scratch), count })
    }

    /// The same claims for `count` tokens.
    pub(crate) fn alike(claims: Map<String, Value>, count: usize) -> Self {
        let row = Row { line: 0, claims };
        let bytes = if count > 1 { Value::from(row.claims.clone()).to_string().len() } else { 0 };
        Self { rows: Source::Alike(row, bytes), count }
    }

    /// The number of tokens.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The rows of tokens after the first `done`: at most `most`, fewer if they are long; none at
    /// the end.
    pub(super) fn batch(&self, done: usize, most: usize) -> Result<Vec<Cow<'_, Row>>, Error> {
        match &self.rows {
            Source::Alike(row, bytes) => {
                let most = most.min((BATCH_BYTES / (*bytes).max(1)).max(1));
                let count = self.count.saturating_sub(done).min(most);
                Ok(std::iter::repeat_n(row, count).map(Cow::Borrowed).collect())
            }
            Source::Listed(scratch) => {
                let rows = scratch.after(i64::try_from(done).unwrap_or(i64::MAX), most)?;
                Ok(rows.into_iter().map(|(_, row)| Cow::Owned(row)).collect())
            }
        }
    }

    /// The number of first tokens that are all good only if all are: of those that are alike two
    /// show as much as any number.
    pub(super) fn samples(&self) -> usize {
        match self.rows {
            Source::Alike(..) => self.count.min(2),
            Source::Listed(_) => self.count,
        }
    }

    /// The place for names of rows, if each token has a row.
    pub(super) fn scratch(&self) -> Option<&Scratch> {
        match &self.rows {
            Source::Alike(..) => None,
            Source::Listed(scratch) => Some(scratch),
        }
    }
}
