//! Display names, and search terms for users.

use super::precis::is_visible_ascii;
use super::{InvalidValue, Untrusted, is_invisible};
use precis_profiles::Nickname;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use serde::Serialize;
use std::borrow::Cow;

/// Full name of a person: 1 to 200 visible characters and spaces, not only spaces. The name is not
/// normalized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct DisplayName(Untrusted);

impl DisplayName {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let is_blank = text.trim().is_empty();
        if is_blank || text.chars().count() > 200 || text.chars().any(is_invisible) {
            return Err(InvalidValue::new("name", "expected 1 to 200 visible characters"));
        }
        Ok(Self(Untrusted::new(text)))
    }

    /// Creates a name without validation, for stored text.
    pub(crate) fn new_unchecked(text: String) -> Self {
        Self(Untrusted::new(text))
    }

    /// Returns the raw text, which must not be printed.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the result of [`fold_for_search`] for the name. A [`NameFilter`] is searched for in
    /// this text.
    pub(crate) fn search_key(&self) -> String {
        fold_for_search(self.as_str())
    }

    /// Returns the escaped text for messages.
    pub(crate) fn to_display(&self) -> String {
        self.0.to_display()
    }
}

/// Search term for users: a part of a username, e-mail address or display name. The term is in the
/// form that [`fold_for_search`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameFilter(String);

impl NameFilter {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match fold_for_search(text) {
            folded if folded.is_empty() => Err(InvalidValue::new("search", "must not be empty")),
            folded => Ok(Self(folded)),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Applies the PRECIS profile `Nickname` (RFC 8266) and converts the result to lower case, so that
/// differences in case, in character width and in the number of spaces disappear. Text that the
/// profile rejects is only converted to lower case.
fn fold_for_search(text: &str) -> String {
    // For ASCII words between single spaces, only the conversion to lower case changes the text.
    if text.split(' ').all(is_visible_ascii) {
        return text.to_ascii_lowercase();
    }
    Nickname::enforce(text).unwrap_or(Cow::Borrowed(text)).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Email, UserName};
    use proptest::prelude::*;

    #[test]
    fn display_name_has_1_to_200_visible_characters() {
        assert_eq!(DisplayName::parse("Ada  Lovelace").unwrap().as_str(), "Ada  Lovelace");
        assert!(DisplayName::parse(&"x".repeat(200)).is_ok());
        for text in
            ["", " ", "\u{3000}", "a\nb", "a\u{202e}b", "\u{3164}", "a\u{fe0f}", &"x".repeat(201)]
        {
            assert!(DisplayName::parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn ascii_text_is_folded_as_by_nickname_profile(text in "[ -~]{0,80}") {
            let folded = Nickname::enforce(text.as_str()).map_or_else(
                |_| text.to_lowercase(),
                |enforced| enforced.to_lowercase(),
            );
            prop_assert_eq!(fold_for_search(&text), folded);
        }
    }

    #[test]
    fn name_filter_matches_equivalent_spellings() {
        let name = DisplayName::parse("Ada King-Noël, Countess of Lovelace").unwrap().search_key();
        for part in ["KING", "noe\u{308}l", "ＮＯË", "of  love", "-"] {
            assert!(name.contains(NameFilter::parse(part).unwrap().as_str()), "{part}");
        }
        let (user, email) = (UserName::parse("Jörg.B"), Email::parse("Jörg@Example.com"));
        for part in ["JÖRG", "jo\u{308}rg", "ｊö"] {
            let part = NameFilter::parse(part).unwrap();
            assert!(user.clone().unwrap().as_str().contains(part.as_str()));
            assert!(email.clone().unwrap().comparison_key().contains(part.as_str()));
        }
    }

    #[test]
    fn name_filter_accepts_any_text_that_is_not_empty() {
        assert!(NameFilter::parse("").is_err());
        assert_eq!(NameFilter::parse("%_'\"\u{7}").unwrap().as_str(), "%_'\"\u{7}");
    }
}
