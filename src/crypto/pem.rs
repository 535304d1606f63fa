//! PEM (RFC 7468).

use super::error::invalid_key;
use crate::model::InvalidValue;
use ::pem::{EncodeConfig, LineEnding, Pem};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Maximum number of PEM blocks in a text.
const MAX_BLOCKS: usize = 64;

/// Block of a PEM text, from a BEGIN marker to the END marker with the same label.
#[derive(PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// Label, such as `PRIVATE KEY`.
    pub(super) label: &'t str,
    /// True if a header states that the content is encrypted (RFC 1421, section 4.6.1.1).
    pub(super) is_encrypted: bool,
    /// Decoded content; empty if the content is encrypted and not base64.
    pub(super) contents: Zeroizing<Vec<u8>>,
}

/// Returns whether the bytes contain the start of a PEM block. The block may be damaged.
pub(super) fn is_pem(bytes: &[u8]) -> bool {
    bytes.windows(BEGIN.len()).any(|part| part == BEGIN.as_bytes())
}

/// Parses all blocks of a text. Refuses a text without a block. Line breaks may be missing or
/// replaced by blanks, as in variables of CI systems.
pub(super) fn parse_blocks(bytes: &[u8]) -> Result<Vec<Block<'_>>, InvalidValue> {
    let damaged = || invalid_key("the PEM is damaged");
    let mut rest = std::str::from_utf8(bytes).map_err(|_| damaged())?;
    let mut blocks = Vec::new();
    while let Some((_, after_begin)) = rest.split_once(BEGIN) {
        if blocks.len() == MAX_BLOCKS {
            return Err(invalid_key(format!("the PEM has more than {MAX_BLOCKS} blocks")));
        }
        let (block, after_end) = parse_block(after_begin).ok_or_else(damaged)?;
        blocks.push(block);
        rest = after_end;
    }
    if blocks.is_empty() { Err(damaged()) } else { Ok(blocks) }
}

/// Parses a block from the text after `-----BEGIN `. Returns the block and the text after the
/// block. Returns `None` if the block is damaged.
fn parse_block(text: &str) -> Option<(Block<'_>, &str)> {
    let (label, text) = text.split_once(DASHES)?;
    let (body, text) = text.split_once(END)?;
    let (end_label, rest) = text.split_once(DASHES)?;
    if label != end_label {
        return None;
    }
    let (headers, data) = split_headers(body);
    let mut chars = Zeroizing::new(data.as_bytes().to_vec());
    chars.retain(|byte| !byte.is_ascii_whitespace());
    let is_encrypted = headers.contains("ENCRYPTED");
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decoded = GeneralPurpose::new(&STANDARD, config).decode(&*chars);
    let contents = match decoded {
        Ok(contents) => contents,
        Err(_) if is_encrypted => Vec::new(),
        Err(_) => return None,
    };
    Some((Block { label, is_encrypted, contents: Zeroizing::new(contents) }, rest))
}

/// Splits the body of a block (the text between its markers) at the empty line between headers and
/// data. A body without a colon has no headers, because base64 contains no colon. A body with a
/// colon and without an empty line has no data.
fn split_headers(body: &str) -> (&str, &str) {
    if !body.contains(':') {
        return ("", body);
    }
    let separators = ["\n\n", "\r\n\r\n"];
    separators.iter().find_map(|separator| body.split_once(separator)).unwrap_or((body, ""))
}

/// Encodes DER as a PEM text with one block.
pub(super) fn encode_block(label: &str, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    ::pem::encode_config(&Pem::new(label, der), config)
}
