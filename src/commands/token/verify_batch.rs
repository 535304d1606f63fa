//! `jeton token verify --batch`: several threads verify the tokens on standard input. Each thread
//! has a worker, which verifies one chunk after another. A chunk is a number of consecutive lines.

use super::verification_keys::VerificationKeys;
use super::verify_output::{ExampleLine, VerifyOutput};
use crate::app::{App, JsonLines, Monitor, RunConsole, TokenChunk, Total};
use crate::authority::Error;
use crate::authority::verification::{Expectations, ThirdPartyVerifier, Verdict, with_verifier};
use crate::commands::views::pluralize;
use crate::failure::Failure;
use crate::model::{Jti, TimeSpec, Timestamp, TokenId};
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// Prints a result for each line, in order. If there are invalid tokens, returns the error of the
/// first invalid token, with the number of invalid tokens in the message. If standard output is a
/// pipe that its reader closes, ends early without an error.
pub(super) fn verify_batch(
    app: &mut App,
    keys: &VerificationKeys,
    expectations: &Expectations,
    at: Option<TimeSpec>,
) -> Result<(), Failure> {
    let console = Rc::clone(&app.console);
    let (mut line_count, mut invalid_count, mut first_error) = (0, 0, None);
    let total = RunConsole::size_of_token_input();
    let monitor = Monitor::start_filter(&console, "verifying", total)?;
    let write_results = |results: ChunkResults| {
        if !console.write_json_lines(&results.lines)? {
            return Ok(false);
        }
        if let Some((line, error)) = results.first_error {
            first_error.get_or_insert((line_count + line, error));
        }
        line_count += results.line_count;
        invalid_count += results.invalid_count;
        results.failure.map_or(Ok(()), Err)?;
        monitor.advance(match total {
            Total::Items(_) | Total::Uncounted => results.line_count,
            Total::Bytes(_) => results.byte_count,
        })?;
        Ok(true)
    };
    let (new_worker, check) = (|| start_worker(app, keys, expectations, at), || monitor.check());
    let result = console.map_token_lines("--batch", new_worker, check, write_results);
    let is_complete = monitor.finish(result, || {
        let tokens = pluralize(line_count, "token");
        format!(" after {tokens}, {invalid_count} of them invalid; the results of these tokens were printed")
    })?;
    if !is_complete {
        return Ok(());
    }
    let Some((line, error)) = first_error else { return Ok(()) };
    let mut failure = Failure::from(error);
    failure.message = format!(
        "{invalid_count} of {line_count} tokens are invalid; line {line}: {}",
        failure.message
    );
    Err(failure)
}

/// Function that verifies the tokens of a chunk.
type Worker = Box<dyn FnMut(TokenChunk) -> Result<ChunkResults, Failure> + Send>;

/// Creates the worker of one thread. The worker reads the clock at the start of each chunk, and
/// verifies all tokens of the chunk at this time. If `at` is given, the time claims are compared
/// with `at` instead. With keys of the store, the worker verifies all tokens of a chunk in one
/// snapshot of the store.
fn start_worker(
    app: &mut App,
    keys: &VerificationKeys,
    expectations: &Expectations,
    at: Option<TimeSpec>,
) -> Result<Worker, Failure> {
    let clock = app.store.clock();
    let mut expectations = expectations.clone();
    Ok(match keys {
        VerificationKeys::Store => {
            let mut store = app.store.get()?.open_reader()?;
            Box::new(move |chunk| {
                expectations.set_time(clock.read_again()?, at)?;
                with_verifier(&mut store, &expectations, |verifier| {
                    // If the store is on a server, loads the rows of all tokens with a few queries.
                    verifier.prefetch(chunk.tokens().filter_map(Result::ok))?;
                    verify_chunk(&chunk, expectations.now, |token| verifier.verify(token))
                })
            })
        }
        VerificationKeys::External(keys) => {
            let keys = Arc::clone(keys);
            Box::new(move |chunk| {
                expectations.set_time(clock.read_again()?, at)?;
                let mut verifier = ThirdPartyVerifier::new(&keys, &expectations);
                verify_chunk(&chunk, expectations.now, |token| {
                    Ok(Verdict::Report(Box::new(verifier.verify(token))))
                })
            })
        }
    })
}

/// Results of the lines of one chunk.
#[derive(Default)]
struct ChunkResults {
    /// JSON of the results, one line for each result.
    lines: JsonLines,
    /// Number of results.
    line_count: usize,
    /// Length of the chunk, in bytes of the input.
    byte_count: usize,
    /// Number of results of invalid tokens.
    invalid_count: usize,
    /// First line with an invalid token: the number of the line in the chunk, from 1, and the
    /// error.
    first_error: Option<(usize, Error)>,
    /// Failure because of which the next line has no result. The failure ends the verification
    /// after the output of `lines`.
    failure: Option<Failure>,
}

