//! Ids: integers for the rows of a store; UUIDs for the ids in tokens and for the id of a store.

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

/// Parses a UUID in its canonical spelling: with hyphens and in lower case. Every other spelling is
/// rejected, because claims are compared as strings.
fn parse_canonical(text: &str) -> Option<Uuid> {
    Uuid::try_parse(text)
        .ok()
        .filter(|uuid| uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text)
}

macro_rules! impl_parse {
    ($($name:ident),+) => {
        $(impl $name {
            /// Parses the canonical spelling: a UUID with hyphens and in lower case.
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
            /// Parses text that a person typed, ignoring case (RFC 9562, section 4). For an id in a
            /// token, use `parse`, which is case-sensitive.
            pub(crate) fn parse_typed(text: &str) -> Option<Self> {
                Self::parse(&text.to_ascii_lowercase())
            }
        })+
    };
}

uuid_id!(
    /// User id in tokens: the `sub` claim. The row id of the user is a [`UserId`].
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
    /// Appends the id in its canonical spelling to `text`.
    pub(crate) fn append_to(self, text: &mut String) {
        text.push_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }
}

/// Minimum length of an abbreviated session id or key id, in characters.
pub(crate) const MIN_ABBREVIATED_ID_LENGTH: usize = 4;

/// First characters of a session id, at least [`MIN_ABBREVIATED_ID_LENGTH`], or the whole id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SidPrefix {
    /// The characters, in lower case.
    text: String,
    /// Lowest possible id that starts with `text`.
    first: Sid,
    /// Highest possible id that starts with `text`.
    last: Sid,
}

impl SidPrefix {
    /// Parses text that a person typed, ignoring case.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let text = text.to_ascii_lowercase();
        // Replaces the missing characters at the end by the characters of `filler`.
        let complete = |filler: Uuid| {
            let end = filler.to_string().get(text.len()..)?.to_owned();
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

    /// Returns the lowest and the highest possible id that start with the prefix.
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
    /// Row id of a signing key. Token headers contain the `kid` instead.
    KeyRowId
);
row_id!(
    /// Row id of a session. Tokens contain the [`Sid`] instead.
    SessionRowId
);
row_id!(
    /// Row id of a token pair: an access token and a refresh token of a session.
    TokenPairRowId
);
row_id!(
    /// Row id of a grant: the properties that several recorded tokens have in common.
    GrantRowId
);
row_id!(
    /// Row id of an audit event. Ids are assigned in ascending order. In PostgreSQL, however,
    /// concurrent transactions can commit their events in another order.
    AuditEventId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_id_prefix_of_at_least_four_valid_characters_has_a_range() {
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
    fn parse_accepts_one_spelling_and_parse_typed_any_case() {
        let text = "018f4f5e-7a3b-7c1d-8e2f-0123456789ab";
        assert_eq!(Jti::parse(text).unwrap().to_string(), text);
        for spelling in [text.to_uppercase(), text.replace('-', ""), format!("{{{text}}}")] {
            assert!(Jti::parse(&spelling).is_none(), "{spelling}");
        }
        assert_eq!(Jti::parse_typed(&text.to_uppercase()), Jti::parse(text));
        assert!(Jti::parse_typed(&text.replace('-', "")).is_none());
    }
}
