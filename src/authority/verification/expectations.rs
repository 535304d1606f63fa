//! What a token is held against.

use crate::model::{InvalidValue, Lifetime, Permission, Timestamp, TokenKind};

/// Which tokens are acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExpectedKind {
    /// Those of one kind.
    Only(TokenKind),
    /// Those of any kind.
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

/// What a token is held against.
#[derive(Debug, Clone)]
pub(crate) struct Expectations {
    /// The kinds that are acceptable.
    pub(crate) kind: ExpectedKind,
    /// The time of this run: for keys, sessions and recorded ends.
    pub(crate) now: Timestamp,
    /// The time that time claims are judged by; `--at` moves it.
    pub(crate) reference_time: Timestamp,
    /// Seconds forgiven on time claims.
    pub(crate) leeway: i64,
    /// The issuer, where it is compared.
    pub(crate) issuer: Option<String>,
    /// The audience, where it is compared.
    pub(crate) audience: Option<String>,
    /// Permissions that must be there.
    pub(crate) permissions: Vec<Permission>,
    /// Claims that must have a value.
    pub(crate) required_values: Vec<(String, String)>,
    /// Claims that must be present, with any value but `null`.
    pub(crate) required_claims: Vec<String>,
    /// The media type that the header's `typ` must name.
    pub(crate) typ: Option<MediaType>,
    /// Permission for a third-party token to lack `exp`. The expiry of a token of the store is decided
    /// by its row.
    pub(crate) allow_no_expiry: bool,
    /// How long it must still live.
    pub(crate) min_ttl: Option<Lifetime>,
}

impl Expectations {
    /// Nothing but what is always checked.
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

/// A media type in the form in which two are compared (RFC 7515, section 4.1.9): in lower case,
/// with the `application/` that a header may omit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaType(String);

impl MediaType {
    /// Reads a media type or a short form of one, as a header's `typ` has it.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_valid = |byte: u8| byte.is_ascii_graphic();
        if text.is_empty() || !text.bytes().all(is_valid) {
            return Err(InvalidValue::new("typ", "a media type, such as `at+jwt`"));
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
