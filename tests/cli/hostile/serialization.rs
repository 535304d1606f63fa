//! Tokens with invalid parts, base64url, JSON or sizes, and texts in which a token must be found.

use super::{Table, ValidToken, base64url};
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE};
use insta::assert_snapshot;
use serde_json::json;

/// Maximum size in bytes of a token that `token verify` accepts.
const MAX_TOKEN_BYTES: usize = 64 * 1024;

/// Changes the last character of a base64url text so that one of its unused bits is 1. A lenient
/// decoder decodes both texts to the same bytes.
fn with_unused_bits(part: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert_ne!(part.len() % 4, 0, "{part} has no unused bits");
    let (rest, last) = part.split_at(part.len() - 1);
    let at = ALPHABET.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
    format!("{rest}{}", char::from(ALPHABET[at + 1]))
}

/// Returns texts that are not a token in the compact serialization, and a token without a payload.
pub(super) fn serialization_table(valid: &ValidToken<'_>) -> Table {
    let (token, header, payload, signature) =
        (&valid.token, valid.part(0), valid.part(1), valid.part(2));
    let mut table = Table::default();
    for (name, text) in [
        ("empty input", String::new()),
        ("whitespace", " \n\t ".to_owned()),
        ("one part", header.to_owned()),
        ("two parts", format!("{header}.{payload}")),
        ("four parts", format!("{token}.{signature}")),
        ("five parts", format!("{header}.{signature}.{signature}.{payload}.{signature}")),
        ("trailing dot", format!("{token}.")),
        ("leading dot", format!(".{token}")),
        ("dots", "..".to_owned()),
        ("many dots", ".".repeat(10_000)),
        ("no header", format!(".{payload}.{signature}")),
        ("two tokens", format!("{token}\n{token}")),
        ("Bearer twice", format!("Bearer Bearer {token}")),
        ("Basic scheme", format!("Basic {token}")),
        ("trailing NUL", format!("{token}\0")),
        ("leading NUL", format!("\0{token}")),
        ("trailing escape character", format!("{token}\u{1b}")),
        ("NUL inside", format!("{header}.{payload}\0.{signature}")),
        ("zero width space", format!("{header}.\u{200b}{payload}.{signature}")),
        ("full width dots", token.replace('.', "\u{ff0e}")),
        ("percent-encoded", token.replace('.', "%2E")),
        ("space inside", format!("{header}. {payload}.{signature}")),
        ("tab inside", format!("{header}\t.{payload}.{signature}")),
        ("spaces between letters", token.chars().flat_map(|letter| [letter, ' ']).collect()),
        ("backslash inside", format!("{header}.\\{payload}.{signature}")),
        ("quote inside", format!("{header}.\"{payload}\".{signature}")),
        ("space before a line break", format!("{header}.{payload} \n.{signature}")),
        ("padded signature", format!("{token}==")),
        ("padded header", format!("{header}=.{payload}.{signature}")),
        ("padded payload", format!("{header}.{payload}=.{signature}")),
        ("unused bits set", format!("{header}.{payload}.{}", with_unused_bits(signature))),
        ("plus sign of standard base64", format!("{header}.{payload}.+{}", &signature[1..])),
        ("slash of standard base64", format!("{header}.{payload}./{}", &signature[1..])),
        (
            "JSON serialization",
            format!(
                r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#
            ),
        ),
    ] {
        table.add_rejected("malformed", name, text);
    }
    table.add_rejected("bad_signature", "no payload", format!("{header}..{signature}"));
    assert!(table.0.len() > 30);
    table
}

#[test]
fn malformed_serialization_is_refused_and_token_in_pasted_text_is_read() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    serialization_table(&valid).assert_rejected(&sandbox, &[]);
    for (source, text) in pasted_texts(&valid) {
        let output = sandbox.run_with_input(&["token", "verify", "-"], &text);
        assert_eq!(output.ok().stdout, "valid\n", "{source}");
    }
}

