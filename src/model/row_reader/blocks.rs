//! Division of a file into blocks of complete rows, so that several threads can parse the rows.

use super::line_reader::{LineReader, MAX_ROW_BYTES, has_open_quote};
use super::row::RowError;
use super::{InputFormat, RowReader};
use memchr::memchr_iter;
use std::io::{BufRead, Read};

/// Maximum length of a block in bytes. If a block of this length contains no end of a row, its row
/// is longer than [`MAX_ROW_BYTES`]. The parser refuses such a row.
const BLOCK_BYTES: usize = 2 * MAX_ROW_BYTES;

/// Consecutive complete rows of a file, or the start of a row that is too long.
#[derive(Debug)]
pub(crate) struct RowBlock {
    text: Vec<u8>,
    /// Line number in the file at which the block starts, counted from 1.
    first_line: u64,
}

/// Iterator over the blocks of a file.
#[derive(Debug)]
pub(crate) struct RowBlocks<R> {
    reader: LineReader<R>,
    /// True for CSV, in which a row can contain line breaks within quotes.
    is_csv: bool,
    /// Text that was read but is not part of a returned block yet.
    rest: Vec<u8>,
    /// Line number in the file at which `rest` starts, counted from 1.
    line: u64,
}

/// Parser of the blocks of one file. Threads can use clones of the parser at the same time.
#[derive(Debug, Clone)]
pub(crate) struct BlockParser(InputFormat);

impl<R: BufRead> RowReader<R> {
    /// Returns an iterator over blocks of rows, and a parser for these blocks. Precondition: the
    /// file is not a JSON list, and no row was read before.
    pub(crate) fn into_blocks(self) -> (RowBlocks<R>, BlockParser) {
        let line = self.reader.remaining_line();
        let (reader, is_csv) = (self.reader, matches!(self.format, InputFormat::Csv(_)));
        (RowBlocks { reader, is_csv, rest: Vec::new(), line }, BlockParser(self.format))
    }
}

impl BlockParser {
    /// Returns the rows of a block. A block can have no rows, for example if all lines are blank.
    pub(crate) fn rows<'b>(&self, block: &'b RowBlock) -> RowReader<&'b [u8]> {
        RowReader {
            reader: LineReader::starting_at_line(&block.text, block.first_line),
            format: self.0.clone(),
            is_line_pending: false,
            requires_row: false,
            accepts_json_list: false,
        }
    }

    /// Returns the error for a file without rows.
    pub(crate) fn no_rows_error(&self) -> RowError {
        self.0.no_rows_error()
    }
}

impl<R: BufRead> Iterator for RowBlocks<R> {
    type Item = Result<RowBlock, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut text = Vec::with_capacity(BLOCK_BYTES);
        text.append(&mut self.rest);
        let limit = u64::try_from(BLOCK_BYTES - text.len()).unwrap_or(u64::MAX);
        if let Err(error) = self.reader.by_ref().take(limit).read_to_end(&mut text) {
            return Some(Err(error.into()));
        }
        if text.is_empty() {
            return None;
        }
        let first_line = self.line;
        // A shorter text is the rest of the file.
        if text.len() == BLOCK_BYTES
            && let Some((end, line_count)) = find_last_row_end(&text, self.is_csv)
        {
            self.rest = text.split_off(end);
            self.line += line_count;
        }
        Some(Ok(RowBlock { text, first_line }))
    }
}

/// Returns the offset after the last complete row of a text that starts with a row, and the number
/// of lines before this offset. Returns `None` if no row is complete.
fn find_last_row_end(text: &[u8], is_csv: bool) -> Option<(usize, u64)> {
    let (mut last_end, mut start, mut is_quote_open) = (None, 0, false);
    for (line_count, line_feed) in (1..).zip(memchr_iter(b'\n', text)) {
        let end = line_feed + 1;
        is_quote_open ^= is_csv && has_open_quote(text.get(start..end).unwrap_or_default());
        start = end;
        if !is_quote_open {
            last_end = Some((end, line_count));
        }
    }
    last_end
}
