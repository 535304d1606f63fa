//! Tables without borders. On a terminal, long names and lists are shortened, so that a table fits
//! into the width of the terminal; in the wide format, texts are complete. If the columns do not
//! fit, each row is rendered as a list of fields.

use super::cell::Cell;
use super::style::{Screen, Style};
use comfy_table::{ColumnConstraint, Width, presets};

/// Number of spaces between two columns.
const COLUMN_GAP: u16 = 2;

/// Rows of cells under a header.
pub(crate) struct Table {
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new(header: &[&'static str]) -> Self {
        Self { header: header.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn add_row(&mut self, cells: Vec<impl Into<Cell>>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Removes the columns with these names from the header and from all rows.
    pub(crate) fn without_columns(mut self, names: &[&str]) -> Self {
        let is_kept: Vec<bool> = self.header.iter().map(|name| !names.contains(name)).collect();
        let mut flags = is_kept.iter();
        self.header.retain(|_| flags.next() == Some(&true));
        for row in &mut self.rows {
            let mut flags = is_kept.iter();
            row.retain(|_| flags.next() == Some(&true));
        }
        self
    }

    /// Renders the table as Markdown.
    pub(crate) fn to_markdown(&self) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(&self.header);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| cell.to_plain_text(None).replace('|', "\\|")));
        }
        format!("{table}\n")
    }

    /// Renders the rows. If a long table is rendered in parts, only the first part has the header
    /// (`is_first`). The result is empty if there are no rows.
    pub(super) fn render_part(&self, screen: &Screen, is_first: bool) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths = match screen.columns {
            Some(columns) => {
                let Some(widths) = fit_widths(&self.measure_columns(screen), columns) else {
                    let separator = if is_first { "" } else { "\n" };
                    return separator.to_owned() + &self.render_records(screen);
                };
                widths.into_iter().map(Some).collect()
            }
            None => vec![None; self.header.len()],
        };
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        if is_first {
            table.set_header(
                self.header.iter().map(|name| heading_cell(name).to_marked_text(screen)),
            );
        }
        for row in &self.rows {
            let cells = row.iter().zip(&widths);
            table.add_row(cells.map(|(cell, width)| cell.to_marked_table_text(screen, *width)));
        }
        for (column, name) in table.column_iter_mut().zip(&self.header) {
            column.set_padding((0, COLUMN_GAP));
            let min_width =
                u16::try_from(name.len()).unwrap_or(u16::MAX).saturating_add(COLUMN_GAP);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(min_width)));
        }
        table.lines().map(|line| Style::apply_styles(line.trim_end()) + "\n").collect()
    }

    /// Returns the minimum and maximum width of each column.
    fn measure_columns(&self, screen: &Screen) -> Vec<(usize, usize)> {
        let mut widths: Vec<_> =
            self.header.iter().map(|name| heading_cell(name).measure_widths(screen)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                let (min_width, max_width) = cell.measure_widths(screen);
                *width = (width.0.max(min_width), width.1.max(max_width));
            }
        }
        widths
    }

    /// Renders each row as a record, which is a list of the non-empty fields. Adds an empty line
    /// between records.
    fn render_records(&self, screen: &Screen) -> String {
        let render_record = |row: &Vec<Cell>| {
            let cells = self.header.iter().copied().zip(row.iter().cloned());
            let non_empty: Vec<_> = cells.filter(|(_, cell)| !cell.is_empty()).collect();
            render_fields(&non_empty, screen)
        };
        self.rows.iter().map(render_record).collect::<Vec<_>>().join("\n")
    }
}

