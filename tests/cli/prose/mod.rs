//! Checks of the English in the source tree: first words of doc comments, names of local variables,
//! error messages and hints, and forbidden phrases.

mod forbidden_phrases;
mod messages;
mod source;
mod variable_names;

use crate::architecture::{File, assert_no_violations, source_files};
use source::Kind;

/// Words with which no doc comment may open.
const QUESTION_WORDS: &[&str] = &[
    "what", "whatever", "whether", "when", "where", "which", "who", "whoever", "whom", "whose",
    "why", "how",
];

/// Returns the Rust files of the program, the tests and the benchmarks.
fn rust_files() -> impl Iterator<Item = File> {
    ["src", "tests", "benches"].into_iter().flat_map(source_files)
}

/// Returns the first word of a doc comment if the word is a question word.
fn opening_question_word(doc: &str) -> Option<&str> {
    let text = doc.trim_start_matches(|c: char| !c.is_alphanumeric());
    let word = text.split(|c: char| !c.is_alphanumeric()).next()?;
    QUESTION_WORDS
        .iter()
        .any(|question_word| word.eq_ignore_ascii_case(question_word))
        .then_some(word)
}

#[test]
fn doc_comments_do_not_open_with_a_question_word() {
    let mut violations = Vec::new();
    for file in rust_files() {
        for text in source::comments_and_literals(&file.text).unwrap() {
            if text.kind == Kind::Doc
                && let Some(word) = opening_question_word(&text.content)
            {
                violations.push(format!(
                    "{}:{}: doc comment opens with `{word}`; start with a verb (`Returns whether …`) or a noun",
                    file.path.display(),
                    text.line
                ));
            }
        }
    }
    assert_no_violations(&violations);
}

#[test]
fn only_opening_question_words_are_detected() {
    assert_eq!(opening_question_word(" What is revoked."), Some("What"));
    assert_eq!(opening_question_word("**Whether** it is"), Some("Whether"));
    assert_eq!(opening_question_word("Returns what is revoked."), None);
    assert_eq!(opening_question_word("Wholesale removal."), None);
}
