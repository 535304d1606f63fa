//! Forbidden words and phrases in comments, help, messages and documents.

use super::rust_files;
use super::source::{self, Kind};
use crate::architecture::assert_no_violations;
use std::fs;
use std::path::{Path, PathBuf};

/// The entries, one per line: `phrase = what to write instead`. In a phrase, a word may be a list
/// of forms (`take/takes/took`), and `_` matches any word. A phrase is in lower case, and matches
/// text in any case. A line that starts with `#` is a comment.
const ENTRY_LINES: &str = include_str!("forbidden.txt");

/// A forbidden phrase with its replacement.
struct Entry {
    /// For each word of the phrase, the forms of the word that match.
    words: Vec<Vec<&'static str>>,
    replacement: &'static str,
}

fn parse_entries() -> Vec<Entry> {
    let lines = ENTRY_LINES.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let entries = lines.map(|line| {
        let (phrase, replacement) = line.split_once(" = ").expect(line);
        let words = phrase.split_whitespace().map(|word| word.split('/').collect()).collect();
        Entry { words, replacement }
    });
    entries.collect()
}

/// A word of a text.
struct Word<'t> {
    /// The word in lower case.
    form: String,
    /// Line of the text in which the word starts, from 1.
    line: usize,
    /// Text between the previous word and this word.
    separator: &'t str,
}

/// Splits a text into words. A code span becomes the single word `` ` ``. The backticks of a code
/// fence are not words.
fn split_words(text: &str) -> Vec<Word<'_>> {
    let is_word_character = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '_');
    let mut words = Vec::new();
    let (mut word_end, mut line) = (0, 1);
    let mut position = 0;
    while let Some(start) = text[position..].find(|c: char| c == '`' || is_word_character(c)) {
        let start = position + start;
        let rest = &text[start..];
        let backtick_count = rest.len() - rest.trim_start_matches('`').len();
        let (len, form) = if backtick_count > 0 {
            (backtick_count + span_len(&rest[backtick_count..], backtick_count), "`".to_owned())
        } else {
            let len = rest.find(|c| !is_word_character(c)).unwrap_or(rest.len());
            let word = rest[..len].trim_matches(['\'', '’', '-']).to_lowercase();
            (len, word.replace('’', "'"))
        };
        position = start + len;
        if len > backtick_count && !form.is_empty() {
            let separator = &text[word_end..start];
            line += separator.matches('\n').count();
            words.push(Word { form, line, separator });
            line += rest[..len].matches('\n').count();
            word_end = position;
        }
    }
    words
}

/// Returns the length of a code span after the opening backticks: the length of the content and of
/// the closing backticks. `rest` is the text after the opening backticks. Returns 0 for a code
/// fence (three or more backticks), and if the paragraph does not close the code span.
fn span_len(rest: &str, backtick_count: usize) -> usize {
    let closing = rest.find(&"`".repeat(backtick_count)).filter(|_| backtick_count < 3);
    let closing = closing.filter(|end| !rest[..*end].contains("\n\n"));
    closing.map_or(0, |end| end + backtick_count)
}

/// Returns the forbidden phrases of a text, as the line and a message. Only whitespace may separate
/// the words of a phrase.
fn find_matches(text: &str, entries: &[Entry]) -> Vec<(usize, String)> {
    let words = split_words(text);
    let mut found = Vec::new();
    for start in 0..words.len() {
        for entry in entries {
            let Some(candidate) = words.get(start..start + entry.words.len()) else { continue };
            let is_match =
                candidate.iter().zip(&entry.words).enumerate().all(|(at, (word, forms))| {
                    let is_adjacent = at == 0 || word.separator.trim().is_empty();
                    is_adjacent && forms.iter().any(|form| *form == "_" || *form == word.form)
                });
            if is_match {
                let phrase: Vec<_> = candidate.iter().map(|word| word.form.as_str()).collect();
                let message = format!("`{}`: use {}", phrase.join(" "), entry.replacement);
                found.push((words[start].line, message));
            }
        }
    }
    found
}

/// Returns the path and the text of each Markdown file in the root of the package, or below
/// `.github`, `docs`, `src` or `tests`, except in `target` and `node_modules`. The text of the
/// changelog ends with the unreleased changes.
fn read_documents() -> Vec<(PathBuf, String)> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = Vec::new();
    let mut pending_directories =
        [".github", "docs", "src", "tests"].map(|name| package.join(name)).to_vec();
    let mut paths: Vec<PathBuf> =
        fs::read_dir(package).unwrap().map(|e| e.unwrap().path()).collect();
    while let Some(directory) = pending_directories.pop() {
        for path in fs::read_dir(directory).into_iter().flatten().map(|e| e.unwrap().path()) {
            let is_source = !path.ends_with("target") && !path.ends_with("node_modules");
            let is_searched = path.is_dir() && is_source;
            if is_searched { pending_directories.push(path) } else { paths.push(path) }
        }
    }
    for path in paths {
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension == Some("md") {
            let mut text = fs::read_to_string(&path).unwrap();
            if path.ends_with("CHANGELOG.md") {
                let unreleased = text.find("\n## [Unreleased]").unwrap();
                let released = text[unreleased + 1..].find("\n## [");
                text.truncate(released.map_or(text.len(), |end| unreleased + 1 + end));
            }
            documents.push((path.strip_prefix(package).unwrap().to_owned(), text));
        }
    }
    documents
}

#[test]
fn texts_have_no_forbidden_phrases() {
    let entries = parse_entries();
    let mut violations = Vec::new();
    let mut check = |path: &Path, first_line: usize, text: &str| {
        for (line, message) in find_matches(text, &entries) {
            violations.push(format!("{}:{}: {message}", path.display(), first_line + line - 1));
        }
    };
    for file in rust_files() {
        for text in source::comments_and_literals(&file.text).unwrap() {
            // String literals are checked only in `src`.
            if text.kind != Kind::Literal || file.path.starts_with("src") {
                check(&file.path, text.line, &text.content);
            }
        }
    }
    let documents = read_documents();
    for name in ["README.md", "CHANGELOG.md", "src/guides/scripting.md"] {
        assert!(documents.iter().any(|(path, _)| path == Path::new(name)), "{name}");
    }
    for (path, text) in &documents {
        check(path, 1, text);
    }
    assert_no_violations(&violations);
}

#[test]
fn forbidden_phrases_are_detected_and_replacements_are_allowed() {
    let entries = parse_entries();
    for entry in &entries {
        let phrase: Vec<_> = entry.words.iter().map(|forms| forms[0]).collect();
        let text = format!("Some text,\n{}.", phrase.join("\n"));
        let found = find_matches(&text, &entries);
        assert!(found.iter().any(|(line, _)| *line == 2), "{phrase:?}");
        assert!(!entry.replacement.is_empty());
        assert_eq!(find_matches(entry.replacement, &entries), [], "{phrase:?}");
    }
    let found = find_matches("One `x`\ntakes `it` back, is\nTaken  back.", &entries);
    assert_eq!(found.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(find_matches("taken. Back `taken back` retaken back taken_back", &entries), []);
    assert_eq!(find_matches("```sh\n# taken back\n```\n\nTaken\n```\nback", &entries).len(), 1);
}
