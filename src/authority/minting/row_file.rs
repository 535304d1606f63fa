//! Rows of an input file, parsed once and kept in a temporary file instead of in memory.

use super::super::Error;
use super::row_encoder::{DecodedRow, EncodedBlock, RowEncoder};
use crate::model::{InvalidLines, Row, RowReader};
use crate::parallel::{map_stream_in_order, worker_count};
use crate::store;
use std::fs::File;
use std::io::{self, BufRead, Write};
use std::iter;
use std::os::unix::fs::FileExt;

/// Encoded rows in a temporary file without a name, so that no file remains on any exit. A batch is
/// a group of consecutive rows whose tokens one thread signs at once.
#[derive(Debug)]
pub(super) struct RowFile {
    file: File,
    /// For each batch: its end in the file, in bytes, and the number of rows up to this end.
    batch_ends: Vec<(u64, usize)>,
    /// Some rows of the input. Most rows differ from an example at most in plain string values (see
    /// [`super::row_shape::is_plain`]).
    examples: Vec<Row>,
    /// Set if a row differs from every example in more than plain string values.
    has_row_without_example: bool,
}

/// Encoded rows of one batch of a [`RowFile`].
#[derive(Debug)]
pub(super) struct EncodedRows<'r> {
    examples: &'r [Row],
    /// Encoded rows, one line each.
    text: String,
    /// Number of rows of the batch.
    count: usize,
}

impl RowFile {
    /// Reads one row per token from CSV or JSON Lines. Several threads parse and encode the rows.
    pub(super) fn read(input: impl BufRead + Send + 'static) -> Result<Self, Error> {
        let (blocks, parser) = RowReader::new(input)?.into_blocks();
        let encoder = RowEncoder::new(parser.clone());
        let workers = iter::repeat_n(&encoder, worker_count()).cloned();
        let workers =
            workers.map(|mut encoder| move |block| encoder.encode(&block).map_err(Error::from));
        let file = tempfile::tempfile().map_err(|error| to_temporary_file_error(&error))?;
        let mut row_file = Self {
            file,
            batch_ends: Vec::new(),
            examples: Vec::new(),
            has_row_without_example: false,
        };
        let mut invalid_lines = InvalidLines::default();
        let blocks = blocks.map(|block| block.map_err(Error::from));
        map_stream_in_order(
            blocks,
            workers,
            || Ok(()),
            |block| {
                row_file.append(&block)?;
                for line in block.invalid_lines {
                    invalid_lines.push(line)?;
                }
                // The next blocks cannot be read, so the invalid lines are reported now.
                if block.has_unreadable_rest {
                    Ok(std::mem::take(&mut invalid_lines).into_result()?)
                } else {
                    Ok(())
                }
            },
        )?;
        invalid_lines.into_result()?;
        if row_file.batch_ends.is_empty() {
            return Err(parser.no_rows_error().into());
        }
        row_file.examples = encoder.into_examples();
        Ok(row_file)
    }

    /// Appends the encoded rows of a block, the part of the input that one thread parses at once.
    fn append(&mut self, block: &EncodedBlock) -> Result<(), Error> {
        let (length, count) = self.batch_ends.last().copied().unwrap_or_default();
        self.batch_ends.extend(block.batch_ends.iter().map(|(block_length, block_count)| {
            (length + u64::try_from(*block_length).unwrap_or(u64::MAX), count + block_count)
        }));
        self.has_row_without_example |= block.has_row_without_example;
        let written = self.file.write_all(block.text.as_bytes());
        written.map_err(|error| to_temporary_file_error(&error))
    }

    /// Returns the number of rows of the file.
    pub(super) fn count(&self) -> usize {
        self.batch_ends.last().map_or(0, |(_, count)| *count)
    }

    /// Returns example rows: each row of the file differs from an example at most in plain string
    /// values. Returns `None` if a row of the file differs from every example in more.
    pub(super) fn examples(&self) -> Option<&[Row]> {
        (!self.has_row_without_example).then_some(&*self.examples)
    }

    /// Returns the rows from `first_row` on, in batches; `first_row` must be the first row of a
    /// batch.
    pub(super) fn batches(
        &self,
        first_row: usize,
    ) -> impl Iterator<Item = Result<EncodedRows<'_>, Error>> + Send {
        let starts = iter::once((0, 0)).chain(self.batch_ends.iter().copied());
        let batches = starts.zip(&self.batch_ends);
        batches.skip_while(move |((_, start_row), _)| *start_row < first_row).map(
            |((start, start_row), (end, end_row))| {
                let mut text = vec![0; usize::try_from(end - start).unwrap_or(usize::MAX)];
                let read = self.file.read_exact_at(&mut text, start);
                read.map_err(|error| to_temporary_file_error(&error))?;
                let text = String::from_utf8(text).map_err(|_| damaged_file_error())?;
                Ok(EncodedRows { examples: &self.examples, text, count: end_row - start_row })
            },
        )
    }
}

impl EncodedRows<'_> {
    /// Returns the number of rows of the batch.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// Decodes the rows.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<DecodedRow<'_>, Error>> {
        let lines = self.text.lines();
        lines.map(|line| DecodedRow::decode(self.examples, line).ok_or_else(damaged_file_error))
    }
}

fn to_temporary_file_error(error: &io::Error) -> Error {
    store::Error::Failed(format!("temporary file: {error}")).into()
}

fn damaged_file_error() -> Error {
    store::Error::Failed("temporary file damaged".to_owned()).into()
}
