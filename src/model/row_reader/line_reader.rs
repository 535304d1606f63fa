//! Reader that splits text of any length into chunks of bounded length: lines, or CSV records that
//! span lines.

use super::row::{RowError, invalid_line};
use crate::model::{BOM, has_utf16_bom};
use memchr::memchr_iter;
use std::io::{self, BufRead, Read};

/// Maximum length of a row in bytes, including the blank lines before the row. This maximum limits
/// memory use: parsed JSON can be a hundred times as large as its text, for example for empty
/// arrays.
pub(crate) const MAX_ROW_BYTES: usize = 128 * 1024;

const UNCLOSED_QUOTE: &str = "unclosed quote";

/// Text input with one chunk in a buffer: the current chunk.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    input: R,
    /// Skipped blank lines, followed by the text of the chunk.
    buffer: Vec<u8>,
    /// Offset of the first unconsumed byte in `buffer`.
    position: usize,
    /// Number of the first line of the chunk, counted from 1.
    line: u64,
    /// Number of line breaks in the file up to the end of `buffer`.
    lines_read: u64,
    /// True if the input includes the start of the file, where a byte order mark is accepted.
    has_file_start: bool,
}

impl<R: BufRead> LineReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            position: 0,
            line: 1,
            lines_read: 0,
            has_file_start: true,
        }
    }

    /// Starts reading a text from the middle of a file. `line` is the number of the line at which
    /// the text starts.
    pub(super) fn starting_at_line(input: R, line: u64) -> Self {
        let lines_read = line.saturating_sub(1);
        Self { line, lines_read, has_file_start: false, ..Self::new(input) }
    }

    /// Returns the number of the first line of the chunk, counted from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Returns the number of the line with the first unconsumed byte, counted from 1.
    pub(super) fn remaining_line(&self) -> u64 {
        let line_feeds = memchr_iter(b'\n', self.remaining()).count();
        let remaining_lines = u64::try_from(line_feeds).unwrap_or(u64::MAX);
        self.lines_read.saturating_sub(remaining_lines) + 1
    }

    /// Returns the unconsumed bytes of the chunk.
    pub(super) fn remaining(&self) -> &[u8] {
        self.buffer.get(self.position..).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.position = self.buffer.len().min(self.position.saturating_add(bytes));
    }

    /// Starts a new chunk with the next line that is not blank, and skips the blank lines before
    /// this line. A line is blank if `is_blank` returns true for all its bytes. Returns false at
    /// the end of the text.
    pub(super) fn next_line(&mut self, is_blank: fn(u8) -> bool) -> Result<bool, RowError> {
        self.buffer.clear();
        loop {
            self.position = self.buffer.len();
            self.line = self.lines_read + 1;
            if self.read_line()? == 0 {
                return Ok(false);
            }
            let is_file_start = self.has_file_start && self.line == 1;
            if is_file_start && has_utf16_bom(self.remaining()) {
                return Err(invalid_line(1, "UTF-16 text found, expected UTF-8"));
            }
            if is_file_start && self.remaining().starts_with(BOM) {
                self.consume(BOM.len());
            }
            if !self.remaining().iter().copied().all(is_blank) {
                return Ok(true);
            }
        }
    }

    /// Appends lines to the chunk until all quotes are closed (RFC 4180, section 2). If the last
    /// line of the text has no line break, adds a line break to the chunk. If a quote is still open
    /// at the end of the text or at [`MAX_ROW_BYTES`], returns [`Self::unclosed_quote_error`].
    pub(super) fn read_until_quotes_close(&mut self) -> Result<(), RowError> {
        let mut scan_start = self.position;
        let mut is_quote_open = false;
        loop {
            is_quote_open ^= has_open_quote(self.buffer.get(scan_start..).unwrap_or_default());
            if !is_quote_open {
                break;
            }
            scan_start = self.buffer.len();
            match self.read_line() {
                Ok(0) | Err(RowError::InvalidLine(_)) => return Err(self.unclosed_quote_error()),
                other => other?,
            };
        }
        if !self.buffer.ends_with(b"\n") {
            self.buffer.push(b'\n');
            self.lines_read += 1;
        }
        Ok(())
    }

    pub(super) fn unclosed_quote_error(&self) -> RowError {
        invalid_line(self.line, UNCLOSED_QUOTE)
    }

    /// Appends a line to the chunk. Returns the number of appended bytes: 0 at the end of the text.
    fn read_line(&mut self) -> Result<usize, RowError> {
        let limit = (MAX_ROW_BYTES + 1).saturating_sub(self.buffer.len());
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let count = Read::take(&mut self.input, limit).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.len() > MAX_ROW_BYTES {
            let reason = format!("longer than {} KiB", MAX_ROW_BYTES / 1024);
            return Err(invalid_line(self.line, &reason));
        }
        self.lines_read += u64::from(count > 0 && self.buffer.ends_with(b"\n"));
        Ok(count)
    }
}

/// Reads the unconsumed bytes of the chunk, then the text after the chunk.
impl<R: BufRead> Read for LineReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut remaining = self.remaining();
        if remaining.is_empty() {
            return self.input.read(buffer);
        }
        let count = remaining.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Returns whether a text that starts outside of quotes ends within quotes. An escaped quote needs
/// no special case, because CSV represents it as two quotes.
pub(super) fn has_open_quote(text: &[u8]) -> bool {
    memchr_iter(b'"', text).fold(false, |is_open, _| !is_open)
}
