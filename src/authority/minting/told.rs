//! What is told of each of the tokens that are made: as much of it as was told, however many there
//! are.

use crate::model::Row;
use serde_json::{Map, Value};

/// The claims of each token that are not those of all, with the lines they stand in.
#[derive(Debug)]
pub(crate) struct Told {
    rows: Vec<Row>,
    /// How many tokens there are of a row.
    each: usize,
}

impl Told {
    /// One token for each row.
    pub(crate) fn by(rows: Vec<Row>) -> Self {
        Self { rows, each: 1 }
    }

    /// So many tokens of which the same is told.
    pub(crate) fn alike(claims: Map<String, Value>, count: usize) -> Self {
        Self { rows: vec![Row { line: 0, claims }], each: count }
    }

    /// How many tokens there are.
    pub(super) fn count(&self) -> usize {
        self.rows.len().saturating_mul(self.each)
    }

    /// The rows of so many tokens from that one on, fewer at the end.
    pub(super) fn batch(&self, first: usize, most: usize) -> impl Iterator<Item = &Row> {
        let end = self.count().min(first.saturating_add(most));
        (first..end).filter_map(|at| self.rows.get(at.checked_div(self.each)?))
    }

    /// Rows that are all good if all are: of those that are alike two tell as much as any number.
    pub(super) fn samples(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().flat_map(|row| std::iter::repeat_n(row, self.each.min(2)))
    }
}
