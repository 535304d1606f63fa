//! Output of lists in every format, and the options that select a page of a list.

use super::args::number;
use crate::app::{App, OutputFormat, Table};
use crate::failure::Failure;
use crate::model::{Page, PageRequest};
use clap::Args;
use serde::Serialize;
use std::mem;

/// Maximum number of rows that are loaded at once for a request from [`all_rows`].
const MAX_CHUNK_ROWS: u32 = 1_000;

#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// Page number [default: 1]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = number(1..=u32::MAX))]
    page: Option<u32>,

    /// Rows per page, at most 10000 [default: 20]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = number(1..=10_000_u32))]
    per_page: Option<u32>,

    /// Start after the row with this id (keyset pagination)
    #[arg(long, value_name = "ID", conflicts_with = "page", allow_hyphen_values = true, value_parser = number(0..=i64::MAX))]
    after: Option<i64>,

    /// Print all rows, without paging (the default with `-o json`, `jsonl`, `csv` or `name`)
    #[arg(long, conflicts_with_all = ["page", "per_page", "after"])]
    all: bool,
}

impl PageArgs {
    /// Returns the requested part of a list. A table is one page unless `--all` is given. Other
    /// formats contain all rows unless `--page` or `--per-page` is given. With `--after` and
    /// neither of these options, JSON contains one page of the rows after the id, while JSON Lines,
    /// CSV and names contain all rows after the id: they have no member `next`, so a page would
    /// look like a complete list.
    pub(super) fn page_request(&self, format: OutputFormat) -> PageRequest {
        let has_page = self.page.is_some() || self.per_page.is_some();
        let is_complete = match format {
            OutputFormat::Text
            | OutputFormat::Wide
            | OutputFormat::Dotenv
            | OutputFormat::Github => self.all,
            OutputFormat::Json => !has_page && self.after.is_none(),
            OutputFormat::JsonLines | OutputFormat::Csv | OutputFormat::Name => !has_page,
        };
        let per_page = self.per_page.unwrap_or(20);
        match self.after {
            after if is_complete => all_rows(after),
            Some(id) => PageRequest::After { id, per_page },
            None => PageRequest::Number { page: self.page.unwrap_or(1), per_page },
        }
    }

    /// Returns whether `--after` was given.
    pub(super) fn has_after(&self) -> bool {
        self.after.is_some()
    }
}

/// Returns a request for all rows, or for all rows after an id. [`ListReport::report`] loads and
/// reports these rows in chunks of at most [`MAX_CHUNK_ROWS`] rows.
pub(super) fn all_rows(after: Option<i64>) -> PageRequest {
    PageRequest::Chunk { after, size: MAX_CHUNK_ROWS }
}

/// Description of a list to report.
pub(super) struct ListReport<T> {
    /// Noun for the rows, in the plural.
    pub(super) noun: &'static str,
    /// CSV columns: the names of the members of each row in JSON.
    pub(super) columns: &'static [&'static str],
    /// Returns the id of a row, as the argument of other commands.
    pub(super) id_of: fn(&T) -> String,
    /// Renders rows as a table with all columns.
    pub(super) build_table: fn(&[T]) -> Table,
    /// Table columns that only `-o wide` shows.
    pub(super) wide_columns: &'static [&'static str],
}

impl<T: Serialize> ListReport<T> {
    /// Reports the requested page, and returns the number of rows in the whole list. For a request
    /// from [`all_rows`], reports all requested rows in chunks, and returns the number of loaded
    /// rows. `load` returns the rows of one page or chunk.
    pub(super) fn report(
        &self,
        app: &mut App,
        request: PageRequest,
        mut load: impl FnMut(&mut App, PageRequest) -> Result<Page<T>, Failure>,
    ) -> Result<i64, Failure> {
        match request {
            PageRequest::Chunk { after, .. } => self.report_all(app, after, load),
            PageRequest::Number { .. } | PageRequest::After { .. } | PageRequest::All => {
                let page = load(app, request)?;
                self.report_page(app, page)
            }
        }
    }

