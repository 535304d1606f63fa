//! Values that are generated for each token: ids and random text.

use crate::crypto;
use crate::model::Jti;
use std::borrow::Cow;

/// Kind of a generated value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GeneratedKind {
    /// `jti` (UUID version 7).
    Jti,
    /// UUID version 4.
    Uuid,
    /// Random text of 256 bits in base64url.
    Random,
}

/// A value in a token: a generated value, or a string value of the input row. The value contains no
/// character that JSON must escape.
#[derive(Debug)]
pub(super) enum FieldValue<'v> {
    /// A generated `jti`.
    Jti(Jti),
    /// Any other value.
    Text(Cow<'v, str>),
}

impl FieldValue<'_> {
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
    ValueGenerator::default().generate(kind).map(FieldValue::into_text)
}

/// Source of the generated values of many tokens.
#[derive(Debug, Default)]
pub(super) struct ValueGenerator {
    /// `jti`s to use first, in order. All further `jti`s are generated.
    jtis: std::vec::IntoIter<Jti>,
}

impl ValueGenerator {
    /// Creates a source that uses `jtis` first.
    pub(super) fn with_jtis(jtis: Vec<Jti>) -> Self {
        Self { jtis: jtis.into_iter() }
    }

    pub(super) fn generate(
        &mut self,
        kind: GeneratedKind,
    ) -> Result<FieldValue<'static>, crypto::Error> {
        Ok(match kind {
            GeneratedKind::Jti => {
                FieldValue::Jti(self.jtis.next().unwrap_or_else(crypto::generate_jti))
            }
            GeneratedKind::Uuid => FieldValue::Text(crypto::generate_uuid().into()),
            GeneratedKind::Random => FieldValue::Text(crypto::generate_random_text()?.into()),
        })
    }
}
