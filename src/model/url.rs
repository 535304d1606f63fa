//! URLs in the place of paths.

use std::ffi::OsStr;

/// The scheme of text that begins like a URL: `postgres` of `postgres://host/db` (RFC 3986,
/// section 3.1). No path option takes a URL; `./a://b` is a path.
pub(crate) fn parse_url_scheme(text: &OsStr) -> Option<&str> {
    // A scheme is ASCII, so that what is not UTF-8 behind it does not matter.
    let bytes = text.as_encoded_bytes();
    let end = bytes.windows(3).position(|part| part == b"://")?;
    let scheme = str::from_utf8(&bytes[..end]).ok()?;
    let is_scheme_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_scheme_char))
        .then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_is_distinguished_from_path() {
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
            assert_eq!(parse_url_scheme(OsStr::new(text)), scheme, "{text}");
        }
    }

    #[test]
    fn non_utf8_url_has_scheme() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(parse_url_scheme(OsStr::from_bytes(b"a://\xff")), Some("a"));
        assert_eq!(parse_url_scheme(OsStr::from_bytes(b"\xff://b")), None);
    }
}
