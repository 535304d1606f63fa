//! Values of many rows, column by column.

use super::Error;
use super::values::{Row, Value};
use std::borrow::Cow;
use std::fmt;
use uuid::Uuid;
use zeroize::Zeroizing;

/// Type of the values of a column, named after the variants of [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ColumnType {
    Integer,
    Bool,
    Text,
    Bytes,
    Uuid,
}

/// The values of one column in several rows.
pub(super) enum Column {
    Integer(Vec<Option<i64>>),
    Bool(Vec<bool>),
    Text(Vec<Option<String>>),
    /// Values that are never NULL. The only column of this type is the key material.
    Bytes(Vec<Zeroizing<Vec<u8>>>),
    Uuid(Vec<Option<Uuid>>),
}

impl fmt::Debug for Column {
    /// Shows only the number of values, because a value can be a private key.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Column of {} values", self.len())
    }
}

impl Column {
    /// Creates a column without values.
    pub(super) fn new(column_type: ColumnType) -> Self {
        match column_type {
            ColumnType::Integer => Self::Integer(Vec::new()),
            ColumnType::Bool => Self::Bool(Vec::new()),
            ColumnType::Text => Self::Text(Vec::new()),
            ColumnType::Bytes => Self::Bytes(Vec::new()),
            ColumnType::Uuid => Self::Uuid(Vec::new()),
        }
    }

    /// Returns the number of values.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Integer(numbers) => numbers.len(),
            Self::Bool(flags) => flags.len(),
            Self::Text(texts) => texts.len(),
            Self::Bytes(values) => values.len(),
            Self::Uuid(ids) => ids.len(),
        }
    }

    /// Removes all values.
    pub(super) fn clear(&mut self) {
        match self {
            Self::Integer(numbers) => numbers.clear(),
            Self::Bool(flags) => flags.clear(),
            Self::Text(texts) => texts.clear(),
            Self::Bytes(values) => values.clear(),
            Self::Uuid(ids) => ids.clear(),
        }
    }

    /// Adds the value in the column with the index `position` of `row`. Returns the approximate
    /// size of the value in bytes.
    pub(super) fn push(&mut self, row: &Row<'_>, position: usize) -> Result<usize, Error> {
        match self {
            Self::Integer(numbers) => numbers.push(row.get(position)?),
            Self::Bool(flags) => flags.push(row.get(position)?),
            Self::Text(texts) => {
                let text: Option<String> = row.get(position)?;
                let size = text.as_ref().map_or(0, String::len);
                texts.push(text);
                return Ok(size);
            }
            Self::Bytes(values) => {
                let bytes = Zeroizing::new(row.get::<Vec<u8>>(position)?);
                let size = bytes.len();
                values.push(bytes);
                return Ok(size);
            }
            Self::Uuid(ids) => ids.push(row.get(position)?),
        }
        Ok(size_of::<Uuid>())
    }

    /// Returns the value in the row with the index `row_index`, or `None` if no such row exists.
    pub(super) fn value(&self, row_index: usize) -> Option<Value<'_>> {
        Some(match self {
            Self::Integer(numbers) => Value::Integer(*numbers.get(row_index)?),
            Self::Bool(flags) => Value::Bool(*flags.get(row_index)?),
            Self::Text(texts) => Value::Text(texts.get(row_index)?.as_deref().map(Cow::Borrowed)),
            Self::Bytes(values) => Value::Bytes(values.get(row_index)?),
            Self::Uuid(ids) => Value::Uuid(*ids.get(row_index)?),
        })
    }
}
