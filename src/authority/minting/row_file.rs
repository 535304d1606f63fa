//! Decoded rows of an input file, in a temporary file: the input is decoded once, and memory use does
//! not depend on the number of rows.
//!
//! Most rows differ from an example only in their texts. The file has only these texts of a row.

use super::super::Error;
use super::row_shape::{MAX_EXAMPLES, is_like, is_plain};
use crate::model::{InvalidLines, Row, RowError, RowReader};
use crate::store;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::iter;
use std::os::unix::fs::FileExt;

/// Maximum number of rows of a batch.
pub(super) const MAX_BATCH_ROWS: usize = 8_000;

/// Length of the rows of a batch, including the examples, at which the batch ends, in bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// Character between the values of a row in the file, which no plain text contains.
const SEPARATOR: char = '\u{1f}';

/// First value of a row that is not like an example, before the fields as JSON.
const NO_EXAMPLE: &str = "-";

/// Rows in a file without a name, so that no file remains on any exit.
#[derive(Debug)]
pub(super) struct RowFile {
    file: File,
    /// End of each batch in bytes, with the number of rows before.
    batch_ends: Vec<(u64, usize)>,
    examples: Vec<Row>,
    /// Lengths of the examples as JSON in bytes.
    example_lengths: Vec<usize>,
    /// Set if a row is not like an example.
    has_other_rows: bool,
}

/// Consecutive rows of a file.
#[derive(Debug)]
pub(super) struct EncodedRows<'r> {
    examples: &'r [Row],
    text: String,
    /// Number of rows.
    count: usize,
}

/// Row of a file.
#[derive(Debug)]
pub(super) struct DecodedRow<'r> {
    /// The row, or an example that differs from the row only in texts.
    pub(super) shape: Cow<'r, Row>,
    /// Texts of the row; `None` if the shape is the row.
    texts: Option<Vec<&'r str>>,
    /// First line of the row in the input.
    line: u64,
}

impl RowFile {
    /// Reads one row per token from CSV or JSON Lines.
    pub(super) fn read(input: impl BufRead) -> Result<Self, Error> {
        let file = tempfile::tempfile().map_err(|error| to_temporary_file_error(&error))?;
        let mut rows = Self {
            file,
            batch_ends: Vec::new(),
            examples: Vec::new(),
            example_lengths: Vec::new(),
            has_other_rows: false,
        };
        let mut writer = BufWriter::new(rows.file.try_clone().map_err(RowError::from)?);
        let (mut length, mut count, mut batch_length) = (0, 0, 0);
        let mut encoded = String::new();
        let mut invalid_lines = InvalidLines::default();
        for row in RowReader::new(input)? {
            let row = match row {
                Ok(row) => row,
                Err(RowError::InvalidLine(line)) => {
                    invalid_lines.push(line)?;
                    continue;
                }
                Err(error @ RowError::Input(_)) => return Err(error.into()),
            };
            encoded.clear();
            let example = rows.find_or_add_example(&row);
            encode_row(&mut encoded, &row, example);
            writer
                .write_all(encoded.as_bytes())
                .map_err(|error| to_temporary_file_error(&error))?;
            length += u64::try_from(encoded.len()).unwrap_or(u64::MAX);
            count += 1;
            batch_length += encoded.len() + example.map_or(0, |index| rows.example_lengths[index]);
            if batch_length >= BATCH_BYTES || count - rows.count() >= MAX_BATCH_ROWS {
                rows.batch_ends.push((length, count));
                batch_length = 0;
            }
        }
        invalid_lines.into_result()?;
        if count > rows.count() {
            rows.batch_ends.push((length, count));
        }
        writer.flush().map_err(|error| to_temporary_file_error(&error))?;
        Ok(rows)
    }

    /// Returns the number of rows.
    pub(super) fn count(&self) -> usize {
        self.batch_ends.last().map_or(0, |(_, count)| *count)
    }

    /// Returns rows such that each row of the file differs from one of them only in its texts, if they
    /// are few.
    pub(super) fn examples(&self) -> Option<&[Row]> {
        (!self.has_other_rows).then_some(&*self.examples)
    }

