//! DER (X.690): parsing of public keys, and detection of keys and certificates, also of unsupported
//! kinds.

use super::public_key::PublicKey;
use crate::model::Curve;
use const_oid::db::{rfc5912, rfc8410};
use pkcs1::RsaPublicKeyRef;
use spki::der::asn1::{AnyRef, SequenceRef};
use spki::der::{Decode, Reader, SliceReader, Tag, TagNumber, Tagged};
use spki::{ObjectIdentifier, SubjectPublicKeyInfoRef};

/// Parses a `SubjectPublicKeyInfo` (RFC 5280, section 4.1; RFC 5480; RFC 8410). Returns `None` for
/// a key of an unsupported type. Also returns `None` for any other structure that contains a key,
/// such as a certificate.
pub(super) fn parse_public_key_info(bytes: &[u8]) -> Option<PublicKey> {
    public_key_from_info(&SubjectPublicKeyInfoRef::from_der(bytes).ok()?)
}

fn public_key_from_info(info: &SubjectPublicKeyInfoRef<'_>) -> Option<PublicKey> {
    let key = info.subject_public_key.as_bytes()?;
    match (info.algorithm.oid, info.algorithm.parameters) {
        (rfc5912::RSA_ENCRYPTION, Some(parameters)) if parameters.is_null() => {
            parse_rsa_public_key(key)
        }
        (rfc5912::ID_EC_PUBLIC_KEY, Some(curve)) => match curve.decode_as().ok()? {
            rfc5912::SECP_256_R_1 => parse_point(Curve::P256, key),
            rfc5912::SECP_384_R_1 => parse_point(Curve::P384, key),
            rfc5912::SECP_521_R_1 => parse_point(Curve::P521, key),
            _ => None,
        },
        (rfc8410::ID_ED_25519, None) => Some(PublicKey::Ed25519 { x: key.to_vec() }),
        _ => None,
    }
}

/// Returns whether the bytes are a `SubjectPublicKeyInfo` with a point in compressed form (SEC 1,
/// section 2.3.3).
pub(super) fn has_compressed_point(bytes: &[u8]) -> bool {
    SubjectPublicKeyInfoRef::from_der(bytes).is_ok_and(|info| {
        let point = info.subject_public_key.as_bytes().unwrap_or_default();
        info.algorithm.oid == rfc5912::ID_EC_PUBLIC_KEY && matches!(point.first(), Some(2 | 3))
    })
}

/// Parses an `RSAPublicKey` (RFC 8017, appendix A.1.1).
pub(super) fn parse_rsa_public_key(bytes: &[u8]) -> Option<PublicKey> {
    let key = RsaPublicKeyRef::from_der(bytes).ok()?;
    let [n, e] = [key.modulus, key.public_exponent].map(|number| number.as_bytes().to_vec());
    Some(PublicKey::Rsa { n, e })
}

/// Parses a point in uncompressed form (SEC 1, section 2.3.4).
fn parse_point(curve: Curve, bytes: &[u8]) -> Option<PublicKey> {
    let coordinates = bytes.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at_checked(curve.coordinate_length())?;
    (x.len() == y.len()).then(|| PublicKey::Ec { curve, x: x.to_vec(), y: y.to_vec() })
}

/// Returns the bytes after the leading SEQUENCE; `None` if the bytes do not start with a SEQUENCE.
pub(super) fn bytes_after_sequence(bytes: &[u8]) -> Option<&[u8]> {
    <&SequenceRef>::from_der_partial(bytes).ok().map(|(_, trailing)| trailing)
}

/// Start of a PKCS#12 file with indefinite lengths (BER), which some programs write.
const STREAMED_PKCS12: [u8; 6] = [0x30, 0x80, 0x02, 0x01, 0x03, 0x30];

/// Structure in DER that is or contains a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DerStructure {
    /// Private key in PKCS#8, SEC 1 or PKCS#1, or DSA private key. Also the parameters of DSA or of
    /// an EC curve without a key.
    PrivateKey,
    /// Public key in `SubjectPublicKeyInfo` or PKCS#1. Also any other long sequence of two
    /// integers, such as the parameters of Diffie-Hellman.
    PublicKey,
    /// Certificate, or certificate request.
    Certificate,
    /// `EncryptedPrivateKeyInfo` (RFC 5958).
    EncryptedPrivateKey,
    /// PKCS#12 (RFC 7292).
    Pkcs12,
    /// PKCS#7 (RFC 2315).
    Pkcs7,
}

/// Returns whether the bytes start with a [`DerStructure`].
pub(super) fn starts_with_key(bytes: &[u8]) -> bool {
    classify(bytes).is_some()
}