    /// Reports a complete list that is short enough to be loaded at once.
    pub(super) fn report_rows(&self, app: &App, rows: Vec<T>) -> Result<(), Failure> {
        let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        // The ids of rows are used only for the next page, which does not exist.
        self.report_page(app, Page::new(PageRequest::All, rows, total, |_| 0)).map(|_| ())
    }

    fn report_page(&self, app: &App, mut page: Page<T>) -> Result<i64, Failure> {
        let position_text = describe_position(&page, self.noun);
        let rows = mem::take(&mut page.items);
        if self.write_part(app, &rows, true)? {
            end_list(app, &page)?;
        }
        app.console.print_status_if_some(position_text);
        Ok(page.total)
    }

    fn report_all(
        &self,
        app: &mut App,
        start: Option<i64>,
        mut load: impl FnMut(&mut App, PageRequest) -> Result<Page<T>, Failure>,
    ) -> Result<i64, Failure> {
        let (mut after, mut total) = (start, 0);
        loop {
            let chunk = load(app, PageRequest::Chunk { after, size: MAX_CHUNK_ROWS })?;
            let is_first = after == start;
            total += i64::try_from(chunk.items.len()).unwrap_or(0);
            if !self.write_part(app, &chunk.items, is_first)? {
                break;
            }
            if chunk.next.is_none() {
                end_list(app, &Page::<T>::new(PageRequest::All, Vec::new(), total, |_| 0))?;
                break;
            }
            after = chunk.next;
        }
        let suffix = if start.is_some() { " after this id" } else { "" };
        let empty_text = || format!("no {}{suffix}", self.noun);
        app.console.print_status_if_some((total == 0).then(empty_text));
        Ok(total)
    }

    /// Writes a part of the list: a page or a chunk. Returns `false` if standard output is a closed
    /// pipe.
    fn write_part(&self, app: &App, rows: &[T], is_first_part: bool) -> Result<bool, Failure> {
        match app.console.output_format() {
            OutputFormat::Json => app.console.write_items(rows, is_first_part),
            OutputFormat::JsonLines => app.console.write_rows(rows, false),
            OutputFormat::Csv => {
                if is_first_part && !app.console.write_csv_header(self.columns)? {
                    return Ok(false);
                }
                app.console.write_rows(rows, false)
            }
            OutputFormat::Name => {
                app.console.write_ids(&rows.iter().map(self.id_of).collect::<Vec<_>>())
            }
            OutputFormat::Wide => app.console.write_table(&(self.build_table)(rows), is_first_part),
            OutputFormat::Text | OutputFormat::Dotenv | OutputFormat::Github => {
                let table = (self.build_table)(rows).without_columns(self.wide_columns);
                app.console.write_table(&table, is_first_part)
            }
        }
    }
}

/// Ends the JSON document of a list with the members of `page` after `items`. `page.items` is empty
/// here, because the items were written before. Does nothing for other formats.
fn end_list<T: Serialize>(app: &App, page: &Page<T>) -> Result<(), Failure> {
    if app.console.output_format() == OutputFormat::Json {
        app.console.end_item_list(page)?;
    }
    Ok(())
}

/// Returns the status message to print after a page: the position of the page in the list, and the
/// option for the next page. `None` for the last page, unless this page is empty.
fn describe_position<T>(page: &Page<T>, noun: &str) -> Option<String> {
    if page.items.is_empty() && page.total > 0 && page.page.is_some() {
        return Some(format!("no {noun} on this page, last page: {}", page.pages));
    }
    if page.items.is_empty() && page.total > 0 {
        return Some(format!("no {noun} after this id"));
    }
    if page.items.is_empty() {
        return Some(format!("no {noun}"));
    }
    let position = match (page.page, page.next) {
        (Some(number), _) if i64::from(number) < page.pages => {
            format!("page {number} of {}, next: --page {}", page.pages, number + 1)
        }
        (None, Some(next)) => format!("next: --after {next}"),
        _ => return None,
    };
    Some(format!("{} of {} {noun}, {position}", page.items.len(), page.total))
}
