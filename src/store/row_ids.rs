//! Row ids as SQL values.

use crate::model::{AuditEventId, GrantRowId, KeyRowId, PairRowId, SessionRowId, TokenId, UserId};
use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

macro_rules! impl_sql {
    ($($name:ident),+) => {
        $(impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        })+
    };
}

impl_sql!(AuditEventId, GrantRowId, KeyRowId, PairRowId, SessionRowId, TokenId, UserId);