/// Returns the structure at the start of the bytes; `None` if the bytes do not start with a
/// [`DerStructure`]. Except for PKCS#12 with indefinite lengths, all elements of the outer sequence
/// are checked, not only the first bytes: of random byte strings, fewer than one in 2^30 are
/// classified as a key. For this, a sequence of integers, or of a version and an octet string, must
/// also have a minimum length.
///
/// A key in DER that this function does not detect could be accepted as a secret. The elements are
/// therefore not parsed with types such as `SubjectPublicKeyInfoRef`: these types refuse keys of
/// unsupported kinds, such as RSA keys with more than two primes.
pub(super) fn classify(bytes: &[u8]) -> Option<DerStructure> {
    let Ok((sequence, _)) = <&SequenceRef>::from_der_partial(bytes) else {
        return bytes.starts_with(&STREAMED_PKCS12).then_some(DerStructure::Pkcs12);
    };
    let content = sequence.as_bytes();
    let elements = parse_elements(content)?;
    let tag = |index: usize| elements.get(index).map(Tagged::tag);
    // Algorithm identifiers are sequences that start with an object identifier.
    let is_algorithm = |index: usize| {
        tag(index) == Some(Tag::Sequence)
            && elements.get(index).is_some_and(|item| starts_with_object_identifier(item.value()))
    };
    let version = || match elements.first() {
        Some(element) if element.tag() == Tag::Integer => match element.value() {
            [version @ 0..=3] => Some(*version),
            _ => None,
        },
        _ => None,
    };
    // In a multi-prime RSA key (RFC 8017, appendix A.1.2), a sequence with the additional primes
    // follows the integers.
    let integers = match elements.split_last() {
        Some((last, others)) if last.tag() == Tag::Sequence && version() == Some(1) => others,
        _ => &elements,
    };
    let is_key_of_integers = content.len() >= 64
        && integers.len() >= 2
        && integers.iter().all(|element| element.tag() == Tag::Integer);
    let is_certificate_or_request = || {
        tag(0) == Some(Tag::Sequence)
            && is_algorithm(1)
            && tag(2) == Some(Tag::BitString)
            && elements.first().is_some_and(|element| parse_elements(element.value()).is_some())
    };
    if is_algorithm(0) {
        return match tag(1) {
            Some(Tag::BitString) => Some(DerStructure::PublicKey),
            Some(Tag::OctetString) => Some(DerStructure::EncryptedPrivateKey),
            _ => None,
        };
    }
    if is_key_of_integers {
        let is_public = elements.len() == 2;
        return Some(if is_public { DerStructure::PublicKey } else { DerStructure::PrivateKey });
    }
    match version() {
        Some(3) if is_algorithm(1) => return Some(DerStructure::Pkcs12),
        Some(_) if is_algorithm(1) => return Some(DerStructure::PrivateKey),
        Some(_) if tag(1) == Some(Tag::OctetString) && content.len() >= 19 => {
            return Some(DerStructure::PrivateKey);
        }
        _ => {}
    }
    if is_certificate_or_request() {
        return Some(DerStructure::Certificate);
    }
    let is_pkcs7 = tag(1) == Some(CONTEXT_TAG_0) && starts_with_object_identifier(content);
    is_pkcs7.then_some(DerStructure::Pkcs7)
}

/// Returns whether the bytes are a `SubjectPublicKeyInfo` or PKCS#8 with the algorithm RSASSA-PSS
/// (RFC 4055, section 1.2).
pub(super) fn is_rsa_pss(bytes: &[u8]) -> bool {
    let Ok(sequence) = <&SequenceRef>::from_der(bytes) else { return false };
    let elements = parse_elements(sequence.as_bytes()).unwrap_or_default();
    let is_pss = |element: &AnyRef<'_>| {
        element.tag() == Tag::Sequence
            && <ObjectIdentifier>::from_der_partial(element.value())
                .is_ok_and(|(identifier, _)| identifier == rfc5912::ID_RSASSA_PSS)
    };
    elements.iter().take(2).any(is_pss)
}

/// Parses the public key of a certificate (RFC 5280, section 4.1). The certificate itself is not
/// validated, because the user of the program decides to trust its key.
pub(super) fn parse_certificate_key(bytes: &[u8]) -> Option<PublicKey> {
    // OpenSSL writes trust settings after the certificate (`TRUSTED CERTIFICATE`).
    let (certificate, _) = <&SequenceRef>::from_der_partial(bytes).ok()?;
    let elements = parse_elements(certificate.as_bytes())?;
    let fields = parse_elements(elements.first()?.value())?;
    // Version 1 certificates have no version field.
    let has_version = fields.first()?.tag() == CONTEXT_TAG_0;
    let info = fields.get(if has_version { 6 } else { 5 })?;
    public_key_from_info(&info.decode_as().ok()?)
}

/// Returns whether the bytes are a certificate request (RFC 2986). The first element of a request,
/// unlike that of a certificate, consists of an `INTEGER`, a name, a key and optional attributes.
pub(super) fn is_certificate_request(bytes: &[u8]) -> bool {
    let Ok((request, _)) = <&SequenceRef>::from_der_partial(bytes) else { return false };
    let elements = parse_elements(request.as_bytes()).unwrap_or_default();
    let info = elements.first().and_then(|info| parse_elements(info.value())).unwrap_or_default();
    let tags: Vec<Tag> = info.iter().map(Tagged::tag).collect();
    tags.get(..3) == Some(&[Tag::Integer, Tag::Sequence, Tag::Sequence]) && tags.len() <= 4
}

/// Tag `[0]`: in PKCS#7 the tag of the content, in a certificate the tag of the version.
const CONTEXT_TAG_0: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

/// Splits the content of a sequence into its elements. Returns `None` if an element is invalid or
/// incomplete.
fn parse_elements(bytes: &[u8]) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(bytes).ok()?;
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(reader.decode().ok()?);
    }
    Some(elements)
}

fn starts_with_object_identifier(bytes: &[u8]) -> bool {
    <ObjectIdentifier>::from_der_partial(bytes).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn sequence_without_the_structure_of_a_key_is_not_a_key() {
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

    /// The samples include a certificate, encrypted keys, keys of unsupported types, and keys with
    /// explicit curve parameters.
    #[test]
    fn supported_and_unsupported_keys_are_recognized() {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/hostile/samples");
        let mut count = 0;
        for entry in fs::read_dir(samples).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            for block in pem::parse_many(text).unwrap() {
                // OpenSSH keys are not DER, and keys with a PEM header are encrypted as a whole.
                let is_der =
                    block.tag() != "OPENSSH PRIVATE KEY" && block.headers().iter().count() == 0;
                assert!(!is_der || starts_with_key(block.contents()), "{}", path.display());
                count += usize::from(is_der);
            }
        }
        assert!(count > 25, "found {count} keys");
    }
}
