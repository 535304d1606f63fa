//! Prefix of the names of the PostgreSQL roles of a store.

use super::InvalidValue;

/// Maximum length of a prefix in bytes: PostgreSQL truncates names after 63 bytes, and the longest
/// suffix of a role name is `_operator`.
const MAX_BYTES: usize = 63 - "_operator".len();

/// Prefix of the names of PostgreSQL roles, such as `jeton` in the role name `jeton_minter`. A role
/// name with this prefix needs no quotes in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RolePrefix(String);

impl RolePrefix {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_word = text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        let reason = if !is_word || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
            "expected lower-case letters, digits and `_`, starting with a letter"
        } else if text.starts_with("pg_") {
            "names that start with `pg_` are reserved"
        } else if text.len() > MAX_BYTES {
            return Err(InvalidValue::new("prefix", format!("longer than {MAX_BYTES} characters")));
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(InvalidValue::new("prefix", reason))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_short_and_needs_no_quotes_in_sql() {
        let longest = "a".repeat(MAX_BYTES);
        for valid in ["jeton", "j", "staging_2", longest.as_str()] {
            assert_eq!(RolePrefix::parse(valid).unwrap().as_str(), valid);
        }
        let too_long = format!("{longest}a");
        for invalid in
            ["", "Jeton", "2x", "_x", "a-b", "a\"b", "a'b", "ä", "pg_x", too_long.as_str()]
        {
            assert!(RolePrefix::parse(invalid).is_err(), "{invalid}");
        }
    }
}
