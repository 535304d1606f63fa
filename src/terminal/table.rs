//! Rows under a header, in plain columns. On a terminal no line is wider than it; where that would
//! tear ids apart, each row becomes a list of names and values.

use super::cell::{Cell, finished};
use super::screen::Screen;
use super::tone::Tone;
use comfy_table::{ColumnConstraint, Width, presets};

/// Spaces between two columns.
const GAP: u16 = 2;

/// Rows of cells.
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: Vec<impl Into<Cell>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// A table in Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| cell.marked(None).replace('|', "\\|")));
        }
        format!("{table}\n")
    }

    /// The lines; nothing at all without rows.
    pub(super) fn render(&self, screen: Option<&Screen>) -> String {
        self.render_part(screen, true)
    }

    /// The lines of a part of a table, without the header if it is not the first.
    pub(super) fn render_part(&self, screen: Option<&Screen>, is_first: bool) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        if is_first {
            table.set_header(self.header.iter().map(|name| heading(name).laid_out(screen)));
        }
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| cell.laid_out(screen)));
        }
        for (column, name) in table.column_iter_mut().zip(&self.header) {
            column.set_padding((0, GAP));
            let least = u16::try_from(name.len()).unwrap_or(u16::MAX).saturating_add(GAP);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
        if let Some(screen) = screen {
            let Some(widths) = fit(&self.needs(screen), screen.columns) else {
                return if is_first { "" } else { "\n" }.to_owned() + &self.records(screen);
            };
            for (column, width) in table.column_iter_mut().zip(widths) {
                let width = u16::try_from(width).unwrap_or(u16::MAX).saturating_add(GAP);
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
            }
        }
        table.lines().map(|line| finished(line.trim_end()) + "\n").collect()
    }

    /// How wide each column is at least, and at most.
    fn needs(&self, screen: &Screen) -> Vec<(usize, usize)> {
        let mut needs: Vec<_> =
            self.header.iter().map(|name| heading(name).widths(screen)).collect();
        for row in &self.rows {
            for (need, cell) in needs.iter_mut().zip(row) {
                let (least, most) = cell.widths(screen);
                *need = (need.0.max(least), need.1.max(most));
            }
        }
        needs
    }

    /// One list for each row, with an empty line between two.
    fn records(&self, screen: &Screen) -> String {
        let record = |row: &Vec<Cell>| {
            let named = self.header.iter().copied().zip(row.iter().cloned());
            let told: Vec<_> = named.filter(|(_, cell)| !cell.is_empty()).collect();
            fields(&told, Some(screen))
        };
        self.rows.iter().map(record).collect::<Vec<_>>().join("\n")
    }
}

/// Names and values in two columns. Long values are the terminal's to break: what it breaks by
/// itself is one piece when it is copied.
pub(super) fn fields(fields: &[(&'static str, Cell)], screen: Option<&Screen>) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, cell): &(&str, Cell)| {
        let (gap, name) = (width - name.len() + usize::from(GAP), heading(name).marked(screen));
        finished(&format!("{name}{:gap$}{}", "", cell.marked(screen))) + "\n"
    };
    fields.iter().map(line).collect()
}

fn heading(name: &str) -> Cell {
    Cell::toned(name, Tone::Heading)
}

/// How wide each column is, where all together have that much room; `None` if it is not enough.
/// What is left when all have the least they need goes to those that then lack nothing more, and
/// the rest to the one that lacks most.
fn fit(needs: &[(usize, usize)], room: usize) -> Option<Vec<usize>> {
    let mut widths: Vec<usize> = needs.iter().map(|(least, _)| *least).collect();
    let gaps = usize::from(GAP) * needs.len().saturating_sub(1);
    let mut left = room.checked_sub(gaps + widths.iter().sum::<usize>())?;
    let mut lacks: Vec<_> = widths.iter_mut().zip(needs).map(|(w, (l, m))| (m - l, w)).collect();
    lacks.sort_by_key(|(lack, _)| *lack);
    let last = lacks.len().saturating_sub(1);
    for (at, (lack, width)) in lacks.into_iter().enumerate() {
        let more = if lack <= left || at == last { lack.min(left) } else { 0 };
        *width += more;
        left -= more;
    }
    Some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Foreign, Status, Timestamp};

    fn screen(columns: usize) -> Screen {
        Screen { columns, coloured: false, now: Timestamp::from_unix(1_000_000_000) }
    }

    fn tokens() -> Table {
        let list = ["read", "write", "a-long-permission"].map(Foreign::new);
        let mut table = Table::new(&["ID", "APP", "MAY", "STATUS", "ENDS"]);
        table.row(vec![
            "1".into(),
            Cell::name("日本語のアプリケーション"),
            Cell::list(&list),
            Cell::from(Status::Live),
            Cell::from(Timestamp::from_unix(1_000_010_800).unwrap()),
        ]);
        table.row(vec!["12".into(), Cell::name("e\u{301}"), "-".into(), "".into(), "never".into()]);
        table
    }

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let mut table = Table::new(&["ID", "NAME"]);
        assert_eq!(table.render(None), "");
        table.row(vec!["1".to_owned(), "ada".to_owned()]);
        table.row(vec!["10".to_owned(), "b\u{1b}[0m".to_owned()]);
        assert_eq!(table.render(None), "ID  NAME\n1   ada\n10  b\\u{1b}[0m\n");
    }

    #[test]
    fn with_room_enough_a_row_is_a_line() {
        let shown = "\
ID  APP                       MAY                           STATUS  ENDS
1   日本語のアプリケーション  read,write,a-long-permission  live    2001-09-09T04:46:40Z (in 3 h)
12  e\u{301}                         -                                     never
";
        assert_eq!(tokens().render(Some(&screen(97))), shown);
        assert_eq!(tokens().render(None), shown.replace(" (in 3 h)", ""));
    }

    #[test]
    fn what_may_be_broken_makes_room_for_what_may_not() {
        assert_eq!(
            tokens().render(Some(&screen(56))),
            "\
ID  APP       MAY           STATUS  ENDS
1   日本語の  read,write,   live    2001-09-09T04:46:40Z
    アプリケ  a-long-permi          (in 3 h)
    ーション  ssion
12  e\u{301}         -                     never
"
        );
    }

    #[test]
    fn where_ids_would_be_torn_apart_rows_become_lists() {
        assert_eq!(
            tokens().render(Some(&screen(51))),
            "\
ID      1
APP     日本語のアプリケーション
MAY     read,write,a-long-permission
STATUS  live
ENDS    2001-09-09T04:46:40Z (in 3 h)

ID    12
APP   e\u{301}
MAY   -
ENDS  never
"
        );
    }

    #[test]
    fn colours_take_no_room() {
        for columns in [40, 56, 97] {
            let plain = screen(columns);
            let coloured = tokens().render(Some(&Screen { coloured: true, ..plain }));
            assert!(coloured.contains("\u{1b}[32mlive\u{1b}[0m"), "{coloured}");
            assert_eq!(console::strip_ansi_codes(&coloured), tokens().render(Some(&plain)));
        }
    }

    #[test]
    fn marks_from_outside_are_spelled_out() {
        let mut table = Table::new(&["NAME"]);
        table.row(vec![Cell::name("a\u{1f}b\u{e0001}c\u{e0003}d")]);
        let shown = "NAME\na\\u{1f}b\\u{e0001}c\\u{e0003}d\n";
        assert_eq!(table.render(Some(&screen(80))), shown);
    }
}
