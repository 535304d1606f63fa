//! Permissions that users with the role `user` may grant to app tokens.

use super::names::parse_visible_text;
use super::{InvalidValue, Permission};

/// Patterns for permissions, from the setting `token.permissions`. A pattern is a permission, or a
/// prefix followed by `*`. Permissions with the prefix `jeton:` match no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PermissionPolicy(Vec<String>);

impl Default for PermissionPolicy {
    fn default() -> Self {
        Self(vec!["*".to_owned()])
    }
}

impl PermissionPolicy {
    /// Parses `none`, or patterns separated by commas.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text == "none" {
            return Ok(Self(Vec::new()));
        }
        let patterns = text.split(',').map(|pattern| {
            let name_or_prefix = pattern.strip_suffix('*').unwrap_or(pattern);
            if name_or_prefix.contains('*') || name_or_prefix.chars().any(char::is_whitespace) {
                let reason =
                    "expected `none`, or comma-separated permissions and prefixes followed by `*`";
                return Err(InvalidValue::new("value", reason));
            }
            if name_or_prefix.starts_with(Permission::RESERVED_PREFIX) {
                return Err(InvalidValue::new(
                    "value",
                    "the role `user` cannot grant permissions with the prefix `jeton:`",
                ));
            }
            if pattern != "*" {
                parse_visible_text("value", name_or_prefix, 100)?;
            }
            Ok(pattern.to_owned())
        });
        patterns.collect::<Result<_, _>>().map(Self)
    }

    /// Returns whether a user with the role `user` may grant all permissions, except those with the
    /// prefix `jeton:`.
    pub(crate) fn allows_all(&self) -> bool {
        self.0.iter().any(|pattern| pattern == "*")
    }

    /// Returns whether a user with the role `user` may grant `permission`.
    pub(crate) fn allows(&self, permission: &str) -> bool {
        let matches = |pattern: &String| match pattern.strip_suffix('*') {
            Some(prefix) => permission.starts_with(prefix),
            None => permission == pattern,
        };
        !permission.starts_with(Permission::RESERVED_PREFIX) && self.0.iter().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_patterns_match_names_and_prefixes() {
        let policy = PermissionPolicy::parse("read,orders:*").unwrap();
        for (permission, allowed) in [
            ("read", true),
            ("reader", false),
            ("orders:", true),
            ("orders:write", true),
            ("order", false),
            ("*", false),
            ("jeton:mint", false),
        ] {
            assert_eq!(policy.allows(permission), allowed, "{permission}");
        }
        assert!(!PermissionPolicy::parse("none").unwrap().allows("read"));
    }

    #[test]
    fn reserved_permissions_match_no_pattern() {
        for text in ["*", "j*", "jeton*"] {
            assert!(!PermissionPolicy::parse(text).unwrap().allows("jeton:mint"), "{text}");
        }
    }

    #[test]
    fn malformed_and_reserved_patterns_are_refused() {
        for text in ["", "read,", "*read", "a*b", "a b", "jeton:mint", "jeton:*", "a\u{1b}", "**"] {
            assert!(PermissionPolicy::parse(text).is_err(), "{text:?}");
        }
    }
}
