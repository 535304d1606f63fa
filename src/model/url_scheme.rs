//! Detection of URLs, for example in place of paths.

use std::ffi::OsStr;

/// Returns the scheme of a URL (RFC 3986, section 3.1), such as `postgres` for
/// `postgres://host/db`. Returns `None` for a text that is not a URL with `://`.
///
/// `--store` and `JETON_STORE` accept the URL of a database; other options and variables refuse a
/// URL in place of a path. A path such as `./a://b` has no scheme.
pub(crate) fn parse_url_scheme(text: &OsStr) -> Option<&str> {
    // Only the scheme must be UTF-8; the rest of the text may be arbitrary bytes.
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
    fn only_the_scheme_of_a_url_must_be_utf8() {
        use std::os::unix::ffi::OsStrExt;
        assert_eq!(parse_url_scheme(OsStr::from_bytes(b"a://\xff")), Some("a"));
        assert_eq!(parse_url_scheme(OsStr::from_bytes(b"\xff://b")), None);
    }
}
