//! The flags that cut a long list.

use crate::model::{Page, Paged};
use clap::Args;

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
