//! Queries for users: search, order, pages, export.

use super::{COLUMNS, user_from_row};
use crate::model::{NameFilter, Page, PageRequest, PasswordHash, Role, User, UserId};
use crate::store::sql::{WhereClause, limit_plus_one};
use crate::store::values::values;
use crate::store::{Error, Reader};

/// Filter and order of a user list.
#[derive(Debug, Clone, Default)]
pub(crate) struct UserFilter {
    /// Only users whose username or e-mail address contains this text.
    pub(crate) search: Option<NameFilter>,
    /// Set if users whose display name contains the search text also match.
    pub(crate) includes_display_name: bool,
    /// Only users with this role.
    pub(crate) role: Option<Role>,
    /// Only disabled users (`true`), or only enabled users (`false`).
    pub(crate) disabled: Option<bool>,
    /// Property by which the users are sorted.
    pub(crate) order: UserOrder,
    /// Set for descending order.
    pub(crate) descending: bool,
}

/// Property by which users are sorted. Users without this property are last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum UserOrder {
    /// Integer id.
    #[default]
    Id,
    /// Username.
    Username,
    /// E-mail address, case-insensitive.
    Email,
    /// Registration time.
    Created,
}

/// Number of consecutive user ids in a block. The table `user_blocks` has a row for each block,
/// with the number of its users, without deleted users. The number of all users, and the start of a
/// page of all users in the order of ids, are therefore found without a scan of all users.
const BLOCK_SIZE: i64 = 1_024;

impl UserFilter {
    /// Returns whether the filter matches all users.
    fn matches_all(&self) -> bool {
        self.search.is_none() && self.role.is_none() && self.disabled.is_none()
    }

    /// Returns the condition of the filter, which also excludes deleted users.
    fn where_clause(&self) -> WhereClause<'_> {
        let mut clause = WhereClause::new();
        clause.and("deleted_at IS NULL");
        if let Some(role) = self.role {
            let role = clause.bind(role.name());
            clause.and(&format!("role = {role}"));
        }
        match self.disabled {
            Some(true) => clause.and("disabled_at IS NOT NULL"),
            Some(false) => clause.and("disabled_at IS NULL"),
            None => {}
        }
        if let Some(search) = &self.search {
            let text = clause.bind(search.as_str());
            // Not LIKE: the search text is not a pattern.
            let contains = |column| format!("instr({column}, {text}) > 0");
            let mut conditions = vec![contains("username"), contains("email_key")];
            if self.includes_display_name {
                conditions.push(contains("name_key"));
            }
            clause.and(&format!("({})", conditions.join(" OR ")));
        }
        clause
    }

    fn order_by(&self) -> String {
        let direction = if self.descending { "DESC" } else { "ASC" };
        let column = match self.order {
            UserOrder::Id => return format!("id {direction}"),
            UserOrder::Username => "username",
            UserOrder::Email => "email_key",
            UserOrder::Created => "created_at",
        };
        format!("{column} {direction} NULLS LAST, id {direction}")
    }
}

