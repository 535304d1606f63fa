//! Removal of byte order marks from text files, and conversion of UTF-16 to UTF-8.

use std::borrow::Cow;

/// Byte order mark of UTF-8, which some editors write at the start of a file.
pub(crate) const BOM: &[u8] = "\u{feff}".as_bytes();

/// Returns the text in UTF-8, without a byte order mark. UTF-16 with a byte order mark is
/// converted: Windows PowerShell redirects output in this format, and no text in UTF-8 starts with
/// the byte order mark of UTF-16. Invalid UTF-16 is returned unchanged. Text without a byte order
/// mark of UTF-16 is not checked, so the result can be invalid UTF-8.
pub(crate) fn normalize_encoding(bytes: &[u8]) -> Cow<'_, [u8]> {
    let decode = |from_bytes: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().skip(1).map(|unit| from_bytes(*unit)).collect();
        let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
        text.map_or(Cow::Borrowed(bytes), |text| Cow::Owned(text.into_bytes()))
    };
    match bytes {
        [0xff, 0xfe, ..] => decode(u16::from_le_bytes),
        [0xfe, 0xff, ..] => decode(u16::from_be_bytes),
        _ => Cow::Borrowed(bytes.strip_prefix(BOM).unwrap_or(bytes)),
    }
}

/// Returns whether the text starts with a byte order mark of UTF-16.
pub(crate) fn has_utf16_bom(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_utf16_is_unchanged_and_not_valid_utf8() {
        for bytes in
            [b"\xff\xfe{\0}".as_slice(), b"\xff\xfe\0\xd8", b"\xfe\xff\xdc\0", b"\xff\xfe{"]
        {
            assert_eq!(normalize_encoding(bytes), bytes);
            assert!(std::str::from_utf8(bytes).is_err());
        }
    }

    #[test]
    fn byte_order_mark_is_removed_and_utf16_is_converted() {
        let little_endian = b"\xff\xfe{\0}\0".as_slice();
        let big_endian = b"\xfe\xff\0{\0}".as_slice();
        for bytes in [b"{}".as_slice(), b"\xef\xbb\xbf{}", little_endian, big_endian] {
            assert_eq!(normalize_encoding(bytes), b"{}".as_slice());
        }
        assert_eq!(normalize_encoding(b"\xef\xbb"), b"\xef\xbb".as_slice());
        assert_eq!(normalize_encoding(b""), b"".as_slice());
        assert!(has_utf16_bom(little_endian) && has_utf16_bom(big_endian) && !has_utf16_bom(b"{}"));
    }
}
