//! Text normalization by PRECIS profiles (RFC 8264).

use precis_profiles::precis_core::Error;
use zeroize::Zeroizing;

/// Applies a profile until the text does not change, so that normalization is idempotent. Returns
/// `None` if the text still changes after four applications (RFC 8264, section 7).
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

    #[test]
    fn text_without_fixed_point_is_refused() {
        let strip_one_x = |text: &str| Ok(text.strip_prefix('x').unwrap_or(text).to_owned());
        assert_eq!(enforce_to_fixed_point("a", strip_one_x).unwrap().as_str(), "a");
        assert_eq!(enforce_to_fixed_point("xxxa", strip_one_x).unwrap().as_str(), "a");
        assert_eq!(enforce_to_fixed_point("xxxxa", strip_one_x), None);
    }
}