    /// Returns the rows from `first_row` on, which begins a batch, in batches.
    pub(super) fn batches(
        &self,
        first_row: usize,
    ) -> impl Iterator<Item = Result<EncodedRows<'_>, Error>> + Send {
        let starts = iter::once((0, 0)).chain(self.batch_ends.iter().copied());
        let batches = starts.zip(&self.batch_ends);
        batches.skip_while(move |((_, row), _)| *row < first_row).map(
            |((start, row), (end, end_row))| {
                let mut text = vec![0; usize::try_from(end - start).unwrap_or(usize::MAX)];
                let read = self.file.read_exact_at(&mut text, start);
                read.map_err(|error| to_temporary_file_error(&error))?;
                let text = String::from_utf8(text).map_err(|_| damaged())?;
                Ok(EncodedRows { examples: &self.examples, text, count: end_row - row })
            },
        )
    }

    /// Returns the index of the example that the row is like. The row becomes an example if possible.
    fn find_or_add_example(&mut self, row: &Row) -> Option<usize> {
        let index = self.examples.iter().position(|example| is_like(&row.fields, &example.fields));
        if index.is_some() {
            return index;
        }
        if self.examples.len() == MAX_EXAMPLES || !row.fields.values().all(is_plain) {
            self.has_other_rows = true;
            return None;
        }
        self.example_lengths.push(Value::from(row.fields.clone()).to_string().len());
        self.examples.push(row.clone());
        Some(self.examples.len() - 1)
    }
}

/// Appends a row: the index of its example, its line, and its texts.
fn encode_row(text: &mut String, row: &Row, example: Option<usize>) {
    match example {
        Some(index) => *text += &index.to_string(),
        None => *text += NO_EXAMPLE,
    }
    text.push(SEPARATOR);
    *text += &row.line.to_string();
    if example.is_some() {
        for value in row.fields.values().filter_map(Value::as_str) {
            text.push(SEPARATOR);
            *text += value;
        }
    } else {
        text.push(SEPARATOR);
        // JSON contains no control characters.
        *text += &Value::from(row.fields.clone()).to_string();
    }
    text.push('\n');
}

impl EncodedRows<'_> {
    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Decodes the rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<DecodedRow<'_>, Error>> {
        self.text.lines().map(|line| self.decode_row(line).ok_or_else(damaged))
    }

    fn decode_row<'r>(&'r self, encoded: &'r str) -> Option<DecodedRow<'r>> {
        let mut values = encoded.split(SEPARATOR);
        let (example, line) = (values.next()?, values.next()?.parse().ok()?);
        if example == NO_EXAMPLE {
            let fields: Map<String, Value> = serde_json::from_str(values.next()?).ok()?;
            let shape = Cow::Owned(Row { line, fields });
            return Some(DecodedRow { shape, texts: None, line });
        }
        let shape = Cow::Borrowed(self.examples.get(example.parse::<usize>().ok()?)?);
        Some(DecodedRow { shape, texts: Some(values.collect()), line })
    }
}

impl<'r> From<&'r Row> for DecodedRow<'r> {
    fn from(row: &'r Row) -> Self {
        Self { shape: Cow::Borrowed(row), texts: None, line: row.line }
    }
}

impl DecodedRow<'_> {
    /// Returns the texts of the row.
    pub(super) fn texts(&self) -> Cow<'_, [&str]> {
        match &self.texts {
            Some(texts) => Cow::Borrowed(texts),
            None => Cow::Owned(self.shape.fields.values().filter_map(Value::as_str).collect()),
        }
    }

    /// Returns the row.
    pub(super) fn to_row(&self) -> Cow<'_, Row> {
        let Some(texts) = &self.texts else { return Cow::Borrowed(&*self.shape) };
        let mut fields = self.shape.fields.clone();
        for (value, text) in fields.values_mut().filter(|value| value.is_string()).zip(texts) {
            *value = Value::from(*text);
        }
        Cow::Owned(Row { line: self.line, fields })
    }
}

fn to_temporary_file_error(error: &io::Error) -> Error {
    store::Error::Failed(format!("temporary file: {error}")).into()
}

fn damaged() -> Error {
    store::Error::Failed("temporary file damaged".to_owned()).into()
}
