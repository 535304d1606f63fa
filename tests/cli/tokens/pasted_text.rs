//! Tokens as users paste them, with text around the token. Also: byte order marks and UTF-16 in
//! tokens and in other text files.

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use std::fs;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Options with the secret that signs and verifies the token of [`sandbox_with_token`].
const KEY_OPTIONS: [&str; 4] = ["--secret-env", "SECRET", "--alg", "HS256"];

/// Creates a sandbox without a store. Returns the sandbox and a valid token.
pub(super) fn sandbox_with_token() -> (Sandbox, String) {
    let mut sandbox = Sandbox::new();
    sandbox.set_variable("SECRET", SECRET);
    let token = sandbox.stdout_of(&[&["token", "mint", "--sub", "a"][..], &KEY_OPTIONS].concat());
    (sandbox, token)
}

#[test]
fn text_around_a_token_is_removed_from_argument_stdin_and_file() {
    let (sandbox, token) = sandbox_with_token();
    let verify = |argument: &str, input: &[u8]| {
        let arguments = [&["token", "verify", argument][..], &KEY_OPTIONS].concat();
        let output = Sandbox::run_command_with_input(sandbox.command(&arguments), input);
        assert_eq!(output.ok().stdout, "valid\n");
    };
    for text in [
        format!("\"{token}\""),
        format!("b'{token}'"),
        format!("API_TOKEN={token}"),
        format!("export API_TOKEN=\"{token}\""),
        format!("Authorization: Bearer {token}"),
        format!("\u{feff}{token}\r\n"),
        format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\"}}"),
    ] {
        verify(&text, b"");
        verify("-", text.as_bytes());
        fs::write(sandbox.home().join("t"), &text).unwrap();
        verify("@t", b"");
    }
    // Text in UTF-16 is accepted, too.
    let utf16: Vec<u8> =
        format!("\u{feff}{token}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    verify("-", &utf16);
}

