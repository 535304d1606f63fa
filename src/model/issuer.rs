//! URLs of issuers that publish a JWK Set.

use super::InvalidValue;
use fluent_uri::Uri;
use fluent_uri::component::{Authority, Host};

/// Issuer URL: https with a host and without query and fragment (OpenID Connect Discovery 1.0,
/// section 3; RFC 8414, section 2). http is accepted for loopback hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerUrl(String);

impl IssuerUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let reject = |reason: &str| Err(InvalidValue::new("issuer", reason));
        let Ok(url) = Uri::parse(text) else { return reject("not a URL") };
        if url.query().is_some() || url.fragment().is_some() {
            return reject("query and fragment are not allowed");
        }
        let Some(authority) = url.authority() else { return reject("host missing or invalid") };
        if authority.has_userinfo() {
            return reject("a username or password in the URL is not allowed");
        }
        if !has_valid_host(authority) {
            return reject("host missing or invalid");
        }
        if authority.port().is_some_and(|port| !matches!(port.as_str().parse::<u16>(), Ok(1..))) {
            return reject("expected a port from 1 to 65535");
        }
        if url.path().as_str().split('/').any(is_dot_segment) {
            return reject("`.` and `..` are not allowed in the path");
        }
        match url.scheme().as_str().to_ascii_lowercase().as_str() {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_loopback(authority) => Ok(Self(text.to_owned())),
            _ => reject("expected https, or http for a loopback host (`http://localhost`)"),
        }
    }

    /// Returns the URL without normalization, because verifiers compare issuers as strings.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the issuer URL with `path` appended after exactly one `/`.
    pub(crate) fn url_for_path(&self, path: &str) -> String {
        format!("{}/{path}", self.0.trim_end_matches('/'))
    }
}

/// Returns whether the host is an IPv4 or IPv6 address, or a valid host name. The labels of a host
/// name have letters, digits, `-` and `_`. Labels and name have the length limits of DNS (RFC 1035,
/// section 2.3.4).
fn has_valid_host(authority: Authority<'_>) -> bool {
    let is_label_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let is_label =
        |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_label_byte);
    match authority.host_parsed() {
        Host::Ipv4(_) | Host::Ipv6(_) => true,
        Host::RegName(name) => {
            let name = name.as_str().strip_suffix('.').unwrap_or(name.as_str());
            name.len() <= 253 && name.split('.').all(is_label)
        }
        Host::IpvFuture { .. } => false,
    }
}

/// Returns whether a path segment is `.` or `..`, plain or percent-encoded. Clients resolve such
/// segments, and would then request a URL that does not start with the issuer URL.
fn is_dot_segment(segment: &str) -> bool {
    matches!(&*segment.to_ascii_lowercase().replace("%2e", "."), "." | "..")
}

/// Returns whether the host is a loopback address, `localhost` or a name below `localhost`.
fn is_loopback(authority: Authority<'_>) -> bool {
    match authority.host_parsed() {
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
        Host::RegName(name) => {
            let name = name.as_str().to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
        Host::IpvFuture { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuer_url_is_validated_and_not_normalized() {
        for valid in [
            "https://id.example",
            "HTTPS://ID.example",
            "https://id.example/tests/",
            "https://id.example/a..b/.c/...",
            "https://id.example.:65535",
            "https://192.0.2.1",
            "https://[2001:db8::1]:8443/x",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
            "http://localhost:1",
            "http://idp.localhost",
        ] {
            assert_eq!(IssuerUrl::parse(valid).unwrap().as_str(), valid);
        }
        for invalid in [
            "jeton",
            "",
            "ftp://id.example",
            "https://",
            "https:id.example",
            "https:///x",
            "https://..",
            "https://id..example",
            "https://:443",
            "https://id%2eexample",
            "https://a,b",
            "https://[v1.x]",
            "https://id.example?x=1",
            "https://id.example?",
            "https://id.example#x",
            "https://id.example#",
            "https://ada:lovelace@id.example",
            "https://@id.example",
            "https://id.example/a b",
            "https://id.example/\\..",
            "https://id.example:99999",
            "https://id.example:65536",
            "https://id.example:0",
            "https://id.example:",
            "https://id.example:x",
            "https://id.example/..",
            "https://id.example/../x",
            "https://id.example/a/./b",
            "https://id.example/a/%2E%2e/b",
            "https://id.example/.%2e",
            "http://id.example",
            "http://localhost.example",
            "http://10.0.0.1",
        ] {
            assert!(IssuerUrl::parse(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn issuer_url_joins_path() {
        let join = |issuer| IssuerUrl::parse(issuer).unwrap().url_for_path("x/y.json");
        assert_eq!(join("https://id.example"), "https://id.example/x/y.json");
        assert_eq!(join("https://id.example/tests/"), "https://id.example/tests/x/y.json");
    }
}
