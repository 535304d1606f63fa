//! Recognition of values that are given in place of a file name.

use super::url_scheme::parse_url_scheme;
use std::ffi::OsStr;

/// Kind of a value that is given in place of a file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonFileValue {
    /// A URL with any scheme, such as `https://…`.
    Url,
    /// `@FILE`, the notation for a token in a file.
    AtSign,
    /// A JSON object or array.
    Json,
    /// A key or certificate in PEM.
    Pem,
    /// A signed, unsigned or encrypted token in compact serialization.
    Token,
    /// `~/FILE`: the shell did not expand `~`, for example because of quotes or a preceding `=`.
    Home,
    /// `NAME=VALUE`.
    Assignment,
}

impl NonFileValue {
    /// Returns the kind of a value, or `None` for a value that looks like a file name. The name of
    /// an existing file can look like one of the kinds: the caller must first check that no file
    /// has this name.
    pub(crate) fn recognize(value: &OsStr) -> Option<Self> {
        if parse_url_scheme(value).is_some() {
            return Some(Self::Url);
        }
        let text = value.to_string_lossy();
        let text = text.trim_start();
        if text.starts_with(['{', '[']) {
            Some(Self::Json)
        } else if text.contains("-----BEGIN") {
            Some(Self::Pem)
        } else if text.starts_with('@') {
            Some(Self::AtSign)
        } else if text.starts_with("ey") && text.matches('.').count() >= 2 {
            Some(Self::Token)
        } else if text.starts_with("~/") {
            Some(Self::Home)
        } else if text.contains('=') && !text.contains('/') {
            Some(Self::Assignment)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_that_is_no_file_name_is_recognized() {
        for (text, expected) in [
            ("https://id.example/jwks.json", Some(NonFileValue::Url)),
            ("file:///tmp/jwks.json", Some(NonFileValue::Url)),
            ("@jwks.json", Some(NonFileValue::AtSign)),
            ("@https://id.example", Some(NonFileValue::AtSign)),
            ("{\"keys\":[]}", Some(NonFileValue::Json)),
            ("\n [{}]", Some(NonFileValue::Json)),
            ("-----BEGIN PUBLIC KEY-----\nAA\n-----END PUBLIC KEY-----", Some(NonFileValue::Pem)),
            ("\"-----BEGIN PUBLIC KEY-----\\nAA\"", Some(NonFileValue::Pem)),
            ("eyJhbGciOiJub25lIn0.e30.", Some(NonFileValue::Token)),
            ("~/jwks.json", Some(NonFileValue::Home)),
            ("role=admin", Some(NonFileValue::Assignment)),
            ("jwks.json", None),
            ("keys.d/jwks.json", None),
            ("./a=b", None),
            ("", None),
        ] {
            assert_eq!(NonFileValue::recognize(OsStr::new(text)), expected, "{text}");
        }
    }
}
