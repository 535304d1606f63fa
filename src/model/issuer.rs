//! Issuers that publish their keys.

use super::Invalid;
use fluent_uri::Uri;

/// The URL of an issuer: http or https, without query and fragment (OpenID Connect Discovery 1.0,
/// section 3, which asks for https; http is for services under test).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuerUrl(String);

impl IssuerUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let refused = |why: &str| Err(Invalid::new("issuer", why));
        let Ok(url) = Uri::parse(text) else { return refused("not a URL") };
        if !["https", "http"].contains(&url.scheme().as_str()) {
            return refused("not a URL with https");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refused("a URL without query and fragment");
        }
        match url.authority() {
            Some(server) if server.has_userinfo() => refused("a URL without a user in it"),
            Some(server) if !server.host().is_empty() => Ok(Self(text.to_owned())),
            Some(_) | None => refused("a URL with a host"),
        }
    }

    /// As it was given: verifiers compare it letter by letter.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of what is published there under that path.
    pub(crate) fn url_of(&self, path: &str) -> String {
        format!("{}/{path}", self.0.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_a_bare_url() {
        for good in ["https://id.example", "http://127.0.0.1:8080", "https://id.example/tests/"] {
            assert_eq!(IssuerUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "jeton",
            "",
            "ftp://id.example",
            "https://",
            "https:id.example",
            "https://id.example?x=1",
            "https://id.example#x",
            "https://ada:lovelace@id.example",
            "https://id.example/a b",
        ] {
            assert!(IssuerUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_it_publishes_is_below_it() {
        let url_of = |issuer| IssuerUrl::parse(issuer).unwrap().url_of("x/y.json");
        assert_eq!(url_of("https://id.example"), "https://id.example/x/y.json");
        assert_eq!(url_of("https://id.example/tests/"), "https://id.example/tests/x/y.json");
    }
}