/// Returns texts that contain the valid token. `token verify` must find the token in each text. The
/// first element of each pair describes the source of the text.
fn pasted_texts(valid: &ValidToken<'_>) -> Vec<(&'static str, String)> {
    let (token, payload) = (&valid.token, valid.part(1));
    let wrapped = |separator: &str| {
        let (start, end) = payload.split_at(20);
        token.replace(payload, &format!("{start}{separator}{end}"))
    };
    vec![
        ("credential of a header", format!(" \n\tbearer  {token} \r\n\n")),
        ("header line of curl -v", format!("Authorization: Bearer {token}")),
        ("string of JSON or of a program", format!("\"{token}\"")),
        ("assignment of a shell or .env file", format!("API_TOKEN='{token}'")),
        ("editor that writes a byte order mark", format!("\u{feff}{token}")),
        ("line break of a terminal or mail", wrapped("\n")),
        ("line break of Windows", wrapped("\r\n")),
        ("continued line of a shell", wrapped("\\\n")),
        ("indented block of YAML", wrapped("\n    ")),
    ]
}

/// Returns tokens whose header or payload has padding, unused bits that are not zero, or characters
/// of standard base64. Also returns tokens with the same header or payload in valid base64url: they
/// only have an invalid signature.
pub(super) fn non_canonical_encoding_table(valid: &ValidToken<'_>) -> Table {
    let (token, header, payload, signature) =
        (&valid.token, valid.part(0), valid.part(1), valid.part(2));
    let mut table = Table::default();
    for (name, part, mut object) in
        [("header", 0, valid.key.header("JWT")), ("payload", 1, crate::sandbox::payload(token))]
    {
        let mut parts = [header.to_owned(), payload.to_owned(), signature.to_owned()];
        // In standard base64, one of the three characters becomes `/`.
        object["x"] = json!("???");
        let mut json = object.to_string();
        // If the length is a multiple of 3, the encoding has neither padding nor unused bits.
        while json.len() % 3 == 0 {
            json.push(' ');
        }
        parts[part] = URL_SAFE.encode(&json);
        table.add_rejected("malformed", format!("{name} with padding"), parts.join("."));
        parts[part] = with_unused_bits(&base64url(&json));
        table.add_rejected("malformed", format!("{name} with unused bits set"), parts.join("."));
        parts[part] = base64url(&json);
        table.add_rejected("bad_signature", format!("{name} in base64url"), parts.join("."));
        parts[part] = STANDARD_NO_PAD.encode(&json);
        assert!(parts[part].contains('/'), "{}", parts[part]);
        table.add_rejected(
            "malformed",
            format!("{name} in the standard base64 alphabet"),
            parts.join("."),
        );
    }
    table
}

#[test]
fn non_canonical_base64url_is_refused() {
    ValidToken::assert_rejected_in_new_store(non_canonical_encoding_table, &[&[]]);
}

