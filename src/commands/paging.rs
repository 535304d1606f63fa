//! Paging of long lists.

use super::args::number;
use crate::app::{App, OutputFormat, Rendered, Report, Table};
use crate::failure::Failure;
use crate::model::{Page, PageRequest};
use clap::Args;
use serde::Serialize;

/// Number of rows loaded at once for `--all`.
const CHUNK_ROWS: u32 = 5_000;

#[derive(Debug, Args)]
pub(super) struct PageArgs {
    /// Page number [default: 1]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = number(1..=u32::MAX))]
    page: Option<u32>,

    /// Rows per page, at most 10000 [default: 20]
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = number(1..=10_000_u32))]
    per_page: Option<u32>,

    /// Start after this id (keyset pagination)
    #[arg(long, value_name = "ID", conflicts_with = "page", allow_hyphen_values = true, value_parser = number(0..=i64::MAX))]
    after: Option<i64>,

    /// Print all rows, without paging
    #[arg(long, conflicts_with_all = ["page", "per_page", "after"])]
    all: bool,
}

impl PageArgs {
    pub(super) fn page_request(&self) -> PageRequest {
        let per_page = self.per_page.unwrap_or(20);
        match self.after {
            _ if self.all => PageRequest::All,
            Some(id) => PageRequest::After { id, per_page },
            None => PageRequest::Number { page: self.page.unwrap_or(1), per_page },
        }
    }

    /// Returns whether `--page` or `--per-page` was given.
    pub(super) fn is_paged(&self) -> bool {
        self.page.is_some() || self.per_page.is_some()
    }

    /// Returns the id to start after.
    pub(super) fn after(&self) -> Option<i64> {
        self.after
    }
}

/// Description of a list to report: the noun for its rows, the table layout and the order.
pub(super) struct ListReport<T> {
    /// Noun for the rows, in the plural.
    pub(super) noun: &'static str,
    /// Renders rows as a table.
    pub(super) build_table: fn(&[T]) -> Table,
    /// `true` if the list is sorted by id, so that rows after a given id can be loaded.
    pub(super) is_sorted_by_id: bool,
}

#[derive(Serialize)]
struct PageOutput<'l, T> {
    #[serde(flatten)]
    page: Page<T>,
    #[serde(skip)]
    list: &'l ListReport<T>,
}

impl<T: Serialize> Report for PageOutput<'_, T> {
    fn render(&self) -> Rendered {
        Rendered::Table((self.list.build_table)(&self.page.items))
    }
}

impl<T: Serialize> ListReport<T> {
    /// Reports the requested page, or all rows chunk by chunk. Returns the number of rows in the list.
    pub(super) fn report(
        &self,
        app: &mut App,
        page: PageRequest,
        mut load: impl FnMut(&mut App, PageRequest) -> Result<Page<T>, Failure>,
    ) -> Result<i64, Failure> {
        if page == PageRequest::All {
            return self.report_all(app, load);
        }
        let page = load(app, page)?;
        let (position_text, total) = (describe_position(&page, self.noun), page.total);
        app.console.report(&PageOutput { page, list: self })?;
        app.console.print_status_if_some(position_text);
        Ok(total)
    }

    fn report_all(
        &self,
        app: &mut App,
        mut load: impl FnMut(&mut App, PageRequest) -> Result<Page<T>, Failure>,
    ) -> Result<i64, Failure> {
        let (mut after, mut total) = (None, 0);
        let is_output_open = loop {
            let skip = if after.is_some() { 0 } else { total };
            let chunk = load(app, PageRequest::Chunk { after, skip, size: CHUNK_ROWS })?;
            let is_first = total == 0;
            total += i64::try_from(chunk.items.len()).unwrap_or(0);
            let is_output_open = match app.console.output_format() {
                OutputFormat::Json | OutputFormat::JsonLines => {
                    app.console.write_items(&chunk.items, is_first)?
                }
                OutputFormat::Text
                | OutputFormat::Csv
                | OutputFormat::Dotenv
                | OutputFormat::Github => {
                    app.console.write_table(&(self.build_table)(&chunk.items), is_first)?
                }
            };
            after = chunk.next.filter(|_| self.is_sorted_by_id);
            if chunk.next.is_none() || !is_output_open {
                break is_output_open;
            }
        };
        let empty_page = Page::<()>::new(PageRequest::All, Vec::new(), total, |()| 0);
        if app.console.output_format().is_json() && is_output_open {
            app.console.end_items(&empty_page)?;
        }
        app.console.print_status_if_some((total == 0).then(|| format!("no {}", self.noun)));
        Ok(total)
    }
}

/// Returns the status message below a page: its position in the list and the next page.
pub(super) fn describe_position<T>(list: &Page<T>, noun: &str) -> Option<String> {
    if list.items.is_empty() && list.total > 0 && list.page.is_some() {
        return Some(format!("no {noun} on this page, last page: {}", list.pages));
    }
    if list.items.is_empty() {
        return Some(format!("no {noun}"));
    }
    let position = match (list.page, list.next) {
        (Some(page), _) if i64::from(page) < list.pages => {
            format!("page {page} of {}, next: --page {}", list.pages, page + 1)
        }
        (None, Some(next)) => format!("next: --after {next}"),
        _ => return None,
    };
    Some(format!("{} of {} {noun}, {position}", list.items.len(), list.total))
}
