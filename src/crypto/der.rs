//! Minimal DER parser (X.690) to find the end of a key and to recognize keys.

/// Returns the content of the leading SEQUENCE and the bytes after the SEQUENCE. Lengths are
/// limited to 64 KiB, which is enough for all keys.
pub(super) fn parse_sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    parse_element(bytes)
        .filter(|element| element.tag == SEQUENCE)
        .map(|sequence| (sequence.content, sequence.trailing))
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
/// Context-specific tag `[0]`, constructed.
const CONTEXT: u8 = 0xA0;

struct Element<'b> {
    tag: u8,
    content: &'b [u8],
    trailing: &'b [u8],
}

fn parse_element(bytes: &[u8]) -> Option<Element<'_>> {
    let (tag, length, rest) = match bytes {
        [tag, 0x81, length, rest @ ..] | [tag, length @ 0..=0x7F, rest @ ..] => {
            (*tag, usize::from(*length), rest)
        }
        [tag, 0x82, high, low, rest @ ..] => {
            (*tag, usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    let (content, trailing) = rest.split_at_checked(length)?;
    Some(Element { tag, content, trailing })
}

/// Splits the bytes into elements. Returns `None` if the last element is incomplete.
fn parse_elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut parsed = Vec::new();
    while !bytes.is_empty() {
        let next = parse_element(bytes)?;
        bytes = next.trailing;
        parsed.push(next);
    }
    Some(parsed)
}

/// Start of a PKCS#12 file with indefinite lengths (BER), which some programs write.
const STREAMED_PKCS12: [u8; 6] = [0x30, 0x80, 0x02, 0x01, 0x03, 0x30];

/// Returns whether the bytes start with the complete structure of a key: `SubjectPublicKeyInfo`,
/// PKCS#8, PKCS#1, SEC 1, certificate, certificate request, PKCS#12 or PKCS#7. The whole structure
/// is checked, not only the first bytes: fewer than one in 2^30 random byte strings match.
pub(super) fn starts_with_key(bytes: &[u8]) -> bool {
    let Some((content, _)) = parse_sequence(bytes) else {
        return bytes.starts_with(&STREAMED_PKCS12);
    };
    let Some(parts) = parse_elements(content) else { return false };
    let has_tag =
        |index: usize, tag: u8| parts.get(index).is_some_and(|element| element.tag == tag);
    // Algorithm identifiers are sequences that start with an object identifier.
    let is_algorithm = |index: usize| {
        parts.get(index).is_some_and(|part| {
            part.tag == SEQUENCE
                && parse_element(part.content).is_some_and(|first| is_object_identifier(&first))
        })
    };
    let is_pkcs1 = || {
        content.len() >= 64
            && parts.len() >= 2
            && (0..parts.len()).all(|index| has_tag(index, INTEGER))
    };
    let has_version =
        || parts.first().is_some_and(|part| part.tag == INTEGER && matches!(part.content, [0..=3]));
    let is_certificate_or_request = || {
        has_tag(0, SEQUENCE)
            && is_algorithm(1)
            && has_tag(2, BIT_STRING)
            && parts.first().is_some_and(|element| parse_elements(element.content).is_some())
    };
    let is_public = is_algorithm(0) && (has_tag(1, BIT_STRING) || has_tag(1, OCTET_STRING));
    let is_private =
        || has_version() && (is_algorithm(1) || has_tag(1, OCTET_STRING) && content.len() >= 19);
    let is_pkcs7 = || {
        has_tag(1, CONTEXT)
            && parse_element(content).is_some_and(|first| is_object_identifier(&first))
    };
    is_public || is_private() || is_pkcs1() || is_certificate_or_request() || is_pkcs7()
}

/// Returns whether the element is an object identifier whose last number is complete.
fn is_object_identifier(element: &Element<'_>) -> bool {
    element.tag == OBJECT_IDENTIFIER
        && element.content.len() >= 3
        && element.content.last().is_some_and(|last| *last < 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_length_is_honoured() {
        assert_eq!(parse_sequence(&[0x30, 1, 5, 6]), Some((&[5][..], &[6][..])));
        assert_eq!(parse_sequence(&[0x30, 0x81, 1, 5]), Some((&[5][..], &[][..])));
        assert_eq!(parse_sequence(&[0x30, 0x82, 0, 1, 5]), Some((&[5][..], &[][..])));
        for invalid in
            [&[][..], &[0x30], &[0x30, 1], &[0x30, 0x80, 0, 0], &[0x31, 0], &[0x30, 0x82]]
        {
            assert_eq!(parse_sequence(invalid), None);
        }
    }

    #[test]
    fn sequence_prefix_is_not_a_key() {
        for bytes in [
            &[0x30; 64][..],
            b"0000000000000000000000000000000000000000000000000000000000000000",
            &[&[0x30, 0x1E, 0x30, 0x05][..], &[6; 28]].concat(),
            &[&[0x30, 0x1E, 0x02, 0x1C][..], &[6; 28]].concat(),
            &[&[0x30, 0x1E, 0x02, 0x01, 0x00, 0x02, 0x19][..], &[6; 25]].concat(),
            &[0x30, 0x00],
        ] {
            assert!(!starts_with_key(bytes), "{bytes:?}");
        }
    }
}