#[test]
fn jeton_token_variable_accepts_quotes_but_not_several_tokens() {
    let mut sandbox = Sandbox::with_john();
    let token = sandbox.session_member("access");
    sandbox.set_variable("JETON_TOKEN", &format!("\"{token}\""));
    assert_eq!(sandbox.json(&["whoami"])["user"]["username"], "john");
    sandbox.set_variable("JETON_TOKEN", &format!("{token}\n{token}"));
    assert_snapshot!(sandbox.run(&["whoami"]), @"
    --- exit code 10, stderr
    error: `JETON_TOKEN`: several tokens found, expected one token
    hint: pass one token
    ");
}

#[test]
fn text_other_than_a_single_token_is_reported_with_a_hint() {
    let (sandbox, token) = sandbox_with_token();
    let mut outputs = String::new();
    for text in [
        "https://id.example/token",
        &format!("{{\"access_token\":\"{token}\",\"id_token\":\"{token}\"}}"),
        "{\"error\":\"invalid_grant\"}",
        &format!("{token}\n{token}"),
        &format!("your token {token} expires soon"),
        "token.jwt",
        "./token",
        &format!("@{token}"),
    ] {
        outputs += &sandbox.run(&["token", "decode", text]).to_string();
    }
    assert_snapshot!(outputs, @"
    --- exit code 10, stderr
    error: URL found, expected a token
    hint: fetch the token, and pass the token on standard input with the argument `-`
    --- exit code 10, stderr
    error: JSON with several tokens found (`.access_token`, `.id_token`), expected one token
    hint: pass the value of one member: jq -r .access_token FILE
    --- exit code 10, stderr
    error: JSON without a token found, expected a token
    hint: pass only the token, from `ey` to the end of the signature
    --- exit code 10, stderr
    error: several tokens found, expected one token
    hint: pass one token
    --- exit code 10, stderr
    error: text around a token found, expected only the token
    hint: pass only the token, from `ey` to the end of the signature
    --- exit code 2, stderr
    error: `token.jwt` is neither a token nor a regular file
    hint: use `@FILE` for a token in a file, or `-` for standard input
    --- exit code 2, stderr
    error: `./token` is neither a token nor a regular file
    hint: use `@FILE` for a token in a file, or `-` for standard input
    --- exit code 2, stderr
    error: `TOKEN`: token found, expected the name of a file
    hint: omit the `@` before the token
    ");
}

#[test]
fn unsuitable_value_of_variable_or_claims_option_is_reported_with_a_hint() {
    let (mut sandbox, token) = sandbox_with_token();
    sandbox.set_variable("JETON_TOKEN_FILE", &token);
    let mut outputs = sandbox.run(&["token", "decode"]).to_string();
    sandbox.set_variable("JETON_TOKEN", "@t.jwt");
    outputs += &sandbox.run(&["token", "decode"]).to_string();
    let verify = [&["token", "verify"][..], &KEY_OPTIONS].concat();
    outputs += &sandbox.run(&verify).to_string();
    sandbox.set_variable("JETON_TOKEN", &format!("{token}\n{token}"));
    outputs += &sandbox.run(&verify).to_string();
    outputs += &sandbox
        .run(&[&["token", "mint", "--claims", "[1]"][..], &KEY_OPTIONS].concat())
        .to_string();
    assert_snapshot!(outputs, @r#"
    --- exit code 2, stderr
    error: `JETON_TOKEN_FILE`: token found, expected the name of a file
    hint: use `JETON_TOKEN` for the token itself
    --- exit code 10, stderr
    error: `JETON_TOKEN`: `@` found, expected a token
    hint: use `JETON_TOKEN_FILE` for the name of a file, without the `@`
    invalid: malformed: `JETON_TOKEN`: `@` found, expected a token
    --- exit code 10, stderr
    error: token malformed: `JETON_TOKEN`: `@` found, expected a token
    hint: use `JETON_TOKEN_FILE` for the name of a file, without the `@`
    invalid: malformed: `JETON_TOKEN`: several tokens found, expected one token
    --- exit code 10, stderr
    error: token malformed: `JETON_TOKEN`: several tokens found, expected one token
    hint: pass one token, or `--batch` and several tokens on standard input, one per line
    --- exit code 2, stderr
    error: `--claims`: JSON array found, expected a JSON object or the name of a file
    hint: pass an object: '{"NAME":"VALUE"}'
    "#);
}

#[test]
fn verify_batch_reads_output_of_mint_and_pasted_lines() {
    let (sandbox, _) = sandbox_with_token();
    let mint = ["token", "mint", "--count", "2", "--sub", "a", "-o", "jsonl"];
    let lines = sandbox.stdout_of(&[&mint[..], &KEY_OPTIONS].concat());
    let arguments = [&["token", "verify", "--batch"][..], &KEY_OPTIONS].concat();
    let token = sandbox.stdout_of(&[&["token", "mint", "--sub", "b"][..], &KEY_OPTIONS].concat());
    let input = format!("\u{feff}{lines}\n\"{token}\"\nT='{token}'\n");
    let output = sandbox.run_with_input(&arguments, &input).ok();
    assert_eq!(output.stdout.matches("{\"valid\":true").count(), 4, "{}", output.stdout);
    let output = sandbox.run_with_input(&arguments, "{\"jti\":\"x\"}\n[1]\n{\n");
    assert_eq!(output.stdout.matches("\"malformed\"").count(), 3, "{}", output.stdout);
}

#[test]
fn utf16_batch_and_claims_file_in_malformed_utf16_are_refused() {
    let (sandbox, token) = sandbox_with_token();
    let utf16 = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let arguments = [&["token", "verify", "--batch"][..], &KEY_OPTIONS].concat();
    let lines = utf16(&format!("{token}\r\n{token}\r\n"));
    let batch = Sandbox::run_command_with_input(sandbox.command(&arguments), &lines);
    assert_snapshot!(batch, @"
    --- exit code 2, stderr
    error: UTF-16 text found, expected UTF-8
    hint: convert the file: iconv -f UTF-16 -t UTF-8 FILE
    ");
    let mut claims = utf16("{\"role\":\"x\"}");
    // UTF-16 with an odd number of bytes is malformed.
    claims.push(b'x');
    fs::write(sandbox.home().join("claims.json"), claims).unwrap();
    let mint = [&["token", "mint", "--claims", "claims.json"][..], &KEY_OPTIONS].concat();
    assert_snapshot!(sandbox.run(&mint), @"
    --- exit code 65, stderr
    error: claims in `claims.json` not well-formed JSON: line 1, column 1: expected a value
    ");
}

#[test]
fn byte_order_mark_is_accepted_in_files_of_claims_rows_presets_and_passwords() {
    let mut sandbox = Sandbox::with_john();
    sandbox.set_variable("SECRET", SECRET);
    let write = |name: &str, text: &str| {
        fs::write(sandbox.home().join(name), format!("\u{feff}{text}")).unwrap();
    };
    write("claims.json", "{\"role\":\"admin\"}");
    write("rows.csv", "sub\na\n");
    write("rows.jsonl", "{\"sub\":\"a\"}\n");
    write("password", "kim-password\n");
    let presets = sandbox.home().join(".config/jeton/presets");
    fs::create_dir_all(&presets).unwrap();
    let preset = "\u{feff}{\"description\":\"x\",\"claims\":{\"role\":\"admin\"}}";
    fs::write(presets.join("custom.json"), preset).unwrap();
    for arguments in [
        &["--claims", "claims.json"][..],
        &["--from", "rows.csv"],
        &["--from", "rows.jsonl"],
        &["--preset", "custom"],
    ] {
        sandbox.run(&[&["token", "mint"][..], &KEY_OPTIONS, arguments].concat()).ok();
    }
    // A claims file in UTF-16 is accepted, too.
    let utf16 = "\u{feff}{\"role\":\"ä\"}".encode_utf16().flat_map(u16::to_le_bytes);
    fs::write(sandbox.home().join("utf16.json"), utf16.collect::<Vec<_>>()).unwrap();
    sandbox.run(&[&["token", "mint", "--claims", "utf16.json"][..], &KEY_OPTIONS].concat()).ok();
    sandbox.run(&["register", "kim", "--password-file", "password"]).ok();
    sandbox.log_in("kim", "kim-password");
}
