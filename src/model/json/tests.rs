//! Tests of the strict and the lenient JSON parser.

use super::*;

#[test]
fn duplicate_members_of_one_object_are_refused_at_any_depth() {
    assert!(parse_strict_object(br#"{"a":1,"a":1}"#).is_err());
    assert!(parse_strict_object(br#"{"a":{"b":1,"b":2}}"#).is_err());
    assert!(parse_strict_object(br#"{"a":1,"\u0061":2}"#).is_err());
    assert!(parse_strict_object(br#"{"a":[{"b":1},{"b":2}]}"#).is_ok());
}

#[test]
fn text_other_than_one_object_is_refused() {
    for text in ["[]", "1", "{} {}", "{", "", "\u{feff}{}"] {
        assert!(parse_strict_object(text.as_bytes()).is_err(), "{text}");
    }
    // The depth is bounded, so that the stack cannot overflow.
    assert!(parse_strict_object("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn member_order_and_numbers_are_kept() {
    let map = parse_strict_object(br#"{"z":1,"a":-2,"m":18446744073709551615}"#).unwrap();
    assert_eq!(Value::Object(map).to_string(), r#"{"z":1,"a":-2,"m":18446744073709551615}"#);
}

#[test]
fn numbers_of_any_size_keep_their_digits() {
    for number in [
        "0",
        "-0",
        "18446744073709551616",
        "-9223372036854775809",
        "12345678901234567890123",
        "-340282366920938463463374607431768211457",
        "1.0",
        "1.50",
        "0.1000000000000000055511151231257827",
        "1e+300",
        "-1.0e-7",
        &"9".repeat(5000),
    ] {
        for text in [format!("{{\"a\":{number}}}"), format!("{{\"a\":[{number},{{}}]}}")] {
            let map = parse_strict_object(text.as_bytes()).unwrap();
            assert_eq!(Value::from(map.clone()).to_string(), text);
            assert_eq!(parse_lenient_value(text.as_bytes()).unwrap().to_string(), text);
            let map_from_reader = read_strict_object(text.as_bytes()).unwrap();
            assert_eq!(map_from_reader, map);
        }
    }
    for (text, expected) in [("1e400", "1e+400"), ("1E2", "1e+2"), ("2.50E-3", "2.50e-3")] {
        assert_eq!(parse_lenient_value(text.as_bytes()).unwrap().to_string(), expected);
    }
}

#[test]
fn strict_parser_refuses_out_of_range_and_malformed_numbers() {
    let error = parse_strict_value(b"[1e400]").unwrap_err().to_string();
    assert_eq!(error, "not well-formed JSON: line 1, column 6: number out of range");
    for text in ["01", "1.", ".5", "+1", "0x1", "NaN", "-Infinity", "1e", "--1"] {
        assert!(parse_strict_value(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn object_with_the_member_name_for_numbers_stays_an_object() {
    for name in ["$serde_json::private::Number", r"\u0024serde_json::private::Number"] {
        let text = format!("{{\"a\":{{\"{name}\":\"1.5\"}},\"b\":2.50}}");
        let expected = r#"{"a":{"$serde_json::private::Number":"1.5"},"b":2.50}"#;
        let map = parse_strict_object(text.as_bytes()).unwrap();
        assert_eq!(Value::from(map).to_string(), expected);
        let map = read_strict_object(text.as_bytes()).unwrap();
        assert_eq!(Value::from(map).to_string(), expected);
        assert_eq!(parse_lenient_value(text.as_bytes()).unwrap().to_string(), expected);
    }
}

#[test]
fn json_error_describes_defect_with_and_without_position() {
    for (text, expected) in [
        ("{\n \"sub\":\"x\",\n}\n", "not well-formed JSON: line 3, column 1: trailing comma"),
        (
            "{'sub':'x'}",
            "not well-formed JSON: line 1, column 2: expected a member name in double quotes",
        ),
        ("{\"a\":1\n \"b\":2}", "not well-formed JSON: line 2, column 2: expected `,` or `}`"),
        (
            "{\"a\":\"x\ny\"}",
            "not well-formed JSON: line 2, column 1: line break or control character in \
             a string",
        ),
        ("{\"a\":NaN}", "not well-formed JSON: line 1, column 6: expected a value"),
        ("{\"a\":1", "not well-formed JSON: line 1, column 6: the text ends within an object"),
        ("{} {}", "not well-formed JSON: line 1, column 4: trailing characters"),
        ("{\"a\":1,\n\"a\":2}", "ambiguous: line 2, column 3: duplicate member name `a`"),
        ("[]", "not a JSON object"),
    ] {
        let error = parse_strict_object(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = parse_strict_object(b"{\"a\":}").unwrap_err();
    assert_eq!(error.describe_without_line(), "not well-formed JSON: column 6: expected a value");
    assert_eq!(error.summary(), "not well-formed JSON");
}

#[test]
fn lenient_parser_keeps_last_of_duplicate_members() {
    let value = parse_lenient_value(br#"{"a":1,"b":2,"a":3}"#).unwrap();
    assert_eq!(value.to_string(), r#"{"a":3,"b":2}"#);
}