impl Reader<'_> {
    /// Returns a page of the users that match the filter, without deleted users.
    pub(crate) fn users(
        &self,
        filter: &UserFilter,
        page: PageRequest,
    ) -> Result<Page<User>, Error> {
        let mut clause = filter.where_clause();
        let total = page.count_total(|| {
            if filter.matches_all() {
                return self.count_users();
            }
            let sql = format!("SELECT count(*) FROM users WHERE {}", clause.sql());
            self.connection.query_row(&sql, clause.values(), |row| row.get(0))
        })?;
        let (start, skip) = self.seek_start(filter, page)?;
        let page_size = page.sql_window().page_size;
        let comparison = if filter.descending { "<" } else { ">" };
        let start = clause.bind(start);
        clause.and(&format!("id {comparison} {start}"));
        let (take, skip) = (clause.bind(limit_plus_one(page_size)), clause.bind(skip));
        let sql = format!(
            "SELECT {COLUMNS} FROM users WHERE {} ORDER BY {} LIMIT {take} OFFSET {skip}",
            clause.sql(),
            filter.order_by()
        );
        let rows = self.connection.query_all(&sql, clause.values(), user_from_row)?;
        let mut list = Page::new(page, rows, total, |user: &User| user.id.0);
        // The id of the last item locates the next page only in the order of ids.
        list.next = list.next.filter(|_| filter.order == UserOrder::Id);
        Ok(list)
    }

    /// Returns the ids of the users that match the filter, in the order of the filter.
    pub(crate) fn user_ids(&self, filter: &UserFilter) -> Result<Vec<UserId>, Error> {
        let clause = filter.where_clause();
        let (condition, order) = (clause.sql(), filter.order_by());
        let sql = format!("SELECT id FROM users WHERE {condition} ORDER BY {order}");
        self.connection.query_all(&sql, clause.values(), |row| row.get(0))
    }

    /// Returns the number of users, without deleted users.
    fn count_users(&self) -> Result<i64, Error> {
        // In PostgreSQL, a sum of BIGINTs is a NUMERIC.
        let sql = "SELECT CAST(coalesce(sum(present), 0) AS BIGINT) FROM user_blocks";
        self.connection.query_number(sql)
    }

    /// Returns the id after which the query of a page starts, and the number of matching users to
    /// skip after this id. If the filter matches all users and sorts by id, skips as many complete
    /// blocks as possible: the returned id is then the boundary between the skipped blocks and the
    /// other blocks.
    fn seek_start(&self, filter: &UserFilter, page: PageRequest) -> Result<(i64, i64), Error> {
        let mut skip = page.sql_window().skip;
        if let Some(after) = page.after_id() {
            return Ok((after, 0));
        }
        let mut start = if filter.descending { i64::MAX } else { 0 };
        if skip == 0 || !filter.matches_all() || filter.order != UserOrder::Id {
            return Ok((start, skip));
        }
        let direction = if filter.descending { "DESC" } else { "ASC" };
        let sql = format!("SELECT block, present FROM user_blocks ORDER BY block {direction}");
        self.connection.for_each_row(&sql, &[], |row| {
            let (block, present): (i64, i64) = (row.get(0)?, row.get(1)?);
            if present > skip {
                return Ok(false);
            }
            skip -= present;
            start =
                if filter.descending { block * BLOCK_SIZE } else { (block + 1) * BLOCK_SIZE - 1 };
            Ok(true)
        })?;
        Ok((start, skip))
    }

    /// Calls `visit` with each user in the order of ids, without deleted users. The password hash
    /// is passed only if `with_hashes` is set.
    pub(crate) fn for_each_user(
        &self,
        with_hashes: bool,
        mut visit: impl FnMut(User, Option<PasswordHash>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let sql = format!(
            "SELECT {COLUMNS}, CASE WHEN ?1 THEN password END
             FROM users WHERE deleted_at IS NULL ORDER BY id"
        );
        self.connection.for_each_row(&sql, values![with_hashes], |row| {
            let hash: Option<String> = row.get(10)?;
            visit(user_from_row(row)?, hash.map(PasswordHash::new))?;
            Ok(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// Creates users with the ids 1 to 5,000. Some users are deleted, among them all users of the
    /// third block.
    fn create_database_with_users() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../migrations/0001_first.sql")).unwrap();
        connection
            .execute_batch(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                 INSERT INTO users (uid, username, role, created_at, password_at)
                     SELECT randomblob(16), 'user' || i, iif(i % 7 = 0, 'minter', 'user'), 0, 0
                     FROM n;
                 UPDATE users SET username = NULL, deleted_at = 1
                     WHERE id % 3 = 0 OR id % 100 < 10 OR id >> 10 = 2;",
            )
            .unwrap();
        connection
    }

    fn page_ids(list: &Page<User>) -> Vec<i64> {
        list.items.iter().map(|user| user.id.0).collect()
    }

    #[test]
    fn user_pages_match_full_list() {
        let connection = create_database_with_users();
        let tx = Reader::sqlite(&connection);
        for descending in [false, true] {
            let filter = UserFilter { descending, ..Default::default() };
            let all = page_ids(&tx.users(&filter, PageRequest::All).unwrap());
            assert!(all.len() > 2_000 && all.is_sorted_by(|a, b| (a < b) != descending));
            for per_page in [1, 37, 600] {
                for page in (1..=u32::try_from(all.len()).unwrap() / per_page + 2).step_by(19) {
                    let list = tx.users(&filter, PageRequest::Number { page, per_page }).unwrap();
                    let skip = usize::try_from((page - 1) * per_page).unwrap();
                    let take = usize::try_from(per_page).unwrap();
                    let expected: Vec<i64> = all.iter().copied().skip(skip).take(take).collect();
                    assert_eq!(
                        page_ids(&list),
                        expected,
                        "page {page}, per_page {per_page}, descending {descending}"
                    );
                    assert_eq!(usize::try_from(list.total).unwrap(), all.len());
                }
            }
            for id in [all[0], all[777], 2_500] {
                let list = tx.users(&filter, PageRequest::After { id, per_page: 5 }).unwrap();
                let is_after = |other: &&i64| if descending { **other < id } else { **other > id };
                let expected: Vec<i64> = all.iter().filter(is_after).take(5).copied().collect();
                assert_eq!(
                    (page_ids(&list), list.next),
                    (expected.clone(), expected.last().copied())
                );
            }
        }
    }

    #[test]
    fn filtered_users_have_total_and_pages() {
        let connection = create_database_with_users();
        let tx = Reader::sqlite(&connection);
        let search = NameFilter::parse("USER49").ok();
        let filter = UserFilter { search, role: Some(Role::Minter), ..Default::default() };
        let list = tx.users(&filter, PageRequest::Number { page: 2, per_page: 3 }).unwrap();
        let all = page_ids(&tx.users(&filter, PageRequest::All).unwrap());
        assert!(all.iter().all(|id| id % 7 == 0 && id.to_string().starts_with("49")), "{all:?}");
        assert_eq!(
            (page_ids(&list), list.total),
            (all[3..6].to_vec(), all.len().try_into().unwrap())
        );
    }

    #[test]
    fn order_by_id_username_or_email_uses_index() {
        let connection = create_database_with_users();
        for order in [UserOrder::Id, UserOrder::Username, UserOrder::Email] {
            for descending in [false, true] {
                let filter = UserFilter { order, descending, ..Default::default() };
                let sql = format!(
                    "EXPLAIN QUERY PLAN SELECT {COLUMNS} FROM users WHERE deleted_at IS NULL
                         ORDER BY {} LIMIT 20",
                    filter.order_by()
                );
                let mut statement = connection.prepare(&sql).unwrap();
                let plan = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
                let plan: Vec<String> = plan.map(Result::unwrap).collect();
                assert!(plan.len() == 1 && plan[0].contains("USING INDEX"), "{order:?}: {plan:?}");
            }
        }
    }
}
