//! The flags that cut a long list.

use crate::app::{App, Form, Report, Table, Text};
use crate::failure::Failure;
use crate::model::{Page, Paged};
use clap::Args;
use serde::Serialize;

/// Rows of a part of everything.
const PART: u32 = 5_000;

#[derive(Debug, Args)]
pub(super) struct PagingArgs {
    /// Which page, counted from 1 [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    page: Option<u32>,

    /// How many on a page [default: 20]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    per_page: Option<u32>,

    /// What follows that id, however long the list is
    #[arg(long, value_name = "ID", conflicts_with = "page")]
    after: Option<i64>,

    /// Everything
    #[arg(long, conflicts_with_all = ["page", "per_page", "after"])]
    all: bool,
}

impl PagingArgs {
    pub(super) fn page(&self) -> Page {
        let per_page = self.per_page.unwrap_or(20);
        match self.after {
            _ if self.all => Page::All,
            Some(id) => Page::After { id, per_page },
            None => Page::Number { page: self.page.unwrap_or(1), per_page },
        }
    }

    /// Whether a page was asked for.
    pub(super) fn is_cut(&self) -> bool {
        self.page.is_some() || self.per_page.is_some()
    }

    /// The id that was seen last.
    pub(super) fn after(&self) -> Option<i64> {
        self.after
    }
}

/// A list as a command reports it.
pub(super) struct List<T> {
    /// What its rows are called.
    pub(super) noun: &'static str,
    /// The table of some of its rows.
    pub(super) table: fn(&[T]) -> Table,
    /// Whether the order is that of the ids, so that the rows after an id are known.
    pub(super) is_by_id: bool,
}

#[derive(Serialize)]
struct OnePage<'l, T> {
    #[serde(flatten)]
    page: Paged<T>,
    #[serde(skip)]
    list: &'l List<T>,
}

impl<T: Serialize> Report for OnePage<'_, T> {
    fn text(&self) -> Text {
        Text::Table((self.list.table)(&self.page.items))
    }
}

impl<T: Serialize> List<T> {
    /// Reports the page that was asked for, or everything part by part; returns how many rows the
    /// whole list has.
    pub(super) fn report(
        &self,
        app: &mut App,
        page: Page,
        mut read: impl FnMut(&mut App, Page) -> Result<Paged<T>, Failure>,
    ) -> Result<i64, Failure> {
        if page == Page::All {
            return self.report_all(app, read);
        }
        let page = read(app, page)?;
        let (below, total) = (footer(&page, self.noun), page.total);
        app.report(&OnePage { page, list: self })?;
        app.status_if_any(below);
        Ok(total)
    }

    fn report_all(
        &self,
        app: &mut App,
        mut read: impl FnMut(&mut App, Page) -> Result<Paged<T>, Failure>,
    ) -> Result<i64, Failure> {
        let (mut after, mut total) = (None, 0);
        let is_received = loop {
            let skip = if after.is_some() { 0 } else { total };
            let part = read(app, Page::Part { after, skip, size: PART })?;
            let is_first = total == 0;
            total += i64::try_from(part.items.len()).unwrap_or(0);
            let is_received = match app.form() {
                Form::Json | Form::JsonLines => app.items(&part.items, is_first)?,
                Form::Text | Form::Csv => app.table(&(self.table)(&part.items), is_first)?,
            };
            after = part.next.filter(|_| self.is_by_id);
            if part.next.is_none() || !is_received {
                break is_received;
            }
        };
        let empty = Paged::<()>::new(Page::All, Vec::new(), total, |()| 0);
        if app.form().is_json() && is_received {
            app.end_of_items(&empty)?;
        }
        app.status_if_any((total == 0).then(|| format!("no {}", self.noun)));
        Ok(total)
    }
}

/// How much of the list that was, to be said below it.
pub(super) fn footer<T>(list: &Paged<T>, noun: &str) -> Option<String> {
    if list.items.is_empty() && list.total > 0 && list.page.is_some() {
        return Some(format!("no {noun} on this page; pages: {}", list.pages));
    }
    if list.items.is_empty() {
        return Some(format!("no {noun}"));
    }
    let more = match (list.page, list.next) {
        (Some(page), _) if i64::from(page) < list.pages => {
            format!("page {page} of {}; next: --page {}", list.pages, page + 1)
        }
        (None, Some(next)) => format!("more follow; next: --after {next}"),
        _ => return None,
    };
    Some(format!("{} of {} {noun}, {more}", list.items.len(), list.total))
}
