//! Markdown of the guides as a list of blocks: headings, paragraphs, list items, code blocks and
//! tables.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use std::fmt::{Display, Formatter, Result};
use std::mem;

/// A block of a guide.
pub(in crate::commands) enum Block {
    Heading {
        /// Level of the heading: 1, 2, or 3 for all deeper levels.
        level: u8,
        text: Text,
    },
    Paragraph(Text),
    /// An item of a list: the marker (`-`, or the number with a period) and the text.
    Item {
        marker: String,
        text: Text,
    },
    /// A code block: the lines without the fence.
    Code(String),
    /// A table: the header, then the rows.
    Table(Vec<Vec<Text>>),
}

/// A part of a text: plain words, or a code span.
pub(in crate::commands) enum Span {
    Words(String),
    Code(String),
}

/// The text of a paragraph, heading, list item or table cell.
#[derive(Default)]
pub(in crate::commands) struct Text(pub(in crate::commands) Vec<Span>);

impl Text {
    pub(in crate::commands) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text without backticks around code spans.
    pub(in crate::commands) fn plain(&self) -> String {
        let span_text = |span: &Span| match span {
            Span::Words(words) | Span::Code(words) => words.clone(),
        };
        self.0.iter().map(span_text).collect()
    }
}

impl Display for Text {
    /// Writes the text with backticks around code spans.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.0.iter().try_for_each(|span| match span {
            Span::Words(words) => f.write_str(words),
            Span::Code(code) => write!(f, "`{code}`"),
        })
    }
}

/// Parses a guide: headings, paragraphs, tight lists without nesting, code blocks, tables, code
/// spans and links. Other markup, such as emphasis, is ignored.
#[expect(clippy::wildcard_enum_match_arm, reason = "other markup is ignored")]
pub(super) fn parse(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut text = Text::default();
    let (mut row, mut rows) = (Vec::new(), Vec::new());
    let (mut item_number, mut code, mut link) = (None, None::<String>, None);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        match event {
            Event::Text(words) => match &mut code {
                Some(code) => code.push_str(&words),
                None => text.0.push(Span::Words(words.into_string())),
            },
            Event::Code(words) => text.0.push(Span::Code(words.into_string())),
            Event::SoftBreak => text.0.push(Span::Words(" ".to_owned())),
            Event::Start(Tag::Link { dest_url, .. }) => link = Some(dest_url),
            Event::End(TagEnd::Link) => {
                text.0.extend(link.take().and_then(|url| link_suffix(&url)));
            }
            Event::End(TagEnd::Heading(level)) => {
                let level = match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    _ => 3,
                };
                blocks.push(Block::Heading { level, text: mem::take(&mut text) });
            }
            Event::End(TagEnd::Paragraph) => blocks.push(Block::Paragraph(mem::take(&mut text))),
            Event::Start(Tag::List(first_number)) => item_number = first_number,
            Event::End(TagEnd::Item) => {
                let marker = item_number.map_or("-".to_owned(), |number| format!("{number}."));
                item_number = item_number.map(|number| number + 1);
                blocks.push(Block::Item { marker, text: mem::take(&mut text) });
            }
            Event::Start(Tag::CodeBlock(_)) => code = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => blocks.extend(code.take().map(Block::Code)),
            Event::End(TagEnd::TableCell) => row.push(mem::take(&mut text)),
            Event::End(TagEnd::TableHead | TagEnd::TableRow) => rows.push(mem::take(&mut row)),
            Event::End(TagEnd::Table) => blocks.push(Block::Table(mem::take(&mut rows))),
            _ => {}
        }
    }
    blocks
}

/// Returns the text to show after the words of a link to a file of the repository: the path of the
/// file. Guides are in `src/guides`, so the URL of such a link starts with `../../`. `None` for
/// other links.
fn link_suffix(url: &str) -> Option<Span> {
    url.strip_prefix("../../").map(|path| Span::Words(format!(" ({path})")))
}
