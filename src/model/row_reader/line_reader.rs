//! Text of any length in pieces of bounded length: lines, and records that span lines.

use super::{RowError, invalid_line};
use std::io::{self, BufRead, Read};

/// The longest row of a file in bytes, with the empty lines before it. JSON of empty arrays takes a
/// hundred times its length in memory.
pub(crate) const MAX_ROW_BYTES: usize = 128 * 1024;

const UNCLOSED_QUOTE: &str = "a quote is not closed";

/// The mark of UTF-8, which some editors put before a text.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// A text and its current piece.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    input: R,
    buffer: Vec<u8>,
    /// The first byte of the piece that is not taken.
    position: usize,
    /// The line that the piece begins on, from 1.
    line: u64,
    /// Lines that were read to their end.
    lines_read: u64,
}

impl<R: BufRead> LineReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), position: 0, line: 1, lines_read: 0 }
    }

    /// The line that the piece begins on, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The bytes of the piece that are not taken.
    pub(super) fn remaining(&self) -> &[u8] {
        self.buffer.get(self.position..).unwrap_or_default()
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.position = self.buffer.len().min(self.position.saturating_add(bytes));
    }

    /// Begins a piece with the next line that is not empty; returns false at the end of the text.
    pub(super) fn next_line(&mut self, is_empty: fn(u8) -> bool) -> Result<bool, RowError> {
        self.buffer.clear();
        loop {
            self.position = self.buffer.len();
            self.line = self.lines_read + 1;
            if self.read_line()? == 0 {
                return Ok(false);
            }
            if self.line == 1 && self.remaining().starts_with(BOM) {
                self.consume(BOM.len());
            }
            if !self.remaining().iter().copied().all(is_empty) {
                return Ok(true);
            }
        }
    }

    /// Adds lines to the piece until each of its quotes is closed (RFC 4180, section 2). The piece
    /// ends with a line break then.
    pub(super) fn read_until_quotes_close(&mut self) -> Result<(), RowError> {
        let mut scanned = self.position;
        let mut is_open = false;
        loop {
            is_open ^= has_open_quote(self.buffer.get(scanned..).unwrap_or_default());
            if !is_open {
                break;
            }
            scanned = self.buffer.len();
            match self.read_line() {
                Ok(0) | Err(RowError::InvalidLine(_)) => return Err(self.unclosed_quote_error()),
                other => other?,
            };
        }
        if !self.buffer.ends_with(b"\n") {
            self.buffer.push(b'\n');
        }
        Ok(())
    }

    pub(super) fn unclosed_quote_error(&self) -> RowError {
        invalid_line(self.line, UNCLOSED_QUOTE)
    }

    /// Adds a line to the piece; returns the number of its bytes.
    fn read_line(&mut self) -> Result<usize, RowError> {
        let limit = (MAX_ROW_BYTES + 1).saturating_sub(self.buffer.len());
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let count = Read::take(&mut self.input, limit).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.len() > MAX_ROW_BYTES {
            let reason = format!("it is longer than {} KiB", MAX_ROW_BYTES / 1024);
            return Err(invalid_line(self.line, &reason));
        }
        self.lines_read += u64::from(self.buffer.ends_with(b"\n"));
        Ok(count)
    }
}

/// What is left of the piece, and the text after it.
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

/// Returns whether the number of quotes is odd.
pub(super) fn has_open_quote(record: &[u8]) -> bool {
    record.iter().filter(|byte| **byte == b'"').fold(false, |is_open, _| !is_open)
}
