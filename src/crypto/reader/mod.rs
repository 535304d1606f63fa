//! Reader of key documents, which are inputs that contain keys. The reader recognizes every
//! supported format, removes encodings and quotes around the key, and names formats that need a
//! conversion. Every command that accepts keys uses this reader.

mod conversion;
mod document;
mod json;
mod text;
mod unsupported;

use super::der::{self, DerStructure};
use super::error::invalid_key;
use super::input_limits::ensure_size;
use super::key_error::KeyError;
use super::pem::{self, Block};
use super::secret::{detect_key, is_ssh_text};
pub(crate) use conversion::{FILE_PLACEHOLDER, SAVE_HINT};
pub(super) use conversion::{is_plain_json, is_plain_pem};
pub(super) use document::{EntryMaterial, KeyDocument, KeyEntry};
pub(crate) use unsupported::UnsupportedFormat;
use zeroize::Zeroizing;

/// Maximum number of layers around a key. A layer is base64, or a JSON document with the key in a
/// member.
const MAX_LAYERS: usize = 4;

/// Reads all keys of a document. If no key is recognized in the bytes, the bytes can be a secret.
/// [`KeyError::permits_secret`] is true for the errors of this case.
pub(super) fn read_document(bytes: &[u8]) -> Result<KeyDocument, KeyError> {
    ensure_size(bytes).map_err(KeyError::TooLarge)?;
    match read_layer(bytes, MAX_LAYERS) {
        Ok(Some(document)) => return Ok(document),
        Ok(None) => {}
        Err(KeyError::UnsupportedFormat(format)) => {
            return Err(format.or_wrapped_unless_convertible(bytes).into());
        }
        Err(error) => return Err(error),
    }
    let text = text::to_utf8(bytes);
    let text = text.trim_ascii();
    if text.is_empty() {
        return Err(KeyError::Empty);
    }
    if let Some(format) = detect_key(bytes) {
        return Err(UnsupportedFormat::Detected(format)
            .or_wrapped_unless_convertible(bytes)
            .into());
    }
    if text.starts_with(b"{") || text.starts_with(b"[") {
        return Err(KeyError::NoKeyInJson);
    }
    Err(KeyError::UnknownFormat)
}

/// Returns whether a document is never accepted as a secret. This is true if the reader recognizes
/// a key in the document, even a damaged key or a key in an unsupported format. The exception is a
/// document that the reader can read and that contains a symmetric JWK.
#[cfg(any(fuzzing, test))]
pub(crate) fn is_never_secret(bytes: &[u8]) -> bool {
    match read_document(bytes) {
        Ok(document) => !document.has_secret(),
        Err(error) => !error.permits_secret(),
    }
}

/// Reads a document that has at most `layers` layers around it. Returns `None` or
/// [`KeyError::InvalidJson`] if no key is recognized.
fn read_layer(bytes: &[u8], layers: usize) -> Result<Option<KeyDocument>, KeyError> {
    if let Some(structure) = der::classify(bytes) {
        return read_der(bytes, structure).map(Some);
    }
    if let Some(format) = UnsupportedFormat::from_binary(bytes) {
        return Err(format.into());
    }
    let utf8 = text::to_utf8(bytes);
    let unwrapped = text::remove_wrappings(&utf8);
    if unwrapped.starts_with(b"{") || unwrapped.starts_with(b"[") {
        let read_text = |text: &[u8]| match layers.checked_sub(1) {
            Some(layers) => read_layer(text, layers),
            None => Ok(None),
        };
        return json::read(&unwrapped, &read_text);
    }
    if pem::is_pem(&unwrapped) {
        return read_pem(&text::unescape_line_breaks(&unwrapped)).map(Some);
    }
    if is_ssh_text(&unwrapped) {
        return Err(UnsupportedFormat::from_ssh_text(&unwrapped).into());
    }
    if let (Some(layers), Some(inner)) = (layers.checked_sub(1), text::decode_base64(&unwrapped))
        && let Some(document) = read_layer(&inner, layers)?
    {
        return Ok(Some(document));
    }
    match detect_key(&unwrapped) {
        Some(format) => Err(UnsupportedFormat::Detected(format).into()),
        None => Ok(None),
    }
}

fn read_der(der: &[u8], structure: DerStructure) -> Result<KeyDocument, KeyError> {
    let material = match structure {
        DerStructure::PrivateKey => {
            if der::is_rsa_pss(der) {
                return Err(UnsupportedFormat::RsaPss { is_private: true }.into());
            }
            EntryMaterial::PrivateDer(Zeroizing::new(der.to_vec()))
        }
        DerStructure::PublicKey => {
            if der::is_rsa_pss(der) {
                return Err(UnsupportedFormat::RsaPss { is_private: false }.into());
            }
            EntryMaterial::PublicDer(der.to_vec())
        }
        DerStructure::Certificate => EntryMaterial::Certificate(der.to_vec()),
        DerStructure::EncryptedPrivateKey => return Err(UnsupportedFormat::EncryptedKey.into()),
        DerStructure::Pkcs12 => return Err(UnsupportedFormat::Pkcs12.into()),
        DerStructure::Pkcs7 => return Err(UnsupportedFormat::Pkcs7 { is_pem: false }.into()),
    };
    Ok(KeyDocument::single(material))
}

/// Reads the keys of all blocks of a PEM text (RFC 7468). Equal blocks count once. Blocks with an
/// unknown label, such as `EC PARAMETERS`, are ignored.
fn read_pem(text: &[u8]) -> Result<KeyDocument, KeyError> {
    let blocks = pem::parse_blocks(text)?;
    let mut entries: Vec<KeyEntry> = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        if blocks.iter().take(index).any(|earlier| earlier == block) {
            continue;
        }
        if let Some(material) = read_block(block)? {
            entries.push(KeyEntry { kid: None, material });
        }
    }
    if entries.is_empty() {
        return Err(invalid_key(
            "the PEM has no supported key: expected PKCS#8, SEC 1, PKCS#1, a public key or a certificate",
        )
        .into());
    }
    Ok(KeyDocument { entries, first_key_jq_path: None })
}

/// Returns the key material of a PEM block, or `None` for a block with an unknown label.
fn read_block(block: &Block<'_>) -> Result<Option<EntryMaterial>, KeyError> {
    if block.label == "ENCRYPTED PRIVATE KEY" || block.is_encrypted {
        return Err(UnsupportedFormat::EncryptedKey.into());
    }
    let contents = &block.contents;
    Ok(Some(match block.label {
        "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
            if der::is_rsa_pss(contents) {
                return Err(UnsupportedFormat::RsaPss { is_private: true }.into());
            }
            EntryMaterial::PrivateDer(contents.clone())
        }
        "OPENSSH PRIVATE KEY" => {
            return Err(UnsupportedFormat::from_openssh(contents).into());
        }
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {
            if der::is_rsa_pss(contents) {
                return Err(UnsupportedFormat::RsaPss { is_private: false }.into());
            }
            EntryMaterial::PublicDer(contents.to_vec())
        }
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
            EntryMaterial::Certificate(contents.to_vec())
        }
        "PKCS7" => return Err(UnsupportedFormat::Pkcs7 { is_pem: true }.into()),
        "CMS" => return Err(UnsupportedFormat::Cms.into()),
        _ => return Ok(None),
    }))
}

#[cfg(test)]
mod tests;
