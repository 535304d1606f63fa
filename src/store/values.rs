//! Values of statements and columns, for both database engines.

use super::Error;
#[cfg(feature = "postgres")]
use super::postgres::unescape_nul;
use crate::model::{
    AuditEventId, GrantRowId, Jti, KeyRowId, SessionRowId, Sid, StoreId, Timestamp, TokenId,
    TokenPairRowId, UserId, UserUuid,
};
use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use std::borrow::Cow;
use std::convert::identity;
use uuid::Uuid;

/// Value of a statement parameter. Each variant is for one column type, because PostgreSQL requires
/// a type even for NULL. The comment of a variant names the column type of SQLite, and then the
/// column type of PostgreSQL if it is different.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'v> {
    /// INTEGER or BIGINT.
    Integer(Option<i64>),
    /// INTEGER (0 or 1) or BOOLEAN.
    Bool(bool),
    /// TEXT.
    Text(Option<Cow<'v, str>>),
    /// BLOB or BYTEA.
    Bytes(&'v [u8]),
    /// BLOB of 16 bytes or UUID.
    Uuid(Option<Uuid>),
}

/// Returns a slice of [`Value`]s, each converted from an expression.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::store::values::Value::from($value)),*]
    };
}
pub(super) use values;

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Integer(Some(number)) => ValueRef::Integer(*number),
            Self::Bool(flag) => ValueRef::Integer(i64::from(*flag)),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Uuid(Some(id)) => ValueRef::Blob(id.as_bytes()),
            Self::Integer(None) | Self::Text(None) | Self::Uuid(None) => ValueRef::Null,
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// Implements the conversion of a type and of its `Option` to a variant of [`Value`].
macro_rules! impl_from {
    ($($source:ty => $variant:ident, $convert:expr;)+) => {
        $(impl<'v> From<$source> for Value<'v> {
            fn from(value: $source) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }

        impl<'v> From<Option<$source>> for Value<'v> {
            fn from(value: Option<$source>) -> Self {
                Self::$variant(value.map($convert))
            }
        })+
    };
}

impl_from! {
    i64 => Integer, |value| value;
    Timestamp => Integer, Timestamp::unix;
    AuditEventId => Integer, |id: AuditEventId| id.0;
    GrantRowId => Integer, |id: GrantRowId| id.0;
    KeyRowId => Integer, |id: KeyRowId| id.0;
    SessionRowId => Integer, |id: SessionRowId| id.0;
    TokenId => Integer, |id: TokenId| id.0;
    TokenPairRowId => Integer, |id: TokenPairRowId| id.0;
    UserId => Integer, |id: UserId| id.0;
    &'v str => Text, Cow::Borrowed;
    String => Text, Cow::Owned;
    Uuid => Uuid, |id| id;
    Jti => Uuid, Jti::uuid;
    Sid => Uuid, Sid::uuid;
    StoreId => Uuid, StoreId::uuid;
    UserUuid => Uuid, UserUuid::uuid;
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl<'v> From<&'v String> for Value<'v> {
    fn from(text: &'v String) -> Self {
        Self::Text(Some(Cow::Borrowed(text)))
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(bytes: &'v [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

/// A row of the result of a query.
#[derive(Clone, Copy)]
pub(super) enum Row<'r> {
    Sqlite(&'r rusqlite::Row<'r>),
    #[cfg(feature = "postgres")]
    Postgres(&'r tokio_postgres::Row),
}

impl Row<'_> {
    /// Returns the value of a column. Columns are numbered from 0.
    pub(super) fn get<T: FromColumn>(&self, column: usize) -> Result<T, Error> {
        match self {
            Self::Sqlite(row) => Ok(T::from_sqlite(row, column)?),
            #[cfg(feature = "postgres")]
            Self::Postgres(row) => Ok(T::from_postgres(row, column)?),
        }
    }
}

/// A type to which the values of columns can be converted, for both database engines.
pub(super) trait FromColumn: Sized {
    fn from_sqlite(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Self>;

    #[cfg(feature = "postgres")]
    fn from_postgres(
        row: &tokio_postgres::Row,
        column: usize,
    ) -> Result<Self, tokio_postgres::Error>;
}

/// Implements [`FromColumn`] for a type and for its `Option`. The database library returns a value
/// of the type `$stored` (SQLite) or `$sent` (PostgreSQL), which `$from_stored` or `$from_sent`
/// converts.
macro_rules! impl_from_column {
    ($($target:ty: $stored:ty => $from_stored:expr, $sent:ty => $from_sent:expr;)+) => {
        $(impl FromColumn for $target {
            fn from_sqlite(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Self> {
                row.get::<_, $stored>(column).map($from_stored)
            }

            #[cfg(feature = "postgres")]
            fn from_postgres(
                row: &tokio_postgres::Row,
                column: usize,
            ) -> Result<Self, tokio_postgres::Error> {
                row.try_get::<_, $sent>(column).map($from_sent)
            }
        }

        impl FromColumn for Option<$target> {
            fn from_sqlite(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Self> {
                Ok(row.get::<_, Option<$stored>>(column)?.map($from_stored))
            }

            #[cfg(feature = "postgres")]
            fn from_postgres(
                row: &tokio_postgres::Row,
                column: usize,
            ) -> Result<Self, tokio_postgres::Error> {
                Ok(row.try_get::<_, Option<$sent>>(column)?.map($from_sent))
            }
        })+
    };
}

impl_from_column! {
    i64: i64 => identity, i64 => identity;
    bool: bool => identity, bool => identity;
    String: String => identity, &str => unescape_nul;
    Vec<u8>: Vec<u8> => identity, Vec<u8> => identity;
    Uuid: [u8; 16] => Uuid::from_bytes, Uuid => identity;
    AuditEventId: i64 => AuditEventId, i64 => AuditEventId;
    GrantRowId: i64 => GrantRowId, i64 => GrantRowId;
    KeyRowId: i64 => KeyRowId, i64 => KeyRowId;
    SessionRowId: i64 => SessionRowId, i64 => SessionRowId;
    TokenId: i64 => TokenId, i64 => TokenId;
    TokenPairRowId: i64 => TokenPairRowId, i64 => TokenPairRowId;
    UserId: i64 => UserId, i64 => UserId;
}
