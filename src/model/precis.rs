//! Forms of text by the rules of PRECIS (RFC 8264).

use precis_profiles::precis_core::Error;
use zeroize::Zeroizing;

/// The rules applied until they change nothing, so that a form is its own form. One application
/// is not always enough, and what four do not settle is refused (RFC 8264, section 7).
pub(super) fn settled(
    text: &str,
    rules: impl Fn(&str) -> Result<String, Error>,
) -> Option<Zeroizing<String>> {
    let applied = |text: &str| rules(text).map(Zeroizing::new).ok();
    let mut form = applied(text)?;
    for _ in 0..3 {
        let again = applied(&form)?;
        if again == form {
            return Some(form);
        }
        form = again;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_settle_is_refused() {
        let shorter = |text: &str| Ok(text.strip_prefix('x').unwrap_or(text).to_owned());
        assert_eq!(settled("a", shorter).unwrap().as_str(), "a");
        assert_eq!(settled("xxxa", shorter).unwrap().as_str(), "a");
        assert_eq!(settled("xxxxa", shorter), None);
    }
}
