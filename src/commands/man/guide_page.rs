//! Manual pages of guides, in section 7 of the manual.

use super::page::{Page, start_page};
use crate::commands::guides::{Block, GUIDES, Guide, Span, Text};
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};

/// Renders the page of a guide.
pub(super) fn render(guide: &Guide) -> Page {
    let name = format!("jeton-{}", guide.name);
    let mut roff = start_page(&name, "7");
    let blocks = guide.blocks();
    let mut blocks = blocks.as_slice();
    if let [Block::Heading { text, .. }, rest @ ..] = blocks {
        roff.control("SH", ["NAME"]).text([roman(format!("{name} - {text}"))]);
        roff.control("SH", ["DESCRIPTION"]);
        blocks = rest;
    }
    add_blocks(&mut roff, blocks);
    roff.control("SH", ["SEE ALSO"]);
    let mut pages = vec![bold("jeton"), roman("(1)")];
    for other in GUIDES.iter().filter(|other| other.name != guide.name) {
        pages.extend([roman(", "), bold(format!("jeton-{}", other.name)), roman("(7)")]);
    }
    roff.text(pages);
    (format!("{name}.7"), roff.render())
}

/// Appends blocks of a guide to a page.
pub(super) fn add_blocks(roff: &mut Roff, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Heading { level: ..=2, text } => {
                roff.control("SH", [text.to_string().to_uppercase().as_str()]);
            }
            Block::Heading { text, .. } => {
                roff.control("SS", [text.to_string().as_str()]);
            }
            Block::Paragraph(text) => {
                roff.control("PP", []).text(inlines(text));
            }
            Block::Item { marker, text } => {
                roff.control("IP", [marker.as_str(), "4"]).text(inlines(text));
            }
            Block::Code(code) => {
                roff.control("PP", []).control("RS", ["4"]).control("nf", []);
                for line in code.lines() {
                    roff.text([roman(line)]);
                }
                roff.control("fi", []).control("RE", []);
            }
            Block::Table(rows) => add_table(roff, rows),
        }
    }
}

/// Appends a table as a list with one entry per row. An entry starts with the first cell of the
/// row. The other cells that are not empty are indented below the first cell. For a table with two
/// columns, the first entry is the header of the table. For a table with more columns, the title of
/// the column precedes each indented cell.
fn add_table(roff: &mut Roff, rows: &[Vec<Text>]) {
    let Some((header, body)) = rows.split_first() else { return };
    let has_titles = header.len() > 2;
    if let ([term, cell], false) = (header.as_slice(), has_titles) {
        roff.control("TP", []).text([italic(term.to_string())]).control("br", []);
        roff.text([italic(cell.to_string())]);
    }
    for row in body {
        let Some((term, cells)) = row.split_first() else { continue };
        roff.control("TP", []).text(inlines(term));
        for (title, cell) in header.iter().skip(1).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            roff.control("br", []);
            let title = has_titles.then(|| roman(format!("{}: ", title.plain())));
            roff.text(title.into_iter().chain(inlines(cell)).collect::<Vec<_>>());
        }
    }
}

/// Converts a text to roff, with code in bold.
fn inlines(text: &Text) -> Vec<Inline> {
    let to_inline = |span: &Span| match span {
        Span::Words(words) => roman(words),
        Span::Code(code) => bold(code),
    };
    text.0.iter().map(to_inline).collect()
}
