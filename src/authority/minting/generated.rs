//! Values that are generated for each token: ids and random text.

use crate::crypto;
use crate::model::Jti;
use std::borrow::Cow;

/// Kind of a generated value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GeneratedKind {
    /// Token id (UUID version 7).
    Jti,
    /// UUID version 4.
    Uuid,
    /// Random text of 256 bits in base64url.
    Random,
}

/// A value in a token: a generated value, or a string value of the input row. The value contains no
/// character that JSON must escape.
#[derive(Debug)]
pub(super) enum TokenValue<'v> {
    /// A generated token id.
    Jti(Jti),
    /// Any other value.
    Text(Cow<'v, str>),
}

impl TokenValue<'_> {
    /// Appends the text of the value.
    pub(super) fn append_to(&self, text: &mut String) {
        match self {
            Self::Jti(jti) => jti.append_to(text),
            Self::Text(value) => text.push_str(value),
        }
    }

    pub(super) fn into_text(self) -> String {
        match self {
            Self::Jti(jti) => jti.to_string(),
            Self::Text(value) => value.into_owned(),
        }
    }
}

/// Function that generates a value and returns the text of the value.
pub(super) type GenerateFn<'g> = &'g mut dyn FnMut(GeneratedKind) -> Result<String, crypto::Error>;

/// Generates a value and returns the text of the value.
pub(super) fn generate_text(kind: GeneratedKind) -> Result<String, crypto::Error> {
    ValueGenerator::default().generate(kind).map(TokenValue::into_text)
}

/// Source of the generated values of many tokens.
#[derive(Debug, Default)]
pub(super) struct ValueGenerator {
    /// Token ids to use first, in order; further ids are generated.
    jtis: std::vec::IntoIter<Jti>,
}

impl ValueGenerator {
    /// Creates a source that uses the token ids `jtis` first.
    pub(super) fn with_jtis(jtis: Vec<Jti>) -> Self {
        Self { jtis: jtis.into_iter() }
    }

    pub(super) fn generate(
        &mut self,
        kind: GeneratedKind,
    ) -> Result<TokenValue<'static>, crypto::Error> {
        Ok(match kind {
            GeneratedKind::Jti => {
                TokenValue::Jti(self.jtis.next().unwrap_or_else(crypto::generate_jti))
            }
            GeneratedKind::Uuid => TokenValue::Text(crypto::generate_uuid().into()),
            GeneratedKind::Random => TokenValue::Text(crypto::generate_random_text()?.into()),
        })
    }
}
