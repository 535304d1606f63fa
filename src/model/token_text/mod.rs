//! Extraction of a token from pasted text with whitespace, quotes, `Bearer`, `NAME=` or JSON around
//! the token.

use super::untrusted::is_unsafe_for_terminal;
use super::{parse_strict_object, redact_for_error};
use memchr::memchr_iter;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Member that contains the token in the JSON output of `token create`, `token mint` for one token,
/// and `token renew`.
const TOKEN_MEMBER: &str = "token";

/// Maximum number of passes that remove nested layers around a token. Each pass removes quotes and
/// other punctuation, and then at most one name such as `NAME=`, keyword or authentication scheme.
const MAX_PASSES: usize = 16;

/// Content of a text from which no single token can be extracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotOneToken {
    /// A URL without a token.
    Url,
    /// A JSON object with several tokens or without a token. The value contains the path of each
    /// token in the notation of jq.
    Json(Vec<String>),
    /// A signed token in JSON serialization (RFC 7515, section 7.2). The value is the jq expression
    /// that converts the token to compact serialization.
    JsonSerialization(&'static str),
    /// Several tokens, not in a JSON object.
    Several,
    /// One token inside of other text.
    InsideOtherText,
}

/// Returns the token in a text, without surrounding whitespace, quotes, `b'…'`, `NAME=` and
/// `Bearer `, and without line breaks in the token. In a JSON object, the token is the string in
/// the member `token`. Without such a member, it is the only token at any depth.
///
/// If a text that is neither a URL nor a JSON object contains no token, returns the text without
/// surrounding whitespace. The text may be an id, from which quotes are removed; otherwise, the
/// verifier refuses the text as malformed.
pub(crate) fn extract_token(text: &str) -> Result<Cow<'_, str>, NotOneToken> {
    let trimmed = trim(text);
    // The text may also be an id. Quotes are removed from ids and tokens, but other layers only
    // from tokens.
    let unquoted = trimmed.trim_matches(['"', '\'']);
    if has_only_token_characters(unquoted) {
        return Ok(Cow::Borrowed(unquoted));
    }
    if trimmed.starts_with('{')
        && let Ok(object) = parse_strict_object(trimmed.as_bytes())
    {
        return extract_from_object(object).map(Cow::Owned);
    }
    let token = remove_layers(trimmed);
    if has_only_token_characters(token) && token.contains('.') {
        return Ok(Cow::Borrowed(token));
    }
    match join_lines(token)? {
        Some(token) => Ok(Cow::Owned(token)),
        None => match count_embedded_tokens(trimmed) {
            0 if super::parse_url_scheme(trimmed.as_ref()).is_some() => Err(NotOneToken::Url),
            0 => Ok(Cow::Borrowed(trimmed)),
            1 => Err(NotOneToken::InsideOtherText),
            _ => Err(NotOneToken::Several),
        },
    }
}

/// Returns the string in the member `token`. Without such a member, returns the only token at any
/// depth.
fn extract_from_object(object: Map<String, Value>) -> Result<String, NotOneToken> {
    if let Some(text) = object.get(TOKEN_MEMBER).and_then(Value::as_str) {
        return Ok(remove_layers(trim(text)).to_owned());
    }
    if object.contains_key("payload") && object.contains_key("signature") {
        return Err(NotOneToken::JsonSerialization(
            "[.protected, .payload, .signature] | join(\".\")",
        ));
    }
    if object.contains_key("payload") && object.contains_key("signatures") {
        return Err(NotOneToken::JsonSerialization(
            "[.signatures[0].protected, .payload, .signatures[0].signature] | join(\".\")",
        ));
    }
    let mut tokens = Vec::new();
    collect_tokens(&Value::Object(object), "", &mut tokens);
    match (tokens.pop(), tokens.len()) {
        (Some((_, token)), 0) => Ok(token),
        (last, _) => {
            let tokens = tokens.into_iter().chain(last);
            Err(NotOneToken::Json(tokens.map(|(path, _)| path).collect()))
        }
    }
}

/// Collects all tokens in a value, each with its path in the notation of jq.
fn collect_tokens(value: &Value, path: &str, tokens: &mut Vec<(String, String)>) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => {
            let token = remove_layers(trim(text));
            if resembles_token(token) {
                tokens.push((path.to_owned(), token.to_owned()));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect_tokens(item, &format!("{path}[{index}]"), tokens);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                collect_tokens(member, &format!("{path}{}", path_step(name)), tokens);
            }
        }
    }
}

/// Returns the part of a path that selects a member, in the notation of jq: `.name`, or
/// `."other-name"`.
fn path_step(name: &str) -> String {
    let name = redact_for_error(name);
    let is_identifier = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_identifier { format!(".{name}") } else { format!(".{}", Value::from(name)) }
}

/// Removes whitespace and invisible format characters around a text. Control characters remain,
/// except whitespace such as line breaks.
fn trim(text: &str) -> &str {
    let is_format_char = |c: char| is_unsafe_for_terminal(c) && !c.is_control();
    text.trim_matches(|c: char| c.is_whitespace() || is_format_char(c))
}

