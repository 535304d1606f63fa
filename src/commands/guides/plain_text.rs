//! Text of a guide for the terminal, with wrapped lines and styled headings.

use super::markdown::{Block, Text};
use clap::builder::styling::Style;

const WIDTH: usize = 80;
const HEADING_STYLE: Style = Style::new().bold().underline();

/// Renders blocks at a width of 80 columns. Code blocks are indented and keep their lines.
pub(super) fn render(blocks: &[Block]) -> String {
    let mut text = String::new();
    let mut previous: Option<&Block> = None;
    for block in blocks {
        // Consecutive items are not separated by blank lines, not even items of two lists.
        let continues_list =
            matches!((previous, block), (Some(Block::Item { .. }), Block::Item { .. }));
        if previous.is_some() && !continues_list {
            text.push('\n');
        }
        text += &render_block(block);
        previous = Some(block);
    }
    text
}

fn render_block(block: &Block) -> String {
    match block {
        Block::Heading { text, .. } => format!("{HEADING_STYLE}{text}{HEADING_STYLE:#}\n"),
        Block::Paragraph(text) => wrap(&text.to_string(), "", ""),
        Block::Item { marker, text } => {
            let first_prefix = format!("{marker} ");
            wrap(&text.to_string(), &first_prefix, &" ".repeat(first_prefix.len()))
        }
        Block::Code(code) => {
            code.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect()
        }
        Block::Table(rows) => render_table(rows),
    }
}

/// Wraps words into lines. The first line starts with `first_prefix`, every other line with `prefix`.
fn wrap(words: &str, first_prefix: &str, prefix: &str) -> String {
    let mut text = String::new();
    let mut line = first_prefix.to_owned();
    let mut is_line_start = true;
    for word in words.split_whitespace() {
        if !is_line_start && line.chars().count() + 1 + word.chars().count() > WIDTH {
            text = text + &line + "\n";
            prefix.clone_into(&mut line);
            is_line_start = true;
        }
        if !is_line_start {
            line.push(' ');
        }
        line += word;
        is_line_start = false;
    }
    text + &line + "\n"
}

/// Renders a table in columns if the columns fit into [`WIDTH`]. Otherwise renders the table as a
/// list with one entry per row.
fn render_table(rows: &[Vec<Text>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
    let Some((header, body)) = rows.split_first() else { return String::new() };
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
        })
        .map(Option::unwrap_or_default)
        .collect();
    if widths.iter().sum::<usize>() + 2 * widths.len() <= WIDTH {
        return rows.iter().map(|row| render_columns(row, &widths)).collect();
    }
    // With two columns, the entries do not repeat the column title: the header is the first entry.
    let header_entry = if header.len() == 2 { rows.iter().take(1) } else { rows.iter().take(0) };
    header_entry.chain(body).map(|row| render_entry(header, row)).collect()
}

fn render_columns(row: &[String], widths: &[usize]) -> String {
    let pad = |(cell, width): (&String, &usize)| format!("  {cell:width$}");
    let line: String = row.iter().zip(widths).map(pad).collect();
    line.trim_end().to_owned() + "\n"
}

/// Renders a row as a list entry: the first cell, and below it the other cells that are not empty.
/// If the table has more than two columns, the title of the column precedes each of these cells.
fn render_entry(header: &[String], row: &[String]) -> String {
    let Some((term, cells)) = row.split_first() else { return String::new() };
    let mut text = wrap(term, "  ", "    ");
    for (title, cell) in header.iter().skip(1).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
        let title = if cells.len() > 1 { format!("{title}: ") } else { String::new() };
        text += &wrap(&(title + cell), "      ", "      ");
    }
    text
}