/// Returns tokens whose header is not one JSON object, has duplicate members or exceeds a limit of
/// the JSON parser, and a token with a valid header that differs from the signed header.
pub(super) fn header_table(valid: &ValidToken<'_>) -> Table {
    let header = valid.key.header("JWT").to_string();
    let members = &header[1..header.len() - 1];
    let mut table = Table::default();
    for (name, text) in [
        ("empty", String::new()),
        ("not JSON", "alg=ES256".to_owned()),
        ("an array", format!("[{header}]")),
        ("a string", "\"ES256\"".to_owned()),
        ("null", "null".to_owned()),
        ("a number", "1".to_owned()),
        ("truncated", header[..header.len() - 1].to_owned()),
        ("trailing data", format!("{header}{{}}")),
        ("trailing NUL", format!("{header}\0")),
        ("a byte order mark", format!("\u{feff}{header}")),
        ("single quotes", header.replace('"', "'")),
        ("a comment", format!("{{/**/{members}}}")),
        ("trailing comma", format!("{{{members},}}")),
        ("alg twice", format!("{{\"alg\":\"none\",{members}}}")),
        ("alg twice, equal values", format!("{{{members},\"alg\":\"ES256\"}}")),
        ("alg twice, one escaped", format!("{{{members},\"\\u0061lg\":\"none\"}}")),
        ("kid twice", format!("{{\"kid\":\"x\",{members}}}")),
        ("duplicate member in a nested object", format!("{{{members},\"x\":{{\"a\":1,\"a\":2}}}}")),
        (
            "arrays nested 200 deep",
            format!("{{{members},\"x\":{}{}}}", "[".repeat(200), "]".repeat(200)),
        ),
        (
            "arrays nested 20,000 deep",
            format!("{{{members},\"x\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000)),
        ),
        ("20,000 unclosed arrays", "[".repeat(20_000)),
        ("6,000 unclosed objects", "{\"x\":".repeat(6_000)),
        ("a huge number", format!("{{{members},\"x\":1e999}}")),
        ("half a surrogate", format!("{{{members},\"x\":\"\\ud800\"}}")),
    ] {
        table.add_rejected("malformed", format!("header: {name}"), valid.with_header_text(&text));
    }
    table.add_rejected(
        "malformed",
        "header: not UTF-8",
        valid.with_header_text(b"{\"alg\":\"\xff\"}"),
    );
    let utf_16: Vec<u8> = header.encode_utf16().flat_map(u16::to_be_bytes).collect();
    table.add_rejected("malformed", "header: UTF-16", valid.with_header_text(utf_16));
    table.add_rejected(
        "bad_signature",
        "header: arrays nested 100 deep",
        valid.with_header_text(format!(
            "{{{members},\"x\":{}{}}}",
            "[".repeat(100),
            "]".repeat(100)
        )),
    );
    table
}

#[test]
fn header_must_be_one_valid_json_object() {
    ValidToken::assert_rejected_in_new_store(header_table, &[&[]]);
}

/// Returns a token of `size` bytes: the valid token with another payload, which is not JSON.
fn token_of_size(valid: &ValidToken<'_>, size: usize) -> String {
    let (header, signature) = (valid.part(0), valid.part(2));
    let payload = "A".repeat(size - header.len() - signature.len() - 2);
    format!("{header}.{payload}.{signature}")
}

/// Returns inputs that are larger than [`MAX_TOKEN_BYTES`].
pub(super) fn size_table(valid: &ValidToken<'_>) -> Table {
    let mut table = Table::default();
    table.add_rejected("malformed", "one byte too many", token_of_size(valid, MAX_TOKEN_BYTES + 1));
    table.add_rejected("malformed", "64 MB", token_of_size(valid, 64_000_000));
    table.add_rejected(
        "malformed",
        "64 MB of spaces before the token",
        " ".repeat(64_000_000) + &valid.token,
    );
    table.add_rejected("malformed", "8 MB of dots", ".".repeat(8 << 20));
    table.add_rejected("malformed", "8 MB of NUL", "\0".repeat(8 << 20));
    table
}

#[test]
fn oversized_token_or_input_is_refused() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    let table = size_table(&valid);
    table.assert_rejected(&sandbox, &[]);
    for row in table.0 {
        std::fs::write(sandbox.home().join("token"), &row.token).unwrap();
        // The command reads the token from the file. Standard input is empty.
        let mut file_table = Table::default();
        file_table.add_rejected(row.reason, format!("{}, as a file", row.name), "");
        file_table.assert_rejected_by(&sandbox, &["token", "verify", "@token"]);
    }
    let is_refused_as_too_large = |text: &str| {
        let error = sandbox.run_with_input(&["token", "verify", "-", "-o", "json"], text).error();
        error["message"].as_str().unwrap().contains("larger than 64 KiB")
    };
    assert!(is_refused_as_too_large(&token_of_size(&valid, MAX_TOKEN_BYTES + 1)));
    assert!(!is_refused_as_too_large(&token_of_size(&valid, MAX_TOKEN_BYTES)));
}

#[test]
fn commands_other_than_verify_refuse_malformed_tokens() {
    let sandbox = Sandbox::with_admin();
    let valid = ValidToken::new(&sandbox);
    let unsigned = format!("{}.{}.", valid.part(0), valid.part(1));
    let huge = "A".repeat(8 << 20);
    for token in [&unsigned, &huge, "", "..", "\0"] {
        for words in [
            &["token", "inspect", "-"][..],
            &["refresh", "--token-stdin"],
            &["whoami", "--token-file", "-"],
            &["token", "list", "--token-file", "-"],
        ] {
            let output = sandbox.run_with_input(words, token);
            assert_eq!(
                (output.code, output.stdout.as_str()),
                (10, ""),
                "{words:?}: {}",
                output.stderr
            );
        }
        let revoke = sandbox.run_with_input(&["token", "revoke", "-"], token);
        assert!([2, 10].contains(&revoke.code) && revoke.stdout.is_empty(), "{revoke:?}");
        // `token decode` verifies no signature, and accepts the first token, which has none.
        let decode = sandbox.run_with_input(&["token", "decode", "-"], token);
        let expected_code = if token == unsigned { 0 } else { 10 };
        assert_eq!(decode.code, expected_code, "{decode:?}");
    }
    assert_snapshot!(sandbox.run_with_input(&["token", "verify", "-"], &valid.token), @"valid");
}
