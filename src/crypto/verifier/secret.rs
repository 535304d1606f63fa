//! What must not be taken for a shared secret: keys of another kind in a form that is not read. A
//! public key as the secret would let everybody sign.

use crate::crypto::der::sequence;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

/// How public keys begin where SSH keeps them.
const SSH: [&str; 6] =
    ["ssh-rsa ", "ssh-ed25519 ", "ssh-dss ", "ecdsa-sha2-", "sk-ssh-", "---- BEGIN "];

/// Whether the bytes are rather a key than a secret: JSON or PEM in whatever encoding of Unicode,
/// a key of SSH, or DER as it is or in base64.
pub(in crate::crypto) fn is_rather_a_key(bytes: &[u8]) -> bool {
    let marks = [0xEF, 0xBB, 0xBF, 0xFE, 0xFF];
    let signs = bytes.iter().copied().skip_while(|byte| marks.contains(byte));
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(signs.filter(|byte| *byte != 0).collect());
    let begun = text.trim_ascii_start();
    begun.starts_with(b"{")
        || super::is_pem(begun)
        || SSH.iter().any(|start| begun.starts_with(start.as_bytes()))
        || is_der(bytes)
        || is_der(&of_base64(begun))
}

/// Whether it is one SEQUENCE that begins with another or with a number, as every key in DER is.
fn is_der(bytes: &[u8]) -> bool {
    // A line break may have been left behind it.
    sequence(bytes).is_some_and(|(inside, behind)| {
        behind.trim_ascii().is_empty() && matches!(inside, [0x30 | 0x02, _, ..])
    })
}

/// What base64 over several lines means; nothing if it is something else.
fn of_base64(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let letters = text.iter().copied();
    let letters = letters.filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=');
    let letters: Zeroizing<Vec<u8>> = Zeroizing::new(letters.collect());
    Zeroizing::new(STANDARD_NO_PAD.decode(&*letters).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_and_words_are_secrets() {
        for secret in [
            &b"correct horse battery staple and more"[..],
            b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB",
            b"c3VwZXItc2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2g=",
            &[0xFF; 32],
            &[0x30; 64],
            b"[1]",
            b"",
        ] {
            assert!(!is_rather_a_key(secret), "{secret:?}");
        }
    }

    #[test]
    fn keys_in_every_disguise_are_not() {
        let utf_16: Vec<u8> = "{\"kty\"".encode_utf16().flat_map(u16::to_be_bytes).collect();
        let pem: Vec<u8> =
            "\u{feff}-----BEGIN PUBLIC KEY".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let der = [&[0x30, 0x2A, 0x30, 0x05][..], &[6; 40]].concat();
        for key in [
            &utf_16[..],
            &pem,
            "\u{feff}{}".as_bytes(),
            b"ssh-ed25519 AAAA",
            b"\n ecdsa-sha2-nistp256 AAAA",
            &der,
            &[&der[..], b"\n"].concat(),
            STANDARD_NO_PAD.encode(&der).as_bytes(),
        ] {
            assert!(is_rather_a_key(key), "{key:?}");
        }
    }
}
