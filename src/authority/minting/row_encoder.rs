//! Encoding of the rows of an input file: most rows differ from an example only in their texts, and
//! only these texts are encoded.

use super::row_shape::{MAX_EXAMPLES, is_like, is_plain};
use crate::model::{BlockParser, InvalidLine, Row, RowBlock, RowError};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum number of rows of a batch.
pub(super) const MAX_BATCH_ROWS: usize = 8_000;

/// Length of the rows of a batch, including the examples, at which the batch ends, in bytes.
const BATCH_BYTES: usize = 64 * 1024;

/// Character between the encoded values of a row, which no plain text contains.
const SEPARATOR: char = '\u{1f}';

/// First value of a row that is not like an example, before the fields as JSON.
const NO_EXAMPLE: &str = "-";

/// Encoder of the rows of one file. Its clones use the same examples.
#[derive(Debug, Clone)]
pub(super) struct RowEncoder {
    parser: BlockParser,
    shared_examples: Arc<Mutex<Examples>>,
    /// The first of the shared examples.
    examples: Examples,
}

/// Rows from which other rows differ only in their texts.
#[derive(Debug, Clone, Default)]
struct Examples {
    rows: Vec<Row>,
    /// Lengths of the rows as JSON in bytes.
    json_lengths: Vec<usize>,
}

/// Encoded rows of a block.
#[derive(Debug, Default)]
pub(super) struct EncodedBlock {
    pub(super) text: String,
    /// End of each batch in `text` in bytes, with the number of rows before.
    pub(super) batch_ends: Vec<(usize, usize)>,
    pub(super) invalid_lines: Vec<InvalidLine>,
    /// Set if an error ended the rows.
    pub(super) has_failed: bool,
    /// Set if a row is not like an example.
    pub(super) has_other_rows: bool,
}

/// Decoded row.
#[derive(Debug)]
pub(super) struct DecodedRow<'r> {
    /// The row, or an example that differs from the row only in texts.
    pub(super) shape: Cow<'r, Row>,
    /// Texts of the row; `None` if the shape is the row.
    texts: Option<Vec<&'r str>>,
    /// First line of the row in the input.
    line: u64,
}

impl RowEncoder {
    pub(super) fn new(parser: BlockParser) -> Self {
        Self { parser, shared_examples: Arc::default(), examples: Examples::default() }
    }

    /// Returns the examples of all clones.
    pub(super) fn into_examples(self) -> Vec<Row> {
        let examples = self.shared_examples.lock().unwrap_or_else(PoisonError::into_inner);
        examples.rows.clone()
    }

    /// Encodes the rows of a block.
    pub(super) fn encode(&mut self, block: &RowBlock) -> Result<EncodedBlock, RowError> {
        let mut encoded = EncodedBlock::default();
        let (mut batch_start, mut batch_length, mut count) = (0, 0, 0);
        let mut rows = self.parser.rows(block);
        for row in &mut rows {
            let row = match row {
                Ok(row) => row,
                Err(RowError::InvalidLine(line)) => {
                    encoded.invalid_lines.push(line);
                    continue;
                }
                Err(error @ RowError::Input(_)) => return Err(error),
            };
            let start = encoded.text.len();
            let example = self.find_or_add_example(&row);
            encoded.has_other_rows |= example.is_none();
            encode_row(&mut encoded.text, &row, example);
            count += 1;
            batch_length += encoded.text.len() - start
                + example.map_or(0, |index| self.examples.json_lengths[index]);
            if batch_length >= BATCH_BYTES || count - batch_start >= MAX_BATCH_ROWS {
                encoded.batch_ends.push((encoded.text.len(), count));
                (batch_start, batch_length) = (count, 0);
            }
        }
        if count > batch_start {
            encoded.batch_ends.push((encoded.text.len(), count));
        }
        encoded.has_failed = rows.has_failed();
        Ok(encoded)
    }

    /// Returns the index of the example that the row is like. The row becomes an example if possible.
    fn find_or_add_example(&mut self, row: &Row) -> Option<usize> {
        self.examples.find(row).or_else(|| {
            let mut shared = self.shared_examples.lock().unwrap_or_else(PoisonError::into_inner);
            let index = shared.find(row).or_else(|| shared.add(row))?;
            self.examples = shared.clone();
            Some(index)
        })
    }
}

impl Examples {
    /// Returns the index of the example that the row is like.
    fn find(&self, row: &Row) -> Option<usize> {
        self.rows.iter().position(|example| is_like(&row.fields, &example.fields))
    }

    /// Adds an example, if it is suitable and there are few. Returns its index.
    fn add(&mut self, row: &Row) -> Option<usize> {
        if self.rows.len() == MAX_EXAMPLES || !row.fields.values().all(is_plain) {
            return None;
        }
        self.json_lengths.push(Value::from(row.fields.clone()).to_string().len());
        self.rows.push(row.clone());
        Some(self.rows.len() - 1)
    }
}

/// Appends a row: the index of its example, its line, and its texts.
fn encode_row(text: &mut String, row: &Row, example: Option<usize>) {
    // Writing to a `String` cannot fail.
    let _ = match example {
        Some(index) => write!(text, "{index}"),
        None => write!(text, "{NO_EXAMPLE}"),
    };
    let _ = write!(text, "{SEPARATOR}{}", row.line);
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

impl<'r> DecodedRow<'r> {
    /// Decodes a row; returns `None` if `encoded` is not an encoded row.
    pub(super) fn decode(examples: &'r [Row], encoded: &'r str) -> Option<Self> {
        let mut values = encoded.split(SEPARATOR);
        let (example, line) = (values.next()?, values.next()?.parse().ok()?);
        if example == NO_EXAMPLE {
            let fields: Map<String, Value> = serde_json::from_str(values.next()?).ok()?;
            let shape = Cow::Owned(Row { line, fields });
            return Some(Self { shape, texts: None, line });
        }
        let shape = Cow::Borrowed(examples.get(example.parse::<usize>().ok()?)?);
        Some(Self { shape, texts: Some(values.collect()), line })
    }

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

impl<'r> From<&'r Row> for DecodedRow<'r> {
    fn from(row: &'r Row) -> Self {
        Self { shape: Cow::Borrowed(row), texts: None, line: row.line }
    }
}