/// Renders names and values in two columns. Adds no line breaks to long values: the terminal wraps
/// them, and users can copy a value in one piece.
pub(super) fn render_fields(fields: &[(&'static str, Cell)], screen: &Screen) -> String {
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let render_line = |(name, cell): &(&str, Cell)| {
        let (gap, name) = (
            width - name.len() + usize::from(COLUMN_GAP),
            heading_cell(name).to_marked_text(screen),
        );
        Style::apply_styles(&format!("{name}{:gap$}{}", "", cell.to_marked_text(screen))) + "\n"
    };
    fields.iter().map(render_line).collect()
}

fn heading_cell(name: &str) -> Cell {
    Cell::styled(name, Style::Heading)
}

/// Distributes the `available` width of the screen among the columns of a table. `bounds` contains
/// the minimum and the maximum width of each column. Returns `None` if the minimum widths do not
/// fit.
///
/// First, each column gets its minimum width. The remaining width is then shared equally among the
/// columns. The deficit of a column is the difference between its maximum and its minimum width. If
/// the deficit of a column is smaller than its share, the rest of the share goes to the columns
/// with larger deficits.
fn fit_widths(bounds: &[(usize, usize)], available: usize) -> Option<Vec<usize>> {
    let mut widths: Vec<usize> = bounds.iter().map(|(min_width, _)| *min_width).collect();
    let gaps = usize::from(COLUMN_GAP) * bounds.len().saturating_sub(1);
    let mut remaining = available.checked_sub(gaps + widths.iter().sum::<usize>())?;
    let mut deficits: Vec<_> = widths
        .iter_mut()
        .zip(bounds)
        .map(|(width, (min_width, max_width))| (max_width - min_width, width))
        .collect();
    deficits.sort_by_key(|(deficit, _)| *deficit);
    let count = deficits.len();
    for (index, (deficit, width)) in deficits.into_iter().enumerate() {
        let extra = deficit.min(remaining / (count - index));
        *width += extra;
        remaining -= extra;
    }
    Some(widths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, TokenStatus, Untrusted};

    fn screen(columns: usize) -> Screen {
        let now = Timestamp::from_unix(1_000_000_000);
        Screen { columns: Some(columns), has_colour: false, now, is_wide: false }
    }

    /// Standard output that is a file or pipe.
    const NO_TERMINAL: Screen =
        Screen { columns: None, has_colour: false, now: None, is_wide: false };

    impl Table {
        fn render(&self, screen: &Screen) -> String {
            self.render_part(screen, true)
        }
    }

    fn token_table() -> Table {
        let permissions = ["read", "write", "a-long-permission"].map(Untrusted::new);
        let mut table = Table::new(&["ID", "APP", "MAY", "STATUS", "ENDS"]);
        table.add_row(vec![
            "1".into(),
            Cell::shortenable("日本語のアプリケーション"),
            Cell::from_list(&permissions),
            Cell::from(TokenStatus::Live),
            Cell::from(Timestamp::from_unix(1_000_010_800).unwrap()),
        ]);
        table.add_row(vec![
            "12".into(),
            Cell::shortenable("e\u{301}"),
            "-".into(),
            "".into(),
            "never".into(),
        ]);
        table
    }

    #[test]
    fn table_is_empty_without_rows_and_aligned_without_trailing_spaces() {
        let mut table = Table::new(&["ID", "NAME"]);
        assert_eq!(table.render(&NO_TERMINAL), "");
        table.add_row(vec!["1".to_owned(), "ada".to_owned()]);
        table.add_row(vec!["10".to_owned(), "b\u{1b}[0m".to_owned()]);
        assert_eq!(table.render(&NO_TERMINAL), "ID  NAME\n1   ada\n10  b\\u{1b}[0m\n");
    }

    #[test]
    fn columns_can_be_removed() {
        let mut table = Table::new(&["ID", "UID", "NAME"]);
        table.add_row(vec!["1", "u", "ada"]);
        assert_eq!(
            table.without_columns(&["UID", "OTHER"]).render(&NO_TERMINAL),
            "ID  NAME\n1   ada\n"
        );
    }

    #[test]
    fn sufficient_width_or_no_terminal_shows_complete_texts() {
        let expected = "\
ID  APP                       MAY                           STATUS  ENDS
1   日本語のアプリケーション  read,write,a-long-permission  live    in 3 h
12  e\u{301}                         -                                     never
";
        assert_eq!(token_table().render(&screen(74)), expected);
        let expected = expected.replace("in 3 h", "2001-09-09T04:46:40Z");
        assert_eq!(token_table().render(&NO_TERMINAL), expected);
    }

    #[test]
    fn names_and_lists_are_shortened_on_narrow_screen() {
        assert_eq!(
            token_table().render(&screen(56)),
            "\
ID  APP                MAY           STATUS  ENDS
1   日本語のアプリケ…  read,write,…  live    in 3 h
12  e\u{301}                  -                     never
"
        );
        assert_eq!(
            token_table().render(&screen(45)),
            "\
ID  APP          MAY           STATUS  ENDS
1   日本語のア…  read,write,…  live    in 3 h
12  e\u{301}            -                     never
"
        );
        let mut table = Table::new(&["MAY"]);
        table.add_row(vec![Cell::from_list(&["a-long-permission", "b"].map(Untrusted::new))]);
        assert_eq!(table.render(&screen(12)), "MAY\na-long-perm…\n");
    }

    #[test]
    fn rows_become_records_on_very_narrow_screen() {
        assert_eq!(
            token_table().render(&screen(37)),
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
    fn colours_have_no_width() {
        for columns in [Some(37), Some(45), Some(97), None] {
            let plain = Screen { columns, ..screen(0) };
            let coloured = token_table().render(&Screen { has_colour: true, ..plain });
            assert!(coloured.contains("\u{1b}[32mlive\u{1b}[0m"), "{coloured}");
            assert_eq!(console::strip_ansi_codes(&coloured), token_table().render(&plain));
        }
    }

    #[test]
    fn style_marks_in_untrusted_text_are_escaped() {
        let mut table = Table::new(&["NAME"]);
        table.add_row(vec![Cell::shortenable("a\u{1f}b\u{e0000}c\u{e0003}d")]);
        let expected = "NAME\na\\u{1f}b\\u{e0000}c\\u{e0003}d\n";
        assert_eq!(table.render(&screen(80)), expected);
    }
}
