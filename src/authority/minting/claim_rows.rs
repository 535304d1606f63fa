//! Per-token claims of a bulk mint. Memory use does not depend on the number of tokens.

use super::super::Error;
use crate::model::{InvalidLines, Row, RowError, RowReader};
use crate::store;
use serde_json::{Map, Value};
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::ops::Range;

/// Maximum number of tokens per transaction.
pub(super) const MAX_BATCH_TOKENS: usize = 8_000;

/// Upper limit for the headers and claims of a batch as JSON, or for the rows of a batch in memory,
/// in bytes. The tokens are longer by a third and by the signatures.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// Claim rows of a bulk mint, with the input line of each row.
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
    /// One row per token, in a copy of the input. The file has no name, so that no file remains on
    /// any exit.
    FromFile(File),
}

/// Consecutive rows.
#[derive(Debug)]
pub(super) enum RowBatch<'r> {
    /// The same row for a number of tokens.
    Repeated(&'r Row, usize),
    FromFile(Vec<Row>),
}

impl RowBatch<'_> {
    /// Returns the number of tokens.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Repeated(_, count) => *count,
            Self::FromFile(rows) => rows.len(),
        }
    }

    pub(super) fn iter(&self) -> Box<dyn Iterator<Item = &Row> + '_> {
        match self {
            Self::Repeated(row, count) => Box::new(std::iter::repeat_n(*row, *count)),
            Self::FromFile(rows) => Box::new(rows.iter()),
        }
    }
}

impl ClaimRows {
    /// Reads one row per token from CSV or JSON Lines.
    pub(crate) fn read(input: impl BufRead) -> Result<Self, Error> {
        let file = tempfile::tempfile().map_err(|error| to_temporary_file_error(&error))?;
        let mut copy = BufWriter::new(&file);
        let mut count = 0;
        let mut invalid_lines = InvalidLines::default();
        for row in RowReader::new(BufReader::new(CopyingReader { input, copy: &mut copy }))? {
            match row {
                Ok(_) => {}
                Err(RowError::InvalidLine(line)) => invalid_lines.push(line)?,
                Err(error @ RowError::Input(_)) => return Err(error.into()),
            }
            count += 1;
        }
        invalid_lines.into_result()?;
        copy.flush().map_err(|error| to_temporary_file_error(&error))?;
        drop(copy);
        Ok(Self { rows: RowSource::FromFile(file), count })
    }

    /// Returns the same claims for `count` tokens.
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

    /// Returns the rows whose validity implies the validity of all rows. Two copies represent any
    /// number of identical rows: two are needed to detect a repeated `jti`.
    pub(super) fn sample(&self) -> Range<usize> {
        match self.rows {
            RowSource::Repeated(_) => 0..self.count.min(2),
            RowSource::FromFile(_) => 0..self.count,
        }
    }

    /// Returns the rows in `range` in batches. `json_length` is the maximum length of header and
    /// claims of a token as JSON in bytes, if the rows are the same. Only one of the iterators may
    /// be in use: they share the position in the file.
    pub(super) fn batches(
        &self,
        range: Range<usize>,
        json_length: usize,
    ) -> Result<Box<dyn Iterator<Item = Result<RowBatch<'_>, Error>> + Send + '_>, Error> {
        Ok(match &self.rows {
            RowSource::Repeated(row) => {
                let batch_size = (BATCH_BYTES / json_length.max(1)).clamp(1, MAX_BATCH_TOKENS);
                let offsets = range.clone().step_by(batch_size);
                Box::new(offsets.map(move |offset| {
                    Ok(RowBatch::Repeated(row, batch_size.min(range.end - offset)))
                }))
            }
            RowSource::FromFile(file) => {
                let mut file: &File = file;
                file.rewind().map_err(|error| to_temporary_file_error(&error))?;
                let rows = RowReader::new(BufReader::new(file))?;
                let mut rows = rows.skip(range.start).take(range.len());
                Box::new(std::iter::from_fn(move || next_batch(&mut rows).transpose()))
            }
        })
    }
}

/// Returns the next rows of a file: fewer if the rows take much memory.
fn next_batch<'r>(
    rows: &mut impl Iterator<Item = Result<Row, RowError>>,
) -> Result<Option<RowBatch<'r>>, Error> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < MAX_BATCH_TOKENS
        && bytes < BATCH_BYTES
        && let Some(row) = rows.next().transpose()?
    {
        bytes +=
            row.fields.iter().map(|(name, value)| name.len() + memory_size(value)).sum::<usize>();
        batch.push(row);
    }
    Ok((!batch.is_empty()).then_some(RowBatch::FromFile(batch)))
}

/// Returns the approximate memory of a value in bytes.
fn memory_size(value: &Value) -> usize {
    /// A value, and its place in an object.
    const VALUE_BYTES: usize = 2 * size_of::<Value>();
    VALUE_BYTES
        + match value {
            Value::Null | Value::Bool(_) => 0,
            Value::Number(number) => number.as_str().len(),
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(memory_size).sum(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| name.len() + memory_size(value)).sum()
            }
        }
}

fn to_temporary_file_error(error: &io::Error) -> Error {
    store::Error::Failed(format!("temporary file: {error}")).into()
}

/// Reader that copies everything that is read.
struct CopyingReader<R, W> {
    input: R,
    copy: W,
}

impl<R: BufRead, W: Write> Read for CopyingReader<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.copy.write_all(&buffer[..count])?;
        Ok(count)
    }
}
