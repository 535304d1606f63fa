//! Array parameters. An array contains the values of one column in many rows.

use super::text::escape_nul;
use crate::store::columns::Column;
use std::error;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// Returns the type of the array with the values of a column.
pub(super) fn array_type(column: &Column) -> Type {
    match column {
        Column::Integer(_) => Type::INT8_ARRAY,
        Column::Bool(_) => Type::BOOL_ARRAY,
        Column::Text(_) => Type::TEXT_ARRAY,
        Column::Bytes(_) => Type::BYTEA_ARRAY,
        Column::Uuid(_) => Type::UUID_ARRAY,
    }
}

impl ToSql for Column {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn error::Error + Sync + Send>> {
        match self {
            Self::Integer(numbers) => numbers.to_sql(ty, out),
            Self::Bool(flags) => flags.to_sql(ty, out),
            Self::Text(texts) => {
                let stored: Vec<_> =
                    texts.iter().map(|text| text.as_deref().map(escape_nul)).collect();
                stored.to_sql(ty, out)
            }
            Self::Bytes(values) => {
                values.iter().map(|bytes| bytes.as_slice()).collect::<Vec<_>>().to_sql(ty, out)
            }
            Self::Uuid(ids) => ids.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
