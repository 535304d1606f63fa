//! Text of any length in pieces of bounded length: lines, and records that span lines.

use super::{RowError, bad};
use std::io::{self, BufRead, Read};

/// The longest row of a file in bytes, with the empty lines before it. JSON of empty arrays takes a
/// hundred times its length in memory.
pub(crate) const LARGEST_ROW: usize = 128 * 1024;

const OPEN_QUOTE: &str = "a quote is not closed";

/// The mark of UTF-8, which some editors put before a text.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A text and its current piece.
#[derive(Debug)]
pub(super) struct Text<R> {
    input: R,
    piece: Vec<u8>,
    /// The first byte of the piece that is not taken.
    at: usize,
    /// The line that the piece begins on, from 1.
    line: u64,
    /// Lines that were read to their end.
    ended: u64,
}

impl<R: BufRead> Text<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, piece: Vec::new(), at: 0, line: 1, ended: 0 }
    }

    /// The line that the piece begins on, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The bytes of the piece that are not taken.
    pub(super) fn rest(&self) -> &[u8] {
        self.piece.get(self.at..).unwrap_or_default()
    }

    pub(super) fn take(&mut self, bytes: usize) {
        self.at = self.piece.len().min(self.at.saturating_add(bytes));
    }

    /// Begins a piece with the next line that is not empty; returns false at the end of the text.
    pub(super) fn next_line(&mut self, is_empty: fn(u8) -> bool) -> Result<bool, RowError> {
        self.piece.clear();
        loop {
            self.at = self.piece.len();
            self.line = self.ended + 1;
            if self.read_line()? == 0 {
                return Ok(false);
            }
            if self.line == 1 && self.rest().starts_with(MARK) {
                self.take(MARK.len());
            }
            if !self.rest().iter().copied().all(is_empty) {
                return Ok(true);
            }
        }
    }

    /// Adds lines to the piece until each of its quotes is closed (RFC 4180, section 2). The piece
    /// ends with a line break then.
    pub(super) fn close_quotes(&mut self) -> Result<(), RowError> {
        let mut counted = self.at;
        let mut is_open = false;
        loop {
            is_open ^= has_open_quote(self.piece.get(counted..).unwrap_or_default());
            if !is_open {
                break;
            }
            counted = self.piece.len();
            match self.read_line() {
                Ok(0) | Err(RowError::Bad(_)) => return Err(self.open_quote()),
                other => other?,
            };
        }
        if !self.piece.ends_with(b"\n") {
            self.piece.push(b'\n');
        }
        Ok(())
    }

    pub(super) fn open_quote(&self) -> RowError {
        bad(self.line, OPEN_QUOTE)
    }

    /// Adds a line to the piece; returns the number of its bytes.
    fn read_line(&mut self) -> Result<usize, RowError> {
        let room = (LARGEST_ROW + 1).saturating_sub(self.piece.len());
        let room = u64::try_from(room).unwrap_or(u64::MAX);
        let read = Read::take(&mut self.input, room).read_until(b'\n', &mut self.piece)?;
        if self.piece.len() > LARGEST_ROW {
            let why = format!("it is longer than {} KiB", LARGEST_ROW / 1024);
            return Err(bad(self.line, &why));
        }
        self.ended += u64::from(self.piece.ends_with(b"\n"));
        Ok(read)
    }
}

/// What is left of the piece, and the text after it.
impl<R: BufRead> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.rest();
        if rest.is_empty() {
            return self.input.read(buffer);
        }
        let read = rest.read(buffer)?;
        self.take(read);
        Ok(read)
    }
}

/// Returns whether the number of quotes is odd.
pub(super) fn has_open_quote(record: &[u8]) -> bool {
    record.iter().filter(|byte| **byte == b'"').fold(false, |is_open, _| !is_open)
}
