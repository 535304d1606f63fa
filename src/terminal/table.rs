//! Rows under a header: plain columns, on a terminal no wider than it.

use crate::model::escaped;
use comfy_table::{ContentArrangement, presets};

/// Rows of cells. Cells from outside come in escaped; what is left is escaped here.
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// A table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| escaped(cell).replace('|', "\\|")));
        }
        format!("{table}\n")
    }

    /// The lines; nothing at all without rows.
    pub(super) fn render(&self, on_terminal: bool) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| escaped(cell)));
        }
        if on_terminal {
            let (_, columns) = console::Term::stdout().size();
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(columns);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let mut table = Table::new(&["ID", "NAME"]);
        assert_eq!(table.render(false), "");
        table.row(vec!["1".to_owned(), "ada".to_owned()]);
        table.row(vec!["10".to_owned(), "b\u{1b}[0m".to_owned()]);
        assert_eq!(table.render(false), "ID  NAME\n1   ada\n10  b\\u{1b}[0m\n");
    }
}
