//! Encoding of the rows of an input file. Some rows are kept as examples. A row is *like* an
//! example if it differs from the example at most in plain string values (see [`is_plain`]). Most
//! rows are like an example. Of the fields of such a row, only the string values (texts) are
//! encoded.

use super::row_shape::{MAX_EXAMPLES, differs_only_in_texts, is_plain};
use crate::model::{BlockParser, InvalidLine, Row, RowBlock, RowError};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

/// Maximum number of rows of a batch: consecutive rows whose tokens one thread signs at once.
pub(super) const MAX_BATCH_ROWS: usize = 8_000;

/// Size in bytes at which a batch ends. The size of a row is its encoded length plus the length of
/// its example as JSON.
const BATCH_BYTES: usize = 64 * 1024;

/// Character between the encoded values of a row; a plain text contains no character below U+0020.
const SEPARATOR: char = '\u{1f}';

/// Value in place of the index of an example in the encoding of a row that is like no example.
const NO_EXAMPLE: &str = "-";

/// Encoder of the rows of one file. The clones of an encoder share their examples.
#[derive(Debug, Clone)]
pub(super) struct RowEncoder {
    parser: BlockParser,
    shared_examples: Arc<Mutex<Examples>>,
    /// Own copy of the shared examples, searched without the lock; may lack the newest examples.
    examples: Examples,
}

/// Rows that are kept as examples.
#[derive(Debug, Clone, Default)]
struct Examples {
    rows: Vec<Row>,
    /// Length of each row as JSON in bytes.
    json_lengths: Vec<usize>,
}

/// Encoded rows of a block, the part of the input file that one thread parses at once.
#[derive(Debug, Default)]
pub(super) struct EncodedBlock {
    /// The encoded rows, one line each.
    pub(super) text: String,
    /// For each batch: its end in `text`, in bytes, and the number of rows of the block up to this
    /// end.
    pub(super) batch_ends: Vec<(usize, usize)>,
    pub(super) invalid_lines: Vec<InvalidLine>,
    /// Set if the rest of the file cannot be read because of an error in this block.
    pub(super) has_unreadable_rest: bool,
    /// Set if a row is like no example.
    pub(super) has_row_without_example: bool,
}

/// Decoded row.
#[derive(Debug)]
pub(super) struct DecodedRow<'r> {
    /// The row itself, or the example that the row is like.
    pub(super) shape: Cow<'r, Row>,
    /// String values of the row; `None` if `shape` is the row itself.
    texts: Option<Vec<&'r str>>,
    /// First line of the row in the input; 0 if the row is not from a file.
    line: u64,
}

impl RowEncoder {
    pub(super) fn new(parser: BlockParser) -> Self {
        Self { parser, shared_examples: Arc::default(), examples: Examples::default() }
    }

    /// Returns the examples, which all clones share.
    pub(super) fn into_examples(self) -> Vec<Row> {
        let examples = self.shared_examples.lock().unwrap_or_else(PoisonError::into_inner);
        examples.rows.clone()
    }

    /// Encodes the valid rows of a block, and collects the invalid lines.
    pub(super) fn encode(&mut self, block: &RowBlock) -> Result<EncodedBlock, RowError> {
        let mut encoded = EncodedBlock::default();
        let (mut batch_first_row, mut batch_bytes, mut row_count) = (0, 0, 0);
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
            encoded.has_row_without_example |= example.is_none();
            encode_row(&mut encoded.text, &row, example);
            row_count += 1;
            batch_bytes += encoded.text.len() - start
                + example.map_or(0, |index| self.examples.json_lengths[index]);
            if batch_bytes >= BATCH_BYTES || row_count - batch_first_row >= MAX_BATCH_ROWS {
                encoded.batch_ends.push((encoded.text.len(), row_count));
                (batch_first_row, batch_bytes) = (row_count, 0);
            }
        }
        if row_count > batch_first_row {
            encoded.batch_ends.push((encoded.text.len(), row_count));
        }
        encoded.has_unreadable_rest = rows.has_unreadable_rest();
        Ok(encoded)
    }

    /// Returns the index of the example that the row is like. Without such an example, adds the row
    /// as an example, if possible, and returns the index of the new example.
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
        self.rows.iter().position(|example| differs_only_in_texts(&row.fields, &example.fields))
    }

    /// Adds the row as an example and returns the index of the example. Returns `None` if a value
    /// of the row is not plain, or if [`MAX_EXAMPLES`] examples exist.
    fn add(&mut self, row: &Row) -> Option<usize> {
        if self.rows.len() == MAX_EXAMPLES || !row.fields.values().all(is_plain) {
            return None;
        }
        self.json_lengths.push(Value::from(row.fields.clone()).to_string().len());
        self.rows.push(row.clone());
        Some(self.rows.len() - 1)
    }
}

/// Appends an encoded row to `text`. A row with an `example` consists of the index of the example,
/// the line number of the row, and the string values of the row. A row without an example consists
/// of [`NO_EXAMPLE`], the line number, and the fields as JSON.
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
        // JSON in one line contains no character below U+0020.
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

    /// Returns the string values of the row.
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
