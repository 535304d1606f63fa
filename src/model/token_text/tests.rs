//! Tests of the extraction of tokens from text that users paste, or that files and variables
//! contain.

use super::*;

const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl-_";

fn extract_from(text: &str) -> Result<String, NotOneToken> {
    extract_token(text).map(Cow::into_owned)
}

/// Extracts the token from a template, in which each `@` represents [`TOKEN`].
fn extract_from_template(template: &str) -> Result<String, NotOneToken> {
    extract_from(&template.replace('@', TOKEN))
}

#[test]
fn text_around_token_is_removed() {
    for template in [
        "@",
        " @\r\n",
        "\u{feff}@\n",
        "\u{a0}@\u{200b}",
        "\"@\"",
        "'@'",
        "`@`",
        "\"'@'\"",
        "“@”",
        "«@»",
        "<@>",
        "(@)",
        "[\"@\"]",
        "```\n@\n```",
        "\"@\",",
        "@;",
        "@%",
        "\"@\\n\"",
        "\\\"@\\\"",
        "b'@'",
        "b\"@\"",
        "Bearer @",
        "bearer  @",
        "BEARER\t@",
        "Bearer: @",
        "\"Bearer @\"",
        "JWT @",
        "DPoP @",
        "Token @",
        "Authorization: Bearer @",
        "authorization:Bearer @",
        "'Authorization: Bearer @'",
        "-H \"Authorization: Bearer @\"",
        "--header 'Authorization: Bearer @'",
        "\"Authorization\": \"Bearer @\",",
        "TOKEN=@",
        "API_TOKEN=\"@\"",
        "export API_TOKEN='@'",
        "export API_TOKEN=\"@\";",
        "$env:TOKEN = \"@\"",
        "token: @",
        "\"access_token\": \"@\",",
        "const token = '@';",
        "'token' => '@',",
        "TOKEN=b'@'",
        "Cookie: session=@;",
    ] {
        assert_eq!(extract_from_template(template), Ok(TOKEN.to_owned()), "{template}");
    }
}

#[test]
fn only_a_single_token_in_json_is_extracted() {
    for template in [
        r#"{"token":"@","jti":"x","id":7}"#,
        r#"{ "token": "Bearer @" }"#,
        r#"{"access_token":"@","token_type":"Bearer","expires_in":3600,"refresh_token":"8xLOxBtZp8"}"#,
        "{\n  \"id_token\": \"@\"\n}\n",
        r#"{"kind":"TokenRequest","status":{"token":"@","expirationTimestamp":"x"}}"#,
        r#"{"auth":null,"data":{"keys":[1,{"jwt":"@"}]}}"#,
    ] {
        assert_eq!(extract_from_template(template), Ok(TOKEN.to_owned()), "{template}");
    }
    for (template, paths) in [
        (r#"{"access_token":"@","id_token":"@"}"#, [".access_token", ".id_token"].as_slice()),
        (r#"{"tokens":[{"jwt":"@"},{"jwt":"@"}]}"#, &[".tokens[0].jwt", ".tokens[1].jwt"]),
        (r#"{"access-token":"@","a":{"\"":"@"}}"#, &[".\"access-token\"", ".a.\"\\\"\""]),
        (r#"{"error":"invalid_grant"}"#, &[]),
        ("{}", &[]),
    ] {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(extract_from_template(template), Err(NotOneToken::Json(paths)), "{template}");
    }
}

#[test]
fn json_serialization_is_recognized() {
    for text in [
        r#"{"payload":"e30","protected":"e30","signature":"AA"}"#,
        r#"{"payload":"e30","signatures":[{"protected":"e30","signature":"AA"}]}"#,
    ] {
        assert!(matches!(extract_from(text), Err(NotOneToken::JsonSerialization(_))), "{text}");
    }
}

#[test]
fn token_broken_into_lines_is_joined() {
    let halves = TOKEN.split_at(30);
    for separator in ["\n", "\r\n", "\n    ", "\n\t", "\\\n", "\\\r\n"] {
        let text = format!("{}{separator}{}", halves.0, halves.1);
        assert_eq!(extract_from(&text), Ok(TOKEN.to_owned()), "{separator:?}");
        assert_eq!(extract_from(&format!("T=\"{text}\"")), Ok(TOKEN.to_owned()), "{separator:?}");
    }
    let encrypted = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA\n.c2VjcmV0.AAAA";
    assert_eq!(extract_from(encrypted), Ok(encrypted.replace('\n', "")));
}

#[test]
fn malformed_input_is_not_corrected() {
    let halves = TOKEN.split_at(30);
    for inserted in
        [" ", "\t", "\\", "\\\\", " \n", " \\\n", "\u{a0}", "\u{200b}", "\u{feff}", "\"", "'"]
    {
        let text = format!("{}{inserted}{}", halves.0, halves.1);
        assert_ne!(extract_from(&text), Ok(TOKEN.to_owned()), "{inserted:?}");
        assert_ne!(extract_from(&format!("T=\"{text}\"")), Ok(TOKEN.to_owned()), "{inserted:?}");
    }
    for template in ["Bearer Bearer @", "Bearer JWT @", "Authorization: Bearer Bearer @"] {
        assert_eq!(
            extract_from_template(template),
            Err(NotOneToken::InsideOtherText),
            "{template}"
        );
    }
    for template in ["@\0", "\0@", "Bearer @\u{1b}", "\"@\u{7f}\""] {
        assert_ne!(extract_from_template(template), Ok(TOKEN.to_owned()), "{template:?}");
    }
    let letters: Vec<String> = TOKEN.chars().map(String::from).collect();
    assert_ne!(extract_from(&letters.join(" ")), Ok(TOKEN.to_owned()));
}

#[test]
fn text_that_is_not_one_token_is_classified() {
    for (template, expected) in [
        ("@\n@", NotOneToken::Several),
        ("@ @ @", NotOneToken::Several),
        ("A=@\nB=@", NotOneToken::Several),
        ("Your token is @ and expires soon", NotOneToken::InsideOtherText),
        ("https://id.example/token", NotOneToken::Url),
        (
            "https://app.example/callback#access_token=@&token_type=Bearer",
            NotOneToken::InsideOtherText,
        ),
        ("https://jwt.io/#debugger-io?token=@", NotOneToken::InsideOtherText),
        ("https://app.example/reset/@", NotOneToken::InsideOtherText),
        ("Bearer%20@", NotOneToken::InsideOtherText),
        ("\u{1b}[32m@\u{1b}[0m", NotOneToken::InsideOtherText),
        ("u'@'", NotOneToken::InsideOtherText),
    ] {
        assert_eq!(extract_from_template(template), Err(expected), "{template}");
    }
}

#[test]
fn text_without_recognized_layers_is_only_trimmed() {
    for text in [
        "",
        "7",
        "0190a6b2-7c11-7e2a-9f00-123456789abc",
        "a.b.c",
        "nonsense",
        "not a token",
        "eyJhbGciOiJub25lIn0=.e30=.",
        "eyJhbGciOiJub25lIn0=.eyJhIjoiYiJ9==.AAA=",
        "{\"a\":1,\"a\":2}",
        "[1]",
        "ключ",
    ] {
        assert_eq!(extract_from(text), Ok(text.to_owned()), "{text}");
    }
    assert_eq!(extract_from(" \u{fffd} "), Ok("\u{fffd}".to_owned()));
}
