//! The flags that cut a long list.

use crate::model::{Page, Paged};
use clap::Args;

#[derive(Debug, Args)]
pub(super) struct PagingArgs {
    /// Which page, counted from 1
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    page: u32,

    /// How many on a page
    #[arg(
        long,
        value_name = "N",
        default_value_t = 20,
        value_parser = clap::value_parser!(u32).range(1..=10_000)
    )]
    per_page: u32,

    /// What follows that id, however long the list is
    #[arg(long, value_name = "ID", conflicts_with = "page")]
    after: Option<i64>,

    /// Everything
    #[arg(long, conflicts_with_all = ["page", "per_page", "after"])]
    all: bool,
}

impl PagingArgs {
    pub(super) fn page(&self) -> Page {
        match self.after {
            _ if self.all => Page::All,
            Some(id) => Page::After { id, per_page: self.per_page },
            None => Page::Number { page: self.page, per_page: self.per_page },
        }
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
