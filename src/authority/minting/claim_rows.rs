//! Per-token claims of a bulk mint. Memory use does not depend on the number of tokens.

use super::super::Error;
use super::row_shape::{MAX_EXAMPLES, is_like, is_plain};
use crate::model::{InvalidLines, Row, RowError, RowReader, TextPosition};
use crate::store;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Maximum number of tokens per transaction.
pub(super) const MAX_BATCH_TOKENS: usize = 8_000;

/// Upper limit for the headers and claims of a batch as JSON, in bytes. The tokens are longer by a
/// third and by the signatures.
const BATCH_BYTES: usize = 2 * 1024 * 1024;

/// Length of the rows of a batch at which the batch ends, in bytes.
const BATCH_TEXT_BYTES: u64 = 64 * 1024;

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
    /// One row per token.
    FromFile(InputCopy),
}

/// Copy of an input file. The copy has no name, so that no file remains on any exit.
#[derive(Debug)]
struct InputCopy {
    file: File,
    /// Header of CSV, and its end.
    header: Vec<u8>,
    header_end: TextPosition,
    /// End of each batch, with the number of rows before.
    batch_ends: Vec<(TextPosition, usize)>,
    /// Rows such that each row differs from one of them only in its texts, if they are few.
    examples: Option<Vec<Row>>,
}

/// Iterator over rows.
type Rows<'r> = Box<dyn Iterator<Item = Result<Cow<'r, Row>, Error>> + 'r>;

/// Consecutive rows.
#[derive(Debug)]
pub(super) enum RowBatch<'r> {
    /// The same row for a number of tokens.
    Repeated(&'r Row, usize),
    /// Text of a file with rows, to be parsed after its header.
    Text {
        header: &'r [u8],
        text: Vec<u8>,
        /// Number of rows.
        count: usize,
        /// Number of lines of the file between header and text.
        skipped_lines: u64,
    },
}

impl RowBatch<'_> {
    /// Returns the number of tokens.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Repeated(_, count) | Self::Text { count, .. } => *count,
        }
    }

    /// Returns an iterator over the row of each token.
    pub(super) fn rows(&self) -> Result<Rows<'_>, Error> {
        Ok(match self {
            Self::Repeated(row, count) => {
                Box::new(std::iter::repeat_n(*row, *count).map(|row| Ok(Cow::Borrowed(row))))
            }
            Self::Text { header, text, skipped_lines, .. } => {
                let rows = RowReader::new(header.chain(text.as_slice()))?;
                Box::new(rows.map(move |row| {
                    let row = row?;
                    Ok(Cow::Owned(Row { line: row.line + skipped_lines, ..row }))
                }))
            }
        })
    }
}

impl ClaimRows {
    /// Reads one row per token from CSV or JSON Lines.
    pub(crate) fn read(input: impl BufRead) -> Result<Self, Error> {
        let file = tempfile::tempfile().map_err(|error| to_temporary_file_error(&error))?;
        let mut writer = BufWriter::new(&file);
        let mut rows = RowReader::new(BufReader::new(CopyingReader { input, copy: &mut writer }))?;
        let header_end = rows.header_end();
        let (mut count, mut batch_start) = (0, (header_end, 0));
        let (mut batch_ends, mut examples) = (Vec::new(), Some(Vec::new()));
        let mut invalid_lines = InvalidLines::default();
        while let Some(row) = rows.next() {
            count += 1;
            match row {
                Ok(row) => examples = examples.and_then(|examples| add_example(examples, row)),
                Err(RowError::InvalidLine(line)) => invalid_lines.push(line)?,
                Err(error @ RowError::Input(_)) => return Err(error.into()),
            }
            if let Some(end) = rows.row_end()
                && (end.bytes - batch_start.0.bytes >= BATCH_TEXT_BYTES
                    || count - batch_start.1 >= MAX_BATCH_TOKENS)
            {
                batch_start = (end, count);
                batch_ends.push(batch_start);
            }
        }
        invalid_lines.into_result()?;
        if count > batch_start.1 {
            batch_ends.push((rows.text_end(), count));
        }
        drop(rows);
        writer.flush().map_err(|error| to_temporary_file_error(&error))?;
        drop(writer);
        let header = read_text(&file, 0, header_end.bytes)?;
        let copy = InputCopy { file, header, header_end, batch_ends, examples };
        Ok(Self { rows: RowSource::FromFile(copy), count })
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

    /// Returns rows of a file such that each row differs from one of them only in its texts.
    pub(super) fn examples(&self) -> Option<&[Row]> {
        match &self.rows {
            RowSource::Repeated(_) => None,
            RowSource::FromFile(copy) => copy.examples.as_deref(),
        }
    }

    /// Returns the rows whose validity implies the validity of all rows. Two copies represent any
    /// number of identical rows: two are needed to detect a repeated `jti`.
    pub(super) fn sample(&self) -> Range<usize> {
        match self.rows {
            RowSource::Repeated(_) => 0..self.count.min(2),
            RowSource::FromFile(_) => 0..self.count,
        }
    }

    /// Returns the rows in `range`, which is a whole number of batches of a file, in batches.
    /// `json_length` is the maximum length of header and claims of a token as JSON in bytes, if the
    /// rows are the same.
    pub(super) fn batches(
        &self,
        range: Range<usize>,
        json_length: usize,
    ) -> Box<dyn Iterator<Item = Result<RowBatch<'_>, Error>> + Send + '_> {
        match &self.rows {
            RowSource::Repeated(row) => {
                let batch_size = (BATCH_BYTES / json_length.max(1)).clamp(1, MAX_BATCH_TOKENS);
                let offsets = range.clone().step_by(batch_size);
                Box::new(offsets.map(move |offset| {
                    Ok(RowBatch::Repeated(row, batch_size.min(range.end - offset)))
                }))
            }
            RowSource::FromFile(copy) => {
                let starts = std::iter::once((copy.header_end, 0)).chain(copy.batch_ends.clone());
                let batches = starts.zip(&copy.batch_ends);
                let batches = batches.skip_while(move |((_, row), _)| *row < range.start);
                Box::new(batches.map(|(start, end)| copy.read_batch(start, *end)))
            }
        }
    }
}

impl InputCopy {
    fn read_batch(
        &self,
        (start, first_row): (TextPosition, usize),
        (end, end_row): (TextPosition, usize),
    ) -> Result<RowBatch<'_>, Error> {
        Ok(RowBatch::Text {
            header: &self.header,
            text: read_text(&self.file, start.bytes, end.bytes)?,
            count: end_row - first_row,
            skipped_lines: start.lines - self.header_end.lines,
        })
    }
}

fn read_text(file: &File, start: u64, end: u64) -> Result<Vec<u8>, Error> {
    let mut text = vec![0; usize::try_from(end - start).unwrap_or(usize::MAX)];
    file.read_exact_at(&mut text, start).map_err(|error| to_temporary_file_error(&error))?;
    Ok(text)
}

/// Adds a row unless it is like one of the examples. Returns `None` if the row cannot be added.
fn add_example(mut examples: Vec<Row>, row: Row) -> Option<Vec<Row>> {
    if examples.iter().any(|example| is_like(&row.fields, &example.fields)) {
        return Some(examples);
    }
    let can_be_added = examples.len() < MAX_EXAMPLES && row.fields.values().all(is_plain);
    can_be_added.then(|| {
        examples.push(row);
        examples
    })
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
