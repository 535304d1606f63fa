//! As much of DER (X.690) as tells where a key ends.

/// What is in the SEQUENCE that the bytes begin with, and what stands behind it. No key is longer
/// than 64 KiB.
pub(super) fn sequence(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [0x30, 0x81, length, rest @ ..] | [0x30, length @ 0..=0x7F, rest @ ..] => {
            (usize::from(*length), rest)
        }
        [0x30, 0x82, high, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_ends_where_it_says() {
        assert_eq!(sequence(&[0x30, 1, 5, 6]), Some((&[5][..], &[6][..])));
        assert_eq!(sequence(&[0x30, 0x81, 1, 5]), Some((&[5][..], &[][..])));
        assert_eq!(sequence(&[0x30, 0x82, 0, 1, 5]), Some((&[5][..], &[][..])));
        for wrong in [&[][..], &[0x30], &[0x30, 1], &[0x30, 0x80, 0, 0], &[0x31, 0], &[0x30, 0x82]]
        {
            assert_eq!(sequence(wrong), None);
        }
    }
}
