//! Requirements of the caller on a token.

use crate::model::{InvalidValue, Lifetime, Permission, Timestamp, TokenKind};

/// Token kinds that are acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedKind {
    /// A single kind.
    Only(TokenKind),
    /// Any kind.
    Any,
}

impl ExpectedKind {
    pub(super) fn accepts(self, kind: TokenKind) -> bool {
        match self {
            Self::Only(expected) => expected == kind,
            Self::Any => true,
        }
    }
}

/// Requirements that a token must satisfy.
#[derive(Debug, Clone)]
pub(crate) struct Expectations {
    /// Acceptable kinds.
    pub(crate) kind: ExpectedKind,
    /// Current time, for keys, sessions and recorded expiry times.
    pub(crate) now: Timestamp,
    /// Time against which time claims are checked; `--at` overrides it.
    pub(crate) reference_time: Timestamp,
    /// Clock skew that time claims may have, in seconds.
    pub(crate) leeway: i64,
    /// Expected issuer, if checked.
    pub(crate) issuer: Option<String>,
    /// Expected audience, if checked.
    pub(crate) audience: Option<String>,
    /// Required permissions.
    pub(crate) permissions: Vec<Permission>,
    /// Required values of claims.
    pub(crate) required_values: Vec<(String, String)>,
    /// Required claims, with any value but `null`.
    pub(crate) required_claims: Vec<String>,
    /// Required media type in the header's `typ`.
    pub(crate) typ: Option<MediaType>,
    /// Accepts third-party tokens without `exp`. The expiry of a token of the store is decided by
    /// its row.
    pub(crate) allow_no_expiry: bool,
    /// Minimum remaining lifetime.
    pub(crate) min_ttl: Option<Lifetime>,
}

impl Expectations {
    /// Creates expectations without optional checks.
    pub(crate) fn new(kind: ExpectedKind, now: Timestamp) -> Self {
        Self {
            kind,
            now,
            reference_time: now,
            leeway: 0,
            issuer: None,
            audience: None,
            permissions: Vec::new(),
            required_values: Vec::new(),
            required_claims: Vec::new(),
            typ: None,
            allow_no_expiry: false,
            min_ttl: None,
        }
    }
}

/// Media type in normalized form for comparison (RFC 7515, section 4.1.9): lower case, with the
/// `application/` prefix that a header may omit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType(String);

impl MediaType {
    /// Parses a media type, also in the short form that a header's `typ` may have.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_valid = |byte: u8| byte.is_ascii_graphic();
        if text.is_empty() || !text.bytes().all(is_valid) {
            return Err(InvalidValue::new("typ", "expected a media type such as `at+jwt`"));
        }
        Ok(Self::normalize(text))
    }

    fn normalize(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        Self(if lower.contains('/') { lower } else { format!("application/{lower}") })
    }

    /// Returns whether a header's `typ` names this media type.
    pub(super) fn is_named_by(&self, typ: Option<&str>) -> bool {
        typ.is_some_and(|typ| Self::normalize(typ) == *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_are_compared_without_case_and_prefix() {
        let media_type = |text| MediaType::parse(text).unwrap();
        for (text, typ) in [
            ("at+jwt", "at+jwt"),
            ("AT+JWT", "at+jwt"),
            ("application/at+jwt", "at+jwt"),
            ("at+jwt", "Application/AT+jwt"),
            ("text/x", "TEXT/X"),
        ] {
            assert!(media_type(text).is_named_by(Some(typ)), "{text} {typ}");
        }
        for (text, typ) in [("at+jwt", "jwt"), ("jwt", "text/jwt"), ("jwt", ""), ("jwt", "jwt ")] {
            assert!(!media_type(text).is_named_by(Some(typ)), "{text} {typ}");
        }
        assert!(!media_type("jwt").is_named_by(None));
        assert!(MediaType::parse("").is_err() && MediaType::parse("a b").is_err());
    }
}
