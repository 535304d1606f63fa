//! `jeton token verify --batch`: verification of the tokens on standard input on several threads.

use super::verification_keys::VerificationKeys;
use super::verify_output::{ExampleLines, VerifyOutput};
use crate::app::{App, JsonLines, TokenChunk};
use crate::authority::Error;
use crate::authority::verification::{Expectations, ThirdPartyVerifier, Verdict, with_verifier};
use crate::failure::Failure;
use crate::model::Timestamp;
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

fn verify_chunk(
    chunk: &TokenChunk,
    now: Timestamp,
    mut verify: impl FnMut(&str) -> Result<Verdict, Error>,
) -> Result<ChunkResults, Failure> {
    let lines = JsonLines::with_capacity(chunk.len());
    let mut results = ChunkResults { lines, ..ChunkResults::default() };
    let mut example_lines: Option<ExampleLines> = None;
    for token in chunk.tokens() {
        let verdict = match token.and_then(|token| Ok(verify(&token)?)) {
            Ok(verdict) => verdict,
            Err(failure) => {
                results.failure = Some(failure);
                break;
            }
        };
        results.line_count += 1;
        let report = match verdict {
            Verdict::Report(report) => report,
            Verdict::ValidLike(example, jti, id) => {
                let lines = match example_lines.take().filter(|lines| lines.are_like(&example)) {
                    Some(lines) => lines,
                    None => ExampleLines::new(&example, now)?,
                };
                example_lines.insert(lines).push_line(jti, id, &mut results.lines);
                continue;
            }
        };
        results.lines.push(&VerifyOutput::new(&report, now))?;
        if report.reasons.is_empty() {
            continue;
        }
        results.invalid_count += 1;
        if results.first_error.is_none() {
            let error = report.into_accepted().err();
            results.first_error = error.map(|error| (results.line_count, error));
        }
    }
    Ok(results)
}
