//! Random commands for the comparison of a store file with a store on a server.

mod accounts;
mod store;
mod tokens;

use crate::test_schema::incompressible_text;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt;

/// Placeholder of a long text, which is too long for an entry of an index on a server.
const LONG_TEXT_PLACEHOLDER: &str = "<long>";
/// Length in bytes of the text that [`LONG_TEXT_PLACEHOLDER`] represents.
const LONG_TEXT_LENGTH: usize = 9_000;

/// A command: the command line without the name of the program, and the standard input.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) line: String,
    pub(super) input: String,
}

impl Step {
    /// Returns a step with the password `lovelace` on standard input.
    pub(super) fn new(line: &str) -> Self {
        Self::with_input(line, "lovelace")
    }

    pub(super) fn with_input(line: &str, input: &str) -> Self {
        Self { line: line.to_owned(), input: input.to_owned() }
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <<< {:?}", self.line, self.input)
    }
}

/// Replaces the placeholder of the long text by the text.
pub(super) fn expand_long_text(text: &str) -> String {
    text.replace(LONG_TEXT_PLACEHOLDER, &incompressible_text(LONG_TEXT_LENGTH))
}

/// Replaces the long text by its placeholder.
pub(super) fn shorten_long_text(text: &str) -> String {
    text.replace(&incompressible_text(LONG_TEXT_LENGTH), LONG_TEXT_PLACEHOLDER)
}

/// Returns a strategy for sequences of 1 to 15 commands.
pub(super) fn sequences() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => accounts::accounts(),
        2 => accounts::sessions(),
        2 => accounts::imports(),
        4 => tokens::creations(),
        4 => tokens::mints(),
        4 => tokens::token_uses(),
        4 => store::lists(),
        2 => store::settings(),
        2 => store::keys(),
    ];
    vec(step, 1..16)
}

/// Returns a strategy that selects one of the texts. A text that occurs twice is selected more
/// often.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

/// Returns a strategy for texts with up to three of the options. Each option follows a space. The
/// options keep their order.
fn some_of(options: &'static [&'static str]) -> impl Strategy<Value = String> {
    let max_count = options.len().min(3);
    let chosen = proptest::sample::subsequence(options, 0..=max_count);
    chosen.prop_map(|options| options.iter().flat_map(|option| [" ", *option]).collect())
}
