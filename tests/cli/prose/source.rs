//! Comments and string literals of a Rust file, read from tokens and from the gaps between them.

use proc_macro2::{LexError, Span, TokenStream, TokenTree};
use std::ops::Range;

/// Kind of a [`Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Doc comment.
    Doc,
    /// Comment that is not a doc comment.
    Comment,
    /// String literal.
    Literal,
}

/// A comment or string literal. Doc comments on consecutive lines with the same marker (such as
/// `///`) are one text. Ordinary comments are one text if neither a token nor a doc comment is
/// between them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) kind: Kind,
    /// First line of the text in the file, from 1.
    pub(super) line: usize,
    /// Text of the comment without markers, or value of the literal.
    pub(super) content: String,
}

/// Returns the comments and string literals of a Rust source text in the order of the source.
pub(super) fn comments_and_literals(source: &str) -> Result<Vec<Text>, LexError> {
    let mut reader = Reader { source, end: 0, last_doc: None, texts: Vec::new() };
    reader.read(source.parse()?);
    reader.add_comment(source.len());
    // proc_macro2 keeps the spans of all parsed files, which would slow down every lookup of a
    // span.
    proc_macro2::extra::invalidate_current_thread_spans();
    Ok(reader.texts)
}

/// Reads the tokens of a source text and collects its texts.
struct Reader<'s> {
    source: &'s str,
    /// Byte offset of the end of the last token. Between this offset and the next token, the source
    /// contains only whitespace and comments.
    end: usize,
    /// Marker (such as `///`) and last line of the doc comment that was read last. `None` after a
    /// token or an ordinary comment.
    last_doc: Option<(String, usize)>,
    texts: Vec<Text>,
}

impl Reader<'_> {
    fn read(&mut self, tokens: TokenStream) {
        for token in tokens {
            let range = token.span().byte_range();
            if self.source[range.clone()].starts_with("//")
                || self.source[range.clone()].starts_with("/*")
            {
                // A doc comment consists of several tokens with the same span: only the first is
                // used.
                if range.start >= self.end {
                    self.add_comment(range.start);
                    self.add_doc_comment(range.clone(), token.span());
                    self.end = range.end;
                }
                continue;
            }
            self.add_comment(range.start);
            self.last_doc = None;
            match token {
                TokenTree::Group(group) => {
                    self.end = group.span_open().byte_range().end;
                    self.read(group.stream());
                    self.add_comment(group.span_close().byte_range().start);
                }
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(string) = syn::Lit::new(literal) {
                        let line = string.span().start().line;
                        let content = string.value();
                        self.texts.push(Text { kind: Kind::Literal, line, content });
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
            self.end = range.end;
        }
    }

    /// Adds the comments between the last token and the next token, which starts at `start`.
    fn add_comment(&mut self, start: usize) {
        let gap = &self.source[self.end.min(start)..start];
        let content = gap.trim();
        if !content.is_empty() {
            let offset = start - gap.trim_start().len();
            let line = self.source[..offset].matches('\n').count() + 1;
            self.texts.push(Text { kind: Kind::Comment, line, content: without_markers(content) });
            self.last_doc = None;
        }
        self.end = self.end.max(start);
    }

    fn add_doc_comment(&mut self, range: Range<usize>, span: Span) {
        let raw = &self.source[range];
        let marker = raw[..3].to_owned();
        let content = without_markers(raw);
        let doc_on_previous_line = Some((marker.clone(), span.start().line - 1));
        match self.texts.last_mut() {
            Some(text) if self.last_doc == doc_on_previous_line => {
                text.content.push('\n');
                text.content.push_str(&content);
            }
            _ => self.texts.push(Text { kind: Kind::Doc, line: span.start().line, content }),
        }
        self.last_doc = Some((marker, span.end().line));
    }
}

/// Removes `///`, `//!`, `//`, `/*`, `*/` and leading `*` from each line.
fn without_markers(comment: &str) -> String {
    let lines = comment.lines().map(|line| {
        let line = line.trim().trim_start_matches('/').trim_start_matches(['*', '!']);
        line.strip_suffix("*/").unwrap_or(line).trim()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn comments_and_literals_are_found() {
    let source = "\
//! Top.

/// One
/// two.
fn f() { // plain
    let url = \"https://x\"; /* block */
    g('\"', r#\"// \"no\" comment\"#) // last
}";
    let text = |kind, line, content: &str| Text { kind, line, content: content.to_owned() };
    let expected = [
        text(Kind::Doc, 1, "Top."),
        text(Kind::Doc, 3, "One\ntwo."),
        text(Kind::Comment, 5, "plain"),
        text(Kind::Literal, 6, "https://x"),
        text(Kind::Comment, 6, "block"),
        text(Kind::Literal, 7, "// \"no\" comment"),
        text(Kind::Comment, 7, "last"),
    ];
    assert_eq!(comments_and_literals(source).unwrap(), expected);
}
