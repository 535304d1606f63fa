//! Malformed tokens: parts, base64url, JSON and sizes.

use super::{Good, Table, encoded};
use crate::sandbox::Sandbox;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use insta::assert_snapshot;

/// Maximum size of a token in bytes.
const LARGEST: usize = 64 * 1024;

/// Sets an unused bit of the last character: a lenient decoder reads the same bytes.
fn with_odd_bits(part: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    assert_ne!(part.len() % 4, 0, "every bit of {part} counts");
    let (rest, last) = part.split_at(part.len() - 1);
    let at = LETTERS.iter().position(|letter| *letter == last.as_bytes()[0]).unwrap();
    format!("{rest}{}", char::from(LETTERS[at + 1]))
}

pub(super) fn spellings(good: &Good<'_>) -> Table {
    let (token, head, body, sign) = (&good.token, good.part(0), good.part(1), good.part(2));
    let mut table = Table::default();
    for (name, text) in [
        ("nothing", String::new()),
        ("white space", " \n\t ".to_owned()),
        ("one part", head.to_owned()),
        ("two parts", format!("{head}.{body}")),
        ("four parts", format!("{token}.{sign}")),
        ("five parts", format!("{head}.{sign}.{sign}.{body}.{sign}")),
        ("an end dot", format!("{token}.")),
        ("a first dot", format!(".{token}")),
        ("dots", "..".to_owned()),
        ("many dots", ".".repeat(10_000)),
        ("no header", format!(".{body}.{sign}")),
        ("two tokens", format!("{token}\n{token}")),
        ("in quotes", format!("\"{token}\"")),
        ("Bearer twice", format!("Bearer Bearer {token}")),
        ("Basic", format!("Basic {token}")),
        ("a header line", format!("Authorization: Bearer {token}")),
        ("NUL behind", format!("{token}\0")),
        ("NUL inside", format!("{head}.{body}\0.{sign}")),
        ("a byte order mark", format!("\u{feff}{token}")),
        ("zero width space", format!("{head}.\u{200b}{body}.{sign}")),
        ("full width dots", token.replace('.', "\u{ff0e}")),
        ("percent-encoded", token.replace('.', "%2E")),
        ("space inside", format!("{head}. {body}.{sign}")),
        ("line break inside", format!("{head}.{body}\n.{sign}")),
        ("CR LF inside", format!("{head}.{}\r\n{}.{sign}", &body[..20], &body[20..])),
        ("tab inside", format!("{head}\t.{body}.{sign}")),
        ("padded signature", format!("{token}==")),
        ("padded header", format!("{head}=.{body}.{sign}")),
        ("padded payload", format!("{head}.{body}=.{sign}")),
        ("odd bits", format!("{head}.{body}.{}", with_odd_bits(sign))),
        ("a sign of the other alphabet", format!("{head}.{body}.+{}", &sign[1..])),
        ("slash of the other alphabet", format!("{head}.{body}./{}", &sign[1..])),
        (
            "JSON serialization",
            format!(r#"{{"protected":"{head}","payload":"{body}","signature":"{sign}"}}"#),
        ),
    ] {
        table.refused("malformed", name, text);
    }
    table.refused("bad_signature", "no payload", format!("{head}..{sign}"));
    assert!(table.0.len() > 30);
    table
}

#[test]
fn only_compact_serialization_is_accepted() {
    let sandbox = Sandbox::with_admin();
    let good = Good::new(&sandbox);
    spellings(&good).present(&sandbox, &[]);
    let fine = format!(" \n\tbearer  {} \r\n\n", good.token);
    assert_snapshot!(sandbox.run_with_input(&["token", "verify", "-"], &fine), @"valid");
}

pub(super) fn bytes_again(good: &Good<'_>) -> Table {
    let (token, head, body, sign) = (&good.token, good.part(0), good.part(1), good.part(2));
    let mut table = Table::default();
    for (name, header) in [("header", 0), ("payload", 1)] {
        let mut parts = [head.to_owned(), body.to_owned(), sign.to_owned()];
        let mut bytes = if header == 0 {
            good.key.header("JWT").to_string()
        } else {
            crate::sandbox::payload(token).to_string()
        };
        while bytes.len() % 3 == 0 {
            bytes.push(' ');
        }
        parts[header] = URL_SAFE.encode(&bytes);
        table.refused("malformed", format!("{name} padded as it should not be"), parts.join("."));
        parts[header] = with_odd_bits(&encoded(&bytes));
        table.refused("malformed", format!("{name} with odd bits"), parts.join("."));
        parts[header] = STANDARD.encode([0xFB, 0xFF, 0xFE]);
        table.refused("malformed", format!("{name} in the other alphabet"), parts.join("."));
    }
    table
}

#[test]
fn non_canonical_base64url_is_refused() {
    Good::refuses(bytes_again, &[&[]]);
}

pub(super) fn headers(good: &Good<'_>) -> Table {
    let header = good.key.header("JWT").to_string();
    let inner = &header[1..header.len() - 1];
    let mut table = Table::default();
    for (name, text) in [
        ("empty", String::new()),
        ("not JSON", "alg=ES256".to_owned()),
        ("an array", format!("[{header}]")),
        ("a string", "\"ES256\"".to_owned()),
        ("null", "null".to_owned()),
        ("a number", "1".to_owned()),
        ("cut off", header[..header.len() - 1].to_owned()),
        ("more behind it", format!("{header}{{}}")),
        ("NUL behind it", format!("{header}\0")),
        ("a byte order mark", format!("\u{feff}{header}")),
        ("single quotes", header.replace('"', "'")),
        ("a comment", format!("{{/**/{inner}}}")),
        ("a last comma", format!("{{{inner},}}")),
        ("alg twice", format!("{{\"alg\":\"none\",{inner}}}")),
        ("alg twice, ours last", format!("{{{inner},\"alg\":\"ES256\"}}")),
        ("alg twice, one escaped", format!("{{{inner},\"\\u0061lg\":\"none\"}}")),
        ("kid twice", format!("{{\"kid\":\"x\",{inner}}}")),
        ("twice inside", format!("{{{inner},\"x\":{{\"a\":1,\"a\":2}}}}")),
        ("200 deep", format!("{{{inner},\"x\":{}{}}}", "[".repeat(200), "]".repeat(200))),
        ("20,000 deep", format!("{{{inner},\"x\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000))),
        ("20,000 open", "[".repeat(20_000)),
        ("20,000 objects open", "{\"x\":".repeat(6_000)),
        ("a huge number", format!("{{{inner},\"x\":1e999}}")),
        ("half a surrogate", format!("{{{inner},\"x\":\"\\ud800\"}}")),
    ] {
        table.refused("malformed", format!("header: {name}"), good.under_text(&text));
    }
    table.refused("malformed", "header: not UTF-8", good.under_text(b"{\"alg\":\"\xff\"}"));
    let utf_16: Vec<u8> = header.encode_utf16().flat_map(u16::to_be_bytes).collect();
    table.refused("malformed", "header: UTF-16", good.under_text(utf_16));
    table.refused(
        "bad_signature",
        "header: 100 deep",
        good.under_text(format!("{{{inner},\"x\":{}{}}}", "[".repeat(100), "]".repeat(100))),
    );
    table
}

#[test]
fn header_must_be_one_json_object_without_duplicates() {
    Good::refuses(headers, &[&[]]);
}

/// Returns a token of that size with a meaningless payload.
fn filled(good: &Good<'_>, size: usize) -> String {
    let (head, sign) = (good.part(0), good.part(2));
    let body = "A".repeat(size - head.len() - sign.len() - 2);
    format!("{head}.{body}.{sign}")
}

pub(super) fn sizes(good: &Good<'_>) -> Table {
    let mut table = Table::default();
    table.refused("malformed", "one byte too many", filled(good, LARGEST + 1));
    table.refused("malformed", "64 MB", filled(good, 64_000_000));
    table.refused("malformed", "64 MB of space before it", " ".repeat(64_000_000) + &good.token);
    table.refused("malformed", "8 MB of dots", ".".repeat(8 << 20));
    table.refused("malformed", "8 MB of NUL", "\0".repeat(8 << 20));
    table
}

#[test]
fn oversized_input_is_refused() {
    let sandbox = Sandbox::with_admin();
    let good = Good::new(&sandbox);
    let table = sizes(&good);
    table.present(&sandbox, &[]);
    for row in table.0 {
        std::fs::write(sandbox.home().join("token"), &row.token).unwrap();
        let mut of_file = Table::default();
        of_file.refused(row.reason, format!("{}, as a file", row.name), "");
        of_file.present_as(&sandbox, &["token", "verify", "@token"]);
    }
    let size = |text: &str| {
        let error = sandbox.run_with_input(&["token", "verify", "-", "-o", "json"], text).error();
        error["message"].as_str().unwrap().contains("larger than 64 KiB")
    };
    assert!(size(&filled(&good, LARGEST + 1)));
    assert!(!size(&filled(&good, LARGEST)));
}

#[test]
fn malformed_tokens_are_refused_by_other_commands() {
    let sandbox = Sandbox::with_admin();
    let good = Good::new(&sandbox);
    let unsigned = format!("{}.{}.", good.part(0), good.part(1));
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
        let decode = sandbox.run_with_input(&["token", "decode", "-"], token);
        assert!(token == unsigned || decode.code == 10, "{decode:?}");
    }
    assert_snapshot!(sandbox.run_with_input(&["token", "verify", "-"], &good.token), @"valid");
}
