//! Tokens on standard input, one per line, which several threads verify.

use super::environment::MALFORMED_TOKEN;
use super::input_files::{InputKind, stdin_error, total_of_file};
use super::run_console::RunConsole;
use crate::crypto::MAX_TOKEN_BYTES;
use crate::failure::{Code, Failure};
use crate::model::{BOM, extract_token, has_utf16_bom};
use crate::parallel::{ThreadError, map_stream_in_order, worker_count};
use crate::signals::Interrupted;
use crate::terminal::Total;
use memchr::{memchr_iter, memrchr};
use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use zeroize::optimization_barrier;

/// Maximum length of a line in bytes. A longer line is truncated. The truncated line is still too
/// long for a token and therefore refused, unless most of the line is whitespace.
const MAX_LINE_BYTES: usize = 2 * MAX_TOKEN_BYTES;

/// Maximum length in bytes of the lines of a [`TokenChunk`] after the first line. Large chunks make
/// verification fast: the records of many tokens of a chunk are on the same pages of the store.
const BUFFER_BYTES: usize = 8 * 1024 * 1024;

impl RunConsole {
    /// Returns the length in bytes of a file on standard input. For other input, such as a pipe,
    /// returns `Total::Items(0)`: an unknown number of tokens.
    pub(crate) fn size_of_token_input() -> Total {
        total_of_file(io::stdin().as_fd()).unwrap_or(Total::Items(0))
    }

    /// Reads tokens from standard input for `argument`, one per line, and passes chunks of lines to
    /// the workers that `start_worker` creates, each on its own thread. Passes the results to
    /// `consume` in the order of the lines. Returns `true` after the last line. Ends early and
    /// returns `false` if `consume` returns `false`. An error of `check_interrupted`, which is
    /// called at intervals while no result is ready, is returned.
    ///
    /// A chunk consists of one line and the further lines that are already in the input buffer, so
    /// that a program that writes one line can read the result before it writes the next line.
    pub(crate) fn map_token_lines<W, O: Send + 'static>(
        &self,
        argument: &'static str,
        start_worker: impl FnMut() -> Result<W, Failure>,
        check_interrupted: impl Fn() -> Result<(), Interrupted>,
        mut consume: impl FnMut(O) -> Result<bool, Failure>,
    ) -> Result<bool, Failure>
    where
        W: FnMut(TokenChunk) -> Result<O, Failure> + Send + 'static,
    {
        let (stream, _guard) = self.open_stdin(InputKind::TokenLines, argument)?.into_parts();
        let mut input = BufReader::with_capacity(BUFFER_BYTES, stream);
        let chunks = std::iter::from_fn(move || TokenChunk::read(&mut input).transpose());
        let workers = std::iter::repeat_with(start_worker).take(worker_count());
        let workers = workers.collect::<Result<Vec<_>, _>>()?;
        let workers =
            workers.into_iter().map(|mut worker| move |chunk| worker(chunk).map_err(Some));
        let chunks = chunks.map(|chunk| chunk.map_err(Some));
        let check = || check_interrupted().map_err(|interrupted| Some(interrupted.into()));
        // The error `None` ends the work early, without a failure.
        let result = map_stream_in_order(chunks, workers, check, |output| {
            if consume(output)? { Ok(()) } else { Err(None) }
        });
        match result {
            Ok(()) => Ok(true),
            Err(None) => Ok(false),
            Err(Some(failure)) => Err(failure),
        }
    }
}

impl From<ThreadError> for Option<Failure> {
    fn from(error: ThreadError) -> Self {
        Some(error.into())
    }
}

/// Consecutive lines of standard input, cleared from memory on drop.
pub(crate) struct TokenChunk(Vec<u8>);

impl Drop for TokenChunk {
    fn drop(&mut self) {
        // `fill` writes many bytes at once; `zeroize` itself would write the bytes one by one.
        self.0.fill(0);
        optimization_barrier(self.0.as_slice());
    }
}

impl TokenChunk {
    /// Reads one line, and all further lines that are complete in the buffer. Returns `None` at the
    /// end of the input.
    fn read(input: &mut BufReader<impl Read>) -> Result<Option<Self>, Failure> {
        // This vector never grows: a reallocation would leave a copy of the tokens in memory.
        let mut chunk = Self(Vec::with_capacity(MAX_LINE_BYTES + BUFFER_BYTES));
        let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
        let first_line = input.by_ref().take(limit).read_until(b'\n', &mut chunk.0);
        if first_line.map_err(stdin_error)? == 0 {
            return Ok(None);
        }
        // The line is too long, or is the last line of the input.
        if chunk.0.last() != Some(&b'\n') {
            input.skip_until(b'\n').map_err(stdin_error)?;
            return Ok(Some(chunk));
        }
        let last_end = memrchr(b'\n', input.buffer());
        let length = last_end.map_or(0, |end| end + 1);
        chunk.0.extend_from_slice(input.buffer().get(..length).unwrap_or_default());
        input.consume(length);
        Ok(Some(chunk))
    }

    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns the token in each line; see [`parse_line`] for lines without a token.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = Result<Cow<'_, str>, Failure>> {
        let text = self.0.as_slice();
        let mut start = 0;
        let ends = memchr_iter(b'\n', text).map(|line_feed| line_feed + 1);
        // The last line may have no line feed.
        let lines = ends.chain([text.len()]).filter_map(move |end| {
            let line = text.get(std::mem::replace(&mut start, end)..end)?;
            (!line.is_empty()).then_some(line)
        });
        lines.map(parse_line)
    }
}

/// Returns the token in a line, as [`extract_token`] does. Returns [`MALFORMED_TOKEN`] if that
/// function fails, or if the line is not UTF-8. A UTF-16 byte order mark, and a list of several
/// tokens from `-o json`, are errors.
fn parse_line(line: &[u8]) -> Result<Cow<'_, str>, Failure> {
    if has_utf16_bom(line) {
        let message = "UTF-16 text found, expected UTF-8";
        return Err(Failure::new(Code::InvalidInput, message)
            .with_hint("convert the file: iconv -f UTF-16 -t UTF-8 FILE"));
    }
    match str::from_utf8(line.strip_prefix(BOM).unwrap_or(line)).map(extract_token) {
        Ok(Ok(token)) => Ok(token),
        Ok(Err(_)) if line.starts_with(br#"{"items":["#) => {
            let message = "JSON list found, expected one token per line";
            Err(Failure::new(Code::InvalidInput, message)
                .with_hint("use `-o jsonl` to write one object per line"))
        }
        Ok(Err(_)) | Err(_) => Ok(Cow::Borrowed(MALFORMED_TOKEN)),
    }
}
