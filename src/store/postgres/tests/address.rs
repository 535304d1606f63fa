//! Parsing and display of server addresses.

use super::super::address::ServerAddress;
use super::super::error::InvalidServerAddress;
use proptest::prelude::*;
use std::ffi::OsStr;

fn parse(text: &str) -> Result<ServerAddress, InvalidServerAddress> {
    ServerAddress::parse(OsStr::new(text))
}

#[test]
fn displayed_address_has_only_hosts_ports_database_and_schema() {
    for (text, display) in [
        ("postgres://h/db", "postgres://h/db"),
        ("PostgreSQL://ada:secret@h:5432/db?sslmode=disable", "postgres://h/db"),
        ("postgres://h", "postgres://h"),
        ("postgres://h?schema=tokens", "postgres://h?schema=tokens"),
        ("postgres://a,b:6432/db", "postgres://a,b:6432/db"),
        ("postgres://a:1,b:2/db", "postgres://a:1,b:2/db"),
        ("postgres://[::1]:6432/db", "postgres://[::1]:6432/db"),
        ("postgres://[::1],b/db", "postgres://[::1],b/db"),
        ("postgres:///", "postgres:///"),
        ("postgres://", "postgres:///"),
        ("postgres:///db", "postgres:///db"),
        ("postgres:///db?host=/run/postgresql", "postgres:///db?host=/run/postgresql"),
        ("postgres://%2Frun%2Fpg:6432/db", "postgres:///db?host=/run/pg&port=6432"),
        ("postgres:///db?host=a,b&port=1,2", "postgres://a:1,b:2/db"),
        ("postgres://h/db?port=6432", "postgres://h:6432/db"),
        ("postgres://h/a%20b%2Fc?schema=%C3%A4", "postgres://h/a%20b/c?schema=%C3%A4"),
        ("postgres://h/%1B%5B31m", "postgres://h/%1B[31m"),
        ("postgres://h/db?user=ada&application_name=x", "postgres://h/db"),
    ] {
        let address = parse(text).unwrap();
        assert_eq!(address.to_display(), display, "{text}");
        let reparsed = parse(display).unwrap();
        assert_eq!(reparsed.to_display(), display, "{display}");
    }
}

#[test]
fn address_for_child_processes_has_no_password() {
    for (text, expected) in [
        ("postgres://ada:secret@h/db?schema=s", "postgres://ada@h/db?schema=s"),
        ("postgresql://:secret@h", "postgres://h"),
        ("postgres:///db?password=secret&host=/run", "postgres:///db?host=/run"),
        ("postgres:///db?password=secret", "postgres:///db"),
        ("postgres:///db?%70assword=secret", "postgres:///db"),
        ("postgres://%61da@h/db", "postgres://%61da@h/db"),
    ] {
        let address = parse(text).unwrap();
        assert_eq!(address.text_without_password(), expected);
        assert_eq!(address.has_password(), text.contains("secret"));
        let reparsed = parse(expected).unwrap();
        assert!(!reparsed.has_password());
        assert_eq!(reparsed == address, !address.has_password(), "{text}");
    }
}

