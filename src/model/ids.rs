//! Ids: row ids are integers, which people can type; other ids are UUIDs, for programs.

use super::InvalidValue;
use serde::{Deserialize, Deserializer, Serialize, de};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(Uuid);

        impl $name {
            pub(crate) const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub(crate) const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Parses a UUID in hyphenated lower-case form. Every other spelling is rejected, because claims
/// are compared as strings.
fn parse_canonical(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text)
        .ok()
        .filter(|uuid| uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text)
}

macro_rules! impl_parse {
    ($($name:ident),+) => {
        $(impl $name {
            /// Parses the canonical spelling.
            pub(crate) fn parse(text: &str) -> Option<Self> {
                parse_canonical(text).map(Self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?)
                    .ok_or_else(|| de::Error::custom("not a UUID in canonical form"))
            }
        })+
    };
}

macro_rules! impl_lenient_parse {
    ($($name:ident),+) => {
        $(impl $name {
            /// Parses text that a person typed, ignoring case (RFC 9562, section 4). Ids in tokens
            /// are case-sensitive: see `parse`.
            pub(crate) fn parse_lenient(text: &str) -> Option<Self> {
                Self::parse(&text.to_ascii_lowercase())
            }
        })+
    };
}

uuid_id!(
    /// User id in tokens: the `sub` claim. [`UserId`] is the row id.
    UserUuid
);
uuid_id!(
    /// Token id: the `jti` claim (RFC 7519, section 4.1.7).
    Jti
);
uuid_id!(
    /// Session id: the `sid` claim.
    Sid
);
uuid_id!(
    /// Random id of a store.
    StoreId
);
impl_parse!(UserUuid, Jti, Sid);
impl_lenient_parse!(UserUuid, Jti);

impl Jti {
    /// Appends the canonical spelling to a text.
    pub(crate) fn append_to(self, text: &mut String) {
        text.push_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }
}

/// Minimum length of an abbreviated session id or key id, in characters.
pub(crate) const MIN_ABBREVIATED_ID_LENGTH: usize = 4;

/// Session id, or its first characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SidPrefix {
    text: String,
    first: Sid,
    last: Sid,
}

impl SidPrefix {
    /// Parses text that a person typed, ignoring case.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.to_ascii_lowercase();
        let complete = |uuid: Uuid| {
            let end = uuid.to_string().get(text.len()..)?.to_owned();
            Sid::parse(&(text.clone() + &end))
        };
        match (complete(Uuid::nil()), complete(Uuid::max())) {
            (Some(first), Some(last)) if text.len() >= MIN_ABBREVIATED_ID_LENGTH => {
                Ok(Self { text, first, last })
            }
            _ => Err(InvalidValue::new(
                "session id",
                "expected an id from `jeton sessions list`, or at least its first 4 characters",
            )),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the lowest and the highest possible id that start with the text.
    pub(crate) fn range(&self) -> (Sid, Sid) {
        (self.first, self.last)
    }
}

row_id!(
    /// Row id of a user; never reused.
    UserId
);
row_id!(
    /// Row id of a recorded token; never reused.
    TokenId
);
row_id!(
    /// Row id of a signing key. The id in token headers is the `kid`.
    KeyRowId
);
row_id!(
    /// Row id of a session. The id in tokens is the [`Sid`].
    SessionRowId
);
row_id!(
    /// Row id of a token pair of a session.
    TokenPairRowId
);
row_id!(
    /// Row id of a grant, which several recorded tokens share.
    GrantRowId
);
row_id!(
    /// Row id of an audit event. Ids are assigned in ascending order, but on a server, concurrent
    /// transactions can commit their events in another order.
    AuditEventId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_id_is_abbreviated_to_four_or_more_characters() {
        let text = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
        for length in MIN_ABBREVIATED_ID_LENGTH..=text.len() {
            let prefix = SidPrefix::parse(&text[..length].to_uppercase()).unwrap();
            assert_eq!(prefix.as_str(), &text[..length]);
            let (first, last) = prefix.range();
            let sid = Sid::parse(text).unwrap();
            assert!((first..=last).contains(&sid) && (first == last) == (length == text.len()));
        }
        for invalid in ["", "018", "018f4f5e7", "018f-", "é18f", "018g", &format!("{text}0")] {
            assert!(SidPrefix::parse(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn uuid_has_one_spelling_and_typed_uuid_any_case() {
        let text = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
        assert_eq!(Jti::parse(text).unwrap().to_string(), text);
        for spelling in [text.to_uppercase(), text.replace('-', ""), format!("{{{text}}}")] {
            assert!(Jti::parse(&spelling).is_none(), "{spelling}");
        }
        assert_eq!(Jti::parse_lenient(&text.to_uppercase()), Jti::parse(text));
        assert!(Jti::parse_lenient(&text.replace('-', "")).is_none());
    }
}
