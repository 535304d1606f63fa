//! URLs in the place of paths.

use std::ffi::OsStr;

/// The scheme of text that begins like a URL: `postgres` of `postgres://host/db` (RFC 3986,
/// section 3.1). No path option takes a URL; `./a://b` is a path.
pub(crate) fn url_scheme(text: &OsStr) -> Option<&str> {
    // A scheme is ASCII, so that what is not UTF-8 behind it does not matter.
    let bytes = text.as_encoded_bytes();
    let end = bytes.windows(3).position(|part| part == b"://")?;
    let scheme = str::from_utf8(&bytes[..end]).ok()?;
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_part))
        .then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_paths() {
        for (text, scheme) in [
            ("postgres://ada@h/db", Some("postgres")),
            ("S3+x.y-1://", Some("S3+x.y-1")),
            ("c://x", Some("c")),
            ("./a://b", None),
            ("/a://b", None),
            ("a/b://c", None),
            ("1a://b", None),
            ("ä://b", None),
            ("://b", None),
            ("a:/b", None),
            ("a:", None),
            ("", None),
        ] {
            assert_eq!(url_scheme(OsStr::new(text)), scheme, "{text}");
        }
    }

    #[test]
    fn url_that_is_not_utf_8_has_a_scheme() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(url_scheme(OsStr::from_bytes(b"a://\xff")), Some("a"));
        assert_eq!(url_scheme(OsStr::from_bytes(b"\xff://b")), None);
    }
}
