//! Pages of long lists, and requests for a page.

use serde::Serialize;
use std::convert::Infallible;

/// Requested part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageRequest {
    /// Page with the given number.
    Number {
        /// Page number, counted from 1.
        page: u32,
        /// Maximum number of items per page, at least 1.
        per_page: u32,
    },
    /// Items that follow an id in the order of the list (keyset pagination).
    After {
        /// Id from the user, usually [`Page::next`] of the previous page.
        id: i64,
        /// Maximum number of items per page, at least 1.
        per_page: u32,
    },
    /// All items.
    All,
    /// One of the parts in which a caller loads a long list. The total number of items is not
    /// counted.
    Chunk {
        /// Id after which the chunk starts: [`Page::next`] of the previous chunk, or an id from the
        /// user. `None` for a chunk at the start of the list.
        after: Option<i64>,
        /// Maximum number of items in the chunk, at least 1.
        size: u32,
    },
}

/// Position and size of a page, for an SQL query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SqlWindow {
    /// Number of rows that the query skips before the page.
    pub(crate) skip: i64,
    /// Id after which the rows of the query start, for lists in ascending order of ids; 0 if the
    /// request has no id.
    pub(crate) after_id: i64,
    /// Maximum number of rows of the page; -1 for all rows.
    pub(crate) page_size: i64,
}

impl PageRequest {
    /// Returns the position and size of the page.
    pub(crate) fn sql_window(self) -> SqlWindow {
        let (skip, after_id, page_size) = match self {
            Self::Number { page, per_page } => {
                let skip = i64::from(page.saturating_sub(1)) * i64::from(per_page);
                (skip, 0, i64::from(per_page))
            }
            Self::After { id, per_page } => (0, id, i64::from(per_page)),
            Self::All => (0, 0, -1),
            Self::Chunk { after, size } => (0, after.unwrap_or(0), i64::from(size)),
        };
        SqlWindow { skip, after_id, page_size }
    }

    /// Returns the id after which the page starts, for lists in ascending or descending order of
    /// ids. Returns `None` if the request has no id.
    pub(crate) fn after_id(self) -> Option<i64> {
        match self {
            Self::After { id, .. } => Some(id),
            Self::Chunk { after, .. } => after,
            Self::Number { .. } | Self::All => None,
        }
    }

    /// Calls `count` and returns its result, the total number of items. For a chunk, returns 0 and
    /// does not call `count`.
    pub(crate) fn count_total<E>(self, count: impl FnOnce() -> Result<i64, E>) -> Result<i64, E> {
        if let Self::Chunk { .. } = self { Ok(0) } else { count() }
    }
}

/// Part of a list with its position.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Page<T> {
    /// Items of the page.
    pub(crate) items: Vec<T>,
    /// Page number; `None` for [`PageRequest::After`] and [`PageRequest::Chunk`].
    pub(crate) page: Option<u32>,
    /// Maximum number of items per page; `None` for [`PageRequest::All`].
    pub(crate) per_page: Option<u32>,
    /// Number of items in the whole list; 0 for a chunk.
    pub(crate) total: i64,
    /// Number of pages in the whole list; 0 for a chunk.
    pub(crate) pages: i64,
    /// Id after which the next page starts, the value for `--after`; `None` on the last page, and
    /// for lists that are not in the order of ids.
    pub(crate) next: Option<i64>,
}

impl<T> Page<T> {
    /// Creates a page from the items of one query. The limit of the query must be one item more
    /// than the page size: if this extra item exists, another page follows. The extra item is
    /// removed. `id_of` returns the id of an item.
    pub(crate) fn new(
        request: PageRequest,
        mut items: Vec<T>,
        total: i64,
        id_of: impl Fn(&T) -> i64,
    ) -> Self {
        let (page_number, per_page) = match request {
            PageRequest::Number { page, per_page } => (Some(page), Some(per_page)),
            PageRequest::After { per_page, .. } => (None, Some(per_page)),
            PageRequest::All => (Some(1), None),
            PageRequest::Chunk { size, .. } => (None, Some(size)),
        };
        let size = per_page.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
        let has_more = items.len() > size;
        items.truncate(size);
        let pages = match per_page {
            Some(size) => {
                let size = i64::from(size.max(1));
                (total + size - 1) / size
            }
            None => i64::from(total > 0),
        };
        let next = if has_more { items.last().map(id_of) } else { None };
        Self { items, page: page_number, per_page, total, pages, next }
    }

    /// Converts the items.
    pub(crate) fn map<U>(self, mut convert: impl FnMut(T) -> U) -> Page<U> {
        let Ok(page) = self.try_map(|item| Ok::<U, Infallible>(convert(item)));
        page
    }

    /// Converts the items; returns the first error.
    pub(crate) fn try_map<U, E>(
        self,
        convert: impl FnMut(T) -> Result<U, E>,
    ) -> Result<Page<U>, E> {
        Ok(Page {
            items: self.items.into_iter().map(convert).collect::<Result<_, E>>()?,
            page: self.page,
            per_page: self.per_page,
            total: self.total,
            pages: self.pages,
            next: self.next,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_number_determines_sql_window_and_extra_item_determines_next_id() {
        let request = PageRequest::Number { page: 2, per_page: 3 };
        assert_eq!(request.sql_window(), SqlWindow { skip: 3, after_id: 0, page_size: 3 });
        let page = Page::new(request, vec![4, 5, 6, 7], 7, |id| *id);
        assert_eq!((page.items, page.pages, page.next), (vec![4, 5, 6], 3, Some(6)));
        let last = Page::new(request, vec![4, 5], 5, |id| *id);
        assert_eq!((last.pages, last.next), (2, None));
    }

    #[test]
    fn unpaged_list_is_one_page() {
        let page = Page::new(PageRequest::All, vec![1, 2], 2, |id| *id);
        assert_eq!((page.page, page.per_page, page.pages, page.next), (Some(1), None, 1, None));
    }
}
