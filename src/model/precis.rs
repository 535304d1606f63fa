//! Text normalization by profiles of PRECIS (RFC 8264), a framework for internationalized strings.
//!
//! A profile looks up each character in tables. For many names, these lookups are slow. Visible
//! ASCII characters need no lookup: all profiles accept these characters (RFC 8264, section 9.11)
//! and change at most their case. [`is_visible_ascii`] recognizes text of such characters.

use precis_profiles::UsernameCaseMapped;
use precis_profiles::precis_core::Error;
use precis_profiles::precis_core::profile::PrecisFastInvocation;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// Returns whether the text has at least one character, and only visible ASCII characters (no
/// spaces).
pub(super) fn is_visible_ascii(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Applies the profile `UsernameCaseMapped` (RFC 8265, section 3.3). Returns `None` if the profile
/// rejects the text.
pub(super) fn normalize_username(text: &str) -> Option<Zeroizing<String>> {
    if is_visible_ascii(text) {
        return Some(text.to_ascii_lowercase().into());
    }
    normalize_username_by_tables(text)
}

/// Applies the profile `UsernameCaseMapped` without the fast path for visible ASCII characters.
fn normalize_username_by_tables(text: &str) -> Option<Zeroizing<String>> {
    enforce_to_fixed_point(text, |text| UsernameCaseMapped::enforce(text).map(Cow::into_owned))
}

/// Applies a profile until the text does not change, so that normalization is idempotent. Returns
/// `None` if the profile rejects the text, or if the fourth application still changes the text
/// (RFC 8264, section 7).
pub(super) fn enforce_to_fixed_point(
    text: &str,
    enforce: impl Fn(&str) -> Result<String, Error>,
) -> Option<Zeroizing<String>> {
    let apply = |text: &str| enforce(text).map(Zeroizing::new).ok();
    let mut current = apply(text)?;
    for _ in 0..3 {
        let next = apply(&current)?;
        if next == current {
            return Some(current);
        }
        current = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::is_invisible;
    use proptest::prelude::*;
    use unicode_security::MixedScript;

    proptest! {
        #[test]
        fn result_for_visible_ascii_equals_result_of_profile(text in "[!-~]{1,80}") {
            prop_assert_eq!(normalize_username(&text), normalize_username_by_tables(&text));
            // For ASCII, `UserName::parse` omits these two checks.
            prop_assert!(text.as_str().is_single_script() && !text.chars().any(is_invisible));
        }
    }

    #[test]
    fn text_is_refused_if_fourth_application_changes_it() {
        let strip_one_x = |text: &str| Ok(text.strip_prefix('x').unwrap_or(text).to_owned());
        assert_eq!(enforce_to_fixed_point("a", strip_one_x).unwrap().as_str(), "a");
        assert_eq!(enforce_to_fixed_point("xxxa", strip_one_x).unwrap().as_str(), "a");
        assert_eq!(enforce_to_fixed_point("xxxxa", strip_one_x), None);
    }
}
