//! `jeton token verify --batch`: verification of the tokens on standard input on several threads.

use super::verification_keys::VerificationKeys;
use super::verify_output::{ExampleLines, VerifyOutput};
use crate::app::{App, JsonLines, TokenChunk};
use crate::authority::Error;
use crate::authority::verification::{Expectations, ThirdPartyVerifier, Verdict, with_verifier};
use crate::failure::Failure;
use crate::model::Timestamp;
use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// Prints a result for each line, in order. Returns the error of the first invalid token, if any.
pub(super) fn verify_batch(
    app: &mut App,
    keys: &VerificationKeys,
    expectations: &Expectations,
) -> Result<(), Failure> {
    let console = Rc::clone(&app.console);
    let (mut line_count, mut invalid_count, mut first_error) = (0, 0, None);
    let write_results = |results: ChunkResults| {
        if !console.write_json_lines(&results.lines)? {
            return Ok(false);
        }
        if let Some((line, error)) = results.first_error {
            first_error.get_or_insert((line_count + line, error));
        }
        line_count += results.line_count;
        invalid_count += results.invalid_count;
        results.failure.map_or(Ok(true), Err)
    };
    let start_worker = || start_worker(app, keys, expectations);
    if !console.map_token_lines("--batch", start_worker, write_results)? {
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

type Worker = Box<dyn FnMut(TokenChunk) -> Result<ChunkResults, Failure> + Send>;

/// Creates the worker of one thread. Each chunk is verified with the state of the store at the time
/// when its verification begins.
fn start_worker(
    app: &mut App,
    keys: &VerificationKeys,
    expectations: &Expectations,
) -> Result<Worker, Failure> {
    let expectations = expectations.clone();
    let now = expectations.now;
    Ok(match keys {
        VerificationKeys::Store => {
            let mut store = app.store.get()?.open_reader()?;
            Box::new(move |chunk| {
                with_verifier(&mut store, &expectations, |verifier| {
                    verify_chunk(&chunk, now, |token| verifier.verify(token))
                })
            })
        }
        VerificationKeys::External(keys) => {
            let keys = Arc::clone(keys);
            Box::new(move |chunk| {
                let mut verifier = ThirdPartyVerifier::new(&keys, &expectations);
                verify_chunk(&chunk, now, |token| {
                    Ok(Verdict::Report(Box::new(verifier.verify(token))))
                })
            })
        }
    })
}

/// Results of the lines of one chunk.
#[derive(Default)]
struct ChunkResults {
    lines: JsonLines,
    line_count: usize,
    invalid_count: usize,
    /// Number of the first line with an invalid token, and its error.
    first_error: Option<(usize, Error)>,
    /// Failure that ends the verification after these lines.
    failure: Option<Failure>,
}

/// Verifies the tokens of a chunk, similar tokens one after the other: their rows are neighbours in
/// the store. The results have the order of the lines.
fn verify_chunk(
    chunk: &TokenChunk,
    now: Timestamp,
    mut verify: impl FnMut(&str) -> Result<Verdict, Error>,
) -> Result<ChunkResults, Failure> {
    let mut tokens: Vec<_> = chunk.tokens().collect();
    let mut order: Vec<usize> = (0..tokens.len()).collect();
    order.sort_unstable_by_key(|index| tokens[*index].as_deref().ok());
    let mut renderer = Renderer::new(chunk.len(), now);
    let mut results = vec![LineResult::default(); tokens.len()];
    let (mut first_error, mut failure) = (None, None);
    for index in order {
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
    let mut lines = JsonLines::with_capacity(renderer.lines.len());
    for result in &results {
        lines.push_part(&renderer.lines, result.range.clone());
    }
    Ok(ChunkResults {
        lines,
        line_count,
        invalid_count: results.iter().filter(|result| !result.is_valid).count(),
        first_error: first_error
            .filter(|(index, _)| *index < line_count)
            .map(|(index, error)| (index + 1, error)),
        failure: failure.map(|(_, failure)| failure),
    })
}

/// Keeps the value with the smallest index.
fn keep_first<T>(first: &mut Option<(usize, T)>, other: Option<(usize, T)>) {
    if let Some((index, _)) = &other
        && first.as_ref().is_none_or(|(first_index, _)| index < first_index)
    {
        *first = other;
    }
}

/// Result of one line.
#[derive(Debug, Clone, Default)]
struct LineResult {
    /// Position of the rendered line.
    range: Range<usize>,
    is_valid: bool,
}

/// Renderer of results.
struct Renderer {
    lines: JsonLines,
    now: Timestamp,
    example_lines: Option<ExampleLines>,
}

impl Renderer {
    fn new(capacity: usize, now: Timestamp) -> Self {
        Self { lines: JsonLines::with_capacity(capacity), now, example_lines: None }
    }

    /// Renders a result. Returns the error of an invalid token, too.
    fn render(&mut self, verdict: Verdict) -> Result<(LineResult, Option<Error>), Failure> {
        let start = self.lines.len();
        let error = match verdict {
            Verdict::Report(report) => {
                self.lines.push(&VerifyOutput::new(&report, self.now))?;
                report.into_accepted().err()
            }
            Verdict::ValidLike(example, jti, id) => {
                let known_lines = self.example_lines.take();
                let lines = match known_lines.filter(|lines| lines.are_like(&example)) {
                    Some(lines) => lines,
                    None => ExampleLines::new(&example, self.now)?,
                };
                self.example_lines.insert(lines).push_line(jti, id, &mut self.lines);
                None
            }
        };
        Ok((LineResult { range: start..self.lines.len(), is_valid: error.is_none() }, error))
    }
}