/// Returns whether a text has only the characters of a token in compact serialization, in base64url
/// or base64, and padding (`=`) only at the end of a part. This is also true for an id.
fn has_only_token_characters(text: &str) -> bool {
    // Without an early exit, the loop compares many bytes at once.
    text.bytes().fold(true, |all_fit, byte| all_fit & is_token_byte(byte))
        && memchr_iter(b'=', text.as_bytes())
            .all(|padding| text.get(padding + 1..).is_some_and(may_follow_padding))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'=' | b'+' | b'/')
}

/// Returns whether `rest`, the text after a `=`, can belong to the same token. It must be empty, or
/// start with more padding or with the next part.
fn may_follow_padding(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['=', '.'])
}

/// Removes all layers around a token: quotes, names, keywords and at most one authentication
/// scheme.
fn remove_layers(text: &str) -> &str {
    let mut text = text;
    let mut is_scheme_removed = false;
    for _ in 0..MAX_PASSES {
        let inner = remove_layer(text, &mut is_scheme_removed);
        if inner.len() == text.len() {
            break;
        }
        text = inner;
    }
    text
}

/// Removes punctuation, and then at most one other layer. Sets `is_scheme_removed` if this layer is
/// an authentication scheme. A second scheme is not removed.
fn remove_layer<'a>(text: &'a str, is_scheme_removed: &mut bool) -> &'a str {
    const PUNCTUATION: [char; 15] =
        ['"', '\'', '`', '\\', '<', '>', '(', ')', '[', ']', '“', '”', '‘', '’', ','];
    let is_punctuation =
        |c: char| PUNCTUATION.contains(&c) || matches!(c, ';' | '%' | '{' | '}' | '«' | '»' | '„');
    let unquoted = trim(text).trim_matches(is_punctuation);
    // Quoted text can end with an escaped line break: `"…\n"`.
    let unquoted = unquoted.strip_suffix("\\n").unwrap_or(unquoted);
    if let Some(rest) = unquoted.strip_prefix(['b', 'B'])
        && rest.starts_with(['\'', '"'])
    {
        return rest;
    }
    if let Some((word, rest)) = unquoted.split_once(char::is_whitespace)
        && (is_keyword(word) || is_scheme(word) && !*is_scheme_removed)
        && !trim(rest).starts_with(['=', ':'])
    {
        *is_scheme_removed |= is_scheme(word);
        return trim(rest);
    }
    strip_name(unquoted).unwrap_or(unquoted)
}

/// Returns whether a word before a token is an authentication scheme, or the word `token`.
fn is_scheme(word: &str) -> bool {
    const SCHEMES: [&str; 5] = ["bearer", "bearer:", "dpop", "jwt", "token"];
    SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Returns whether a word may precede the name of a header or variable: a keyword of a shell or of
/// a programming language, or an option such as `-H` of curl.
fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 9] =
        ["export", "set", "env", "const", "let", "var", "-h", "--header", "-e"];
    KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// Returns the rest after `NAME=` or `NAME:`. The rest must contain a full stop, as every token
/// does. The name must not contain a full stop, because the `=` may be the padding of a token such
/// as `e30.e30=.`. The rest must not start with `.`, because the `=` may be padding, or with `/`,
/// because the `:` may belong to a URL.
fn strip_name(text: &str) -> Option<&str> {
    let is_name_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
    let end = text.find(['=', ':'])?;
    let (name, rest) = (text.get(..end)?, text.get(end + 1..)?);
    let name = name.trim_end_matches(|c: char| matches!(c, '"' | '\'') || c.is_whitespace());
    let rest = trim(rest);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '$'))
        && name.chars().all(is_name_char);
    (is_name && rest.contains('.') && !rest.starts_with(['.', '/'])).then_some(rest)
}

/// Joins the lines of a token that was broken into lines. A line may be indented and may end with
/// `\`. Other whitespace in the token is not removed, because services refuse such a token. Returns
/// `None` if the lines do not form one token, and an error if every line is a separate token.
fn join_lines(text: &str) -> Result<Option<String>, NotOneToken> {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_suffix('\\').unwrap_or(line).trim_start())
        .filter(|line| !line.is_empty())
        .collect();
    if lines.len() > 1 && lines.iter().all(|line| resembles_token(line)) {
        return Err(NotOneToken::Several);
    }
    let token = lines.concat();
    let is_token = has_only_token_characters(&token) && matches!(token.matches('.').count(), 2 | 4);
    Ok(is_token.then_some(token).filter(|token| resembles_token(token)))
}

/// Returns the number of tokens in a text.
fn count_embedded_tokens(text: &str) -> usize {
    let sequences =
        text.split(|c: char| !c.is_ascii() || !is_token_byte(c.try_into().unwrap_or(0)));
    // A sequence of token characters can start with text that is not part of the token, for example
    // with a path, or with the `20` of `%20`.
    let candidates = sequences.filter_map(|sequence| sequence.get(sequence.find("ey")?..));
    candidates.filter(|candidate| resembles_token(candidate)).count()
}

/// Returns whether a word resembles a signed or encrypted token. The word must start with `ey`, the
/// start of a JSON object in base64url, and must contain at least two full stops.
fn resembles_token(word: &str) -> bool {
    word.starts_with("ey") && word.matches('.').count() >= 2
}

#[cfg(test)]
mod tests;