#[test]
fn invalid_address_is_refused() {
    for (text, message) in [
        ("postgres://ada:se@cret@h/db", "the address contains an unencoded `@`"),
        ("postgres://ada:se/cret@h/db", "the address contains an unencoded `@`"),
        ("postgres://ada:se?cret@h/db", "the address contains an unencoded `@`"),
        ("postgres://h/db?secret", "the address contains a parameter without a value"),
        (
            "postgres://h/%00",
            "the address contains a percent-encoded value with NUL or invalid UTF-8",
        ),
        (
            "postgres://h/%FF",
            "the address contains a percent-encoded value with NUL or invalid UTF-8",
        ),
        ("postgres://ada:secret", "invalid port: expected a number from 1 to 65535"),
        ("postgres://h:0", "invalid port: expected a number from 1 to 65535"),
        ("postgres://h:65536", "invalid port: expected a number from 1 to 65535"),
        ("postgres://::1/db", "empty host name"),
        ("postgres://a::1/db", "invalid port: expected a number from 1 to 65535"),
        ("postgres://[::1/db", "the address contains a `[` without `]`"),
        ("postgres://a,/db", "empty host name"),
        ("postgres:///?host=a,,b", "empty host name"),
        ("postgres://a/db?host=b", "parameter `host` given twice"),
        (
            "postgres:///?host=a,b,c&port=1,2",
            "number of ports differs from number of hosts: found 2, expected 3",
        ),
        ("postgres://h?hostaddr=example.org", "invalid host address: expected an IP address"),
        ("postgres://h?options=-csearch_path%3Dx", "parameter `options` is not supported"),
        ("postgres://h?schema=", "invalid schema name: empty"),
        ("postgres://h?sslmod=disable", "unknown option `sslmod`"),
        ("postgres://h?connect_timeout=soon", "invalid value for option `connect_timeout`"),
        ("postgres://h?channel_binding=maybe", "invalid value for option `channel_binding`"),
    ] {
        let invalid = parse(text).unwrap_err();
        assert_eq!(invalid.to_string(), message, "{text}");
        // The error contains no part of the passwords, such as `se@cret`.
        assert!(!format!("{invalid:?}").contains("cret"));
    }
    let long = format!("postgres://h?schema={}", "x".repeat(64));
    assert_eq!(parse(&long).unwrap_err().to_string(), "invalid schema name: longer than 63 bytes");
    parse(&long[..long.len() - 1]).unwrap();
}

#[test]
fn sslmode_is_refused_if_unknown_or_with_optional_tls() {
    for mode in ["require", "verify-ca", "verify-full", "disable"] {
        parse(&format!("postgres://h?sslmode={mode}")).unwrap();
    }
    for (mode, message) in [
        ("prefer", "`sslmode=prefer` permits connections without TLS"),
        ("allow", "`sslmode=allow` permits connections without TLS"),
        ("on", "unknown `sslmode`: expected verify-full, verify-ca, require or disable"),
    ] {
        let invalid = parse(&format!("postgres://h?sslmode={mode}")).unwrap_err();
        assert_eq!(invalid.to_string(), message);
    }
}

proptest! {
    #[test]
    fn password_is_in_no_displayed_address_or_error(
        // Without the password, addresses and errors contain no `Q`.
        password in "[ -~]{2,9}Q[ -~]{1,10}",
        address_without_user in prop::sample::select(vec![
            "h/db", "h:x/db", "a,b:6432", "", "h/db?sslmode=prefer", "h/db?x=y", "h?%FF=1", ",/db",
            "h?port=1,2", "h?schema=", "h?options=x",
        ]),
        is_query_parameter in any::<bool>(),
        is_encoded in any::<bool>(),
    ) {
        let encoded = percent_encoding::utf8_percent_encode(&password, percent_encoding::NON_ALPHANUMERIC);
        let written_password = if is_encoded { encoded.to_string() } else { password.clone() };
        let address = if is_query_parameter {
            let separator = if address_without_user.contains('?') { '&' } else { '?' };
            format!("postgres://{address_without_user}{separator}password={written_password}")
        } else {
            format!("postgres://ada:{written_password}@{address_without_user}")
        };
        let texts = match parse(&address) {
            Ok(parsed) => [
                parsed.to_display(),
                format!("{parsed:?}"),
                parsed.text_without_password().to_owned(),
            ],
            Err(invalid) => [invalid.to_string(), format!("{invalid:?}"), String::new()],
        };
        for shown in texts {
            // In an unencoded password, these characters are delimiters or begin an encoded
            // character, so that the address does not contain the password as one value.
            if is_encoded || !password.contains(['&', '=', '%', '#']) {
                prop_assert!(!shown.contains(&password), "{address}: {shown}");
            }
        }
    }
}
