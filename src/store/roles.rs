//! SQL that creates the database roles for a store in PostgreSQL, with their rights and views.

use super::StoreAddress;
use crate::model::{InvalidValue, MAX_UNIX_SECONDS, RolePrefix, TargetKind};

/// SQL with placeholders such as `{prefix}`.
const TEMPLATE: &str = include_str!("postgres/roles.sql");

/// Schema that the SQL uses if the address of the store names no schema.
const DEFAULT_SCHEMA: &str = "public";

/// Default prefix of the role names for the schema `public`.
const DEFAULT_PREFIX: &str = "jeton";

/// Returns the SQL that creates the roles for the store with this address. If no address is given,
/// or if the address names no schema, the SQL is for the schema `public`. The names of the roles
/// begin with `prefix`. By default, the prefix is `jeton` for the schema `public`, and the name of
/// the schema for any other schema, so that the stores of a database have different roles. Returns
/// an error if `prefix` is `None` and the name of the schema is `jeton` or is not a valid prefix.
pub(crate) fn roles_sql(
    address: Option<&StoreAddress>,
    prefix: Option<RolePrefix>,
) -> Result<String, InvalidValue> {
    let schema = address.and_then(StoreAddress::schema).unwrap_or(DEFAULT_SCHEMA);
    let prefix = match prefix {
        Some(prefix) => prefix,
        None if schema == DEFAULT_SCHEMA => RolePrefix::parse(DEFAULT_PREFIX)?,
        None if schema == DEFAULT_PREFIX => {
            let reason = format!("`{schema}` is the default for the schema `{DEFAULT_SCHEMA}`");
            return Err(InvalidValue::new("prefix", reason));
        }
        None => RolePrefix::parse(schema)?,
    };
    // The name of the schema is inserted last. If the name contains a text such as `{prefix}`, this
    // text is therefore not replaced.
    let kinds = TargetKind::ALL.map(|kind| format!("'{}'", kind.name()));
    let sql = TEMPLATE
        .replace("{max_time}", &MAX_UNIX_SECONDS.to_string())
        .replace("{target_kinds}", &kinds.join(", "))
        .replace("{prefix}", prefix.as_str());
    Ok(sql.replace("{schema}", &quote_identifier(schema)))
}

/// Returns an SQL identifier in double quotes.
pub(super) fn quote_identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;
    use crate::store::AddressSource;

    #[test]
    fn schema_name_cannot_add_sql_statements() {
        let parse =
            |text: &str| StoreAddress::parse(text.as_ref(), AddressSource::Variable).unwrap();
        let address = parse("postgres://h/db?schema=%22;%0ADROP%20{prefix}%24roles%24");
        assert!(roles_sql(Some(&address), None).is_err());
        let prefix = RolePrefix::parse("p").unwrap();
        let sql = roles_sql(Some(&address), Some(prefix)).unwrap();
        let quoted = "\"\"\";\nDROP {prefix}$roles$\"";
        assert!(sql.contains(&format!("search_path = {quoted}")), "{sql}");
        let rest = sql.replace(quoted, "");
        assert!(!rest.contains("DROP {") && !rest.contains(['{', '}']), "{rest}");
        // No SQL comment may contain the name: the line break in the name would end the comment.
        let comments = sql.lines().filter(|line| line.trim_start().starts_with("--"));
        assert!(comments.into_iter().all(|line| !line.contains("\"\"\"")), "{sql}");
    }
}