/// Verifies the tokens of a chunk. The order of verification is the order of the texts, because
/// tokens with similar texts have neighbouring rows in the store. The results are in the order of
/// the lines. If a failure prevents the verification of a token, the results end before the line of
/// this token.
fn verify_chunk(
    chunk: &TokenChunk,
    now: Timestamp,
    mut verify: impl FnMut(&str) -> Result<Verdict, Error>,
) -> Result<ChunkResults, Failure> {
    let mut tokens: Vec<_> = chunk.tokens().collect();
    let mut renderer = Renderer { lines: JsonLines::default(), now, example_line: None };
    // The initial values are placeholders. The verification of a token replaces the value of its
    // line.
    let mut results: Vec<_> = tokens.iter().map(|_| LineResult::Invalid(0..0)).collect();
    let (mut first_error, mut failure) = (None, None);
    for index in order_by_text(&tokens) {
        let token = std::mem::replace(&mut tokens[index], Ok(Cow::Borrowed("")));
        match token.and_then(|token| Ok(verify(&token)?)) {
            Ok(verdict) => {
                let (result, error) = renderer.render(verdict)?;
                results[index] = result;
                keep_first(&mut first_error, error.map(|error| (index, error)));
            }
            Err(error) => keep_first(&mut failure, Some((index, error))),
        }
    }
    let line_count = failure.as_ref().map_or(results.len(), |(index, _)| *index);
    results.truncate(line_count);
    let mut lines = JsonLines::with_capacity(chunk.len());
    for result in &results {
        match result {
            LineResult::Invalid(range) | LineResult::Valid(range) => {
                lines.push_part(&renderer.lines, range.clone());
            }
            LineResult::ValidLikeExample(example_line, jti, id) => {
                example_line.push_line(*jti, *id, &mut lines);
            }
        }
    }
    Ok(ChunkResults {
        lines,
        line_count,
        byte_count: chunk.len(),
        invalid_count: results.iter().filter(|r| matches!(r, LineResult::Invalid(_))).count(),
        first_error: first_error
            .filter(|(index, _)| *index < line_count)
            .map(|(index, error)| (index + 1, error)),
        failure: failure.map(|(_, failure)| failure),
    })
}

/// Returns the indexes of the tokens, sorted by the texts of the tokens. A line with a failure in
/// place of a token counts as an empty text.
fn order_by_text(tokens: &[Result<Cow<'_, str>, Failure>]) -> Vec<usize> {
    let text = |index: usize| tokens[index].as_deref().unwrap_or_default();
    let first_text = tokens.first().and_then(|token| token.as_deref().ok()).unwrap_or_default();
    let common_length = (0..tokens.len()).map(text).fold(first_text, common_prefix).len();
    // Most texts differ in the first 16 bytes after the common prefix. Comparing these bytes as
    // numbers is several times faster than comparing the texts.
    let sort_key = |index| {
        let mut bytes = [0; 16];
        let rest = &text(index).as_bytes()[common_length..];
        let length = rest.len().min(bytes.len());
        bytes[..length].copy_from_slice(&rest[..length]);
        u128::from_be_bytes(bytes)
    };
    let mut order: Vec<_> = (0..tokens.len()).map(|index| (sort_key(index), index)).collect();
    order.sort_unstable_by(|(key, index), (other_key, other_index)| {
        key.cmp(other_key).then_with(|| text(*index).cmp(text(*other_index)))
    });
    order.into_iter().map(|(_, index)| index).collect()
}

/// Returns the longest common prefix of two texts.
fn common_prefix<'t>(text: &'t str, other: &str) -> &'t str {
    if other.starts_with(text) {
        return text;
    }
    let is_equal = |((_, a), b): &((usize, char), char)| a == b;
    let difference = text.char_indices().zip(other.chars()).find(|pair| !is_equal(pair));
    &text[..difference.map_or(text.len().min(other.len()), |((position, _), _)| position)]
}

/// Replaces `first` with `candidate` if the candidate has a smaller index, or if `first` is `None`.
fn keep_first<T>(first: &mut Option<(usize, T)>, candidate: Option<(usize, T)>) {
    if let Some((index, _)) = &candidate
        && first.as_ref().is_none_or(|(first_index, _)| index < first_index)
    {
        *first = candidate;
    }
}

/// Result of one line.
///
/// The verifier keeps a valid recorded test token as an example. Many later tokens differ from the
/// example only in `jti` and token id. For such a token, the line of the example is used with the
/// `jti` and the id of the token.
enum LineResult {
    /// Invalid token, with the range of its line in [`Renderer::lines`].
    Invalid(Range<usize>),
    /// Valid token, with the range of its line in [`Renderer::lines`].
    Valid(Range<usize>),
    /// Valid token whose line differs from the line of an example only in `jti` and token id.
    ValidLikeExample(Rc<ExampleLine>, Jti, TokenId),
}

/// Renderer of the results of a chunk.
struct Renderer {
    /// Lines of all tokens except the tokens with [`LineResult::ValidLikeExample`], in the order of
    /// verification.
    lines: JsonLines,
    /// Current time, for the status of the tokens.
    now: Timestamp,
    /// Line of the most recent example; `None` before the first example.
    example_line: Option<Rc<ExampleLine>>,
}

impl Renderer {
    /// Renders the result of one token. For an invalid token, also returns the error. For
    /// [`Verdict::ValidLikeExample`], renders the line of the example, unless `example_line` already has
    /// this line.
    fn render(&mut self, verdict: Verdict) -> Result<(LineResult, Option<Error>), Failure> {
        match verdict {
            Verdict::Report(report) => {
                let start = self.lines.len();
                self.lines.push(&VerifyOutput::new(&report, self.now))?;
                let range = start..self.lines.len();
                Ok(match report.into_accepted() {
                    Ok(_) => (LineResult::Valid(range), None),
                    Err(error) => (LineResult::Invalid(range), Some(error)),
                })
            }
            Verdict::ValidLikeExample(example, jti, id) => {
                let known_line = self.example_line.take();
                let line = match known_line.filter(|line| line.is_line_of(&example)) {
                    Some(line) => line,
                    None => Rc::new(ExampleLine::new(&example, self.now)?),
                };
                self.example_line = Some(Rc::clone(&line));
                Ok((LineResult::ValidLikeExample(line, jti, id), None))
            }
        }
    }
}
