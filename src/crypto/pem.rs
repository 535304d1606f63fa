//! PEM (RFC 7468).

use super::error::invalid_key;
use crate::model::InvalidValue;
use ::pem::{EncodeConfig, LineEnding, Pem};

/// Returns whether the bytes contain PEM, including damaged PEM.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes.windows(BEGIN.len()).any(|part| part == BEGIN)
}

/// Parses a file with at least one block.
pub(super) fn parse_blocks(bytes: &[u8]) -> Result<Vec<Pem>, InvalidValue> {
    let blocks = ::pem::parse_many(bytes).ok().filter(|blocks| !blocks.is_empty());
    blocks.ok_or_else(|| invalid_key("the PEM is damaged"))
}

/// Encodes one block.
pub(super) fn encode_block(label: &str, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    ::pem::encode_config(&Pem::new(label, der), config)
}
