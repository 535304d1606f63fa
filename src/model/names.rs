//! Usernames, e-mail addresses, references to users, application names and permissions.

use super::precis::normalize_username;
use super::{InvalidValue, Untrusted, UserId, UserUuid, is_invisible};
use email_address::{EmailAddress, Options};
use serde::Serialize;
use unicode_security::MixedScript;

/// Username, normalized by PRECIS `UsernameCaseMapped` (RFC 8265, section 3.3). The name has at
/// most 64 bytes and only one script. It has no `@` and no leading `-`, and is not a UUID or
/// number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct UserName(Untrusted);

impl UserName {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = |reason: &str| InvalidValue::new("username", reason);
        let name = normalize_username(text)
            .ok_or_else(|| invalid("expected letters, digits and symbols, without spaces"))?;
        if name.len() > 64 {
            return Err(invalid("longer than 64 bytes"));
        }
        if name.contains('@') {
            let reason = "`@` is only allowed in e-mail addresses (`--email`, in files `email`)";
            return Err(invalid(reason));
        }
        if name.starts_with('-') {
            return Err(invalid("must not start with `-`"));
        }
        if name.chars().all(char::is_numeric) || UserUuid::parse(&name).is_some() {
            return Err(invalid("could be mistaken for an id"));
        }
        if !name.is_ascii() && (!name.is_single_script() || name.chars().any(is_invisible)) {
            return Err(invalid("mixes scripts or contains invisible characters"));
        }
        Ok(Self(Untrusted::new(name.as_str())))
    }

    /// Creates a name without validation, for stored text.
    pub(crate) fn new_unchecked(text: String) -> Self {
        Self(Untrusted::new(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn to_display(&self) -> String {
        self.0.to_display()
    }
}

/// E-mail address. The local part is not normalized; the domain is in lower case. Two values are
/// the same address if [`Email::comparison_key`] returns the same text for both.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub(crate) struct Email(Untrusted);

impl Email {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let invalid = || InvalidValue::new("e-mail", "not an address like `ada@example.com`");
        let options =
            Options::default().without_display_text().without_domain_literal().with_required_tld();
        let parse_address =
            |text| EmailAddress::parse_with_options(text, options).map_err(|_| invalid());
        let address = parse_address(text)?;
        if text.chars().any(is_invisible) || address.local_part().starts_with('"') {
            return Err(invalid());
        }
        let domain = address.domain().to_lowercase();
        let normalized = format!("{}@{domain}", address.local_part());
        // The conversion to lower case can turn one letter into a letter and a combining character.
        // A combining character can make a domain invalid, so the new address is parsed again.
        if !domain.is_ascii() {
            parse_address(&normalized)?;
        }
        Ok(Self(Untrusted::new(normalized)))
    }

    /// Creates an address without validation, for stored text.
    pub(crate) fn new_unchecked(text: String) -> Self {
        Self(Untrusted::new(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the whole address in lower case. No two users of a store have the same comparison
    /// key.
    pub(crate) fn comparison_key(&self) -> String {
        self.0.as_str().to_lowercase()
    }

    pub(crate) fn to_display(&self) -> String {
        self.0.to_display()
    }
}

/// Reference to a user on the command line: row id, user id in tokens, e-mail address or username.
#[derive(Debug, Clone)]
pub(crate) enum UserRef {
    /// Row id.
    Id(UserId),
    /// User id in tokens.
    Uid(UserUuid),
    /// E-mail address.
    Email(Email),
    /// Username.
    Name(UserName),
}

impl UserRef {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() {
            let id = text.parse().map_err(|_| InvalidValue::new("user", "id too large"))?;
            return Ok(Self::Id(UserId(id)));
        }
        if let Some(uid) = UserUuid::parse_typed(text) {
            return Ok(Self::Uid(uid));
        }
        Self::parse_login(text)
    }

    /// Parses a username or an e-mail address. `login` and `init` accept only these references.
    pub(crate) fn parse_login(text: &str) -> Result<Self, InvalidValue> {
        if text.contains('@') {
            Email::parse(text).map(Self::Email)
        } else {
            UserName::parse(text).map(Self::Name)
        }
    }

    pub(crate) fn to_display(&self) -> String {
        match self {
            Self::Id(id) => id.to_string(),
            Self::Uid(uid) => uid.to_string(),
            Self::Email(email) => email.to_display(),
            Self::Name(name) => name.to_display(),
        }
    }
}

/// Name of the application that a token is for: 1 to 100 characters, without invisible characters,
/// and without whitespace at the start or end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct AppName(Untrusted);

impl AppName {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        parse_visible_text("app name", text, 100).map(Self)
    }

    /// Creates a name without validation, for stored text and for the `sub` of a test token.
    pub(crate) fn new_unchecked(text: String) -> Self {
        Self(Untrusted::new(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    pub(crate) fn to_display(&self) -> String {
        self.0.to_display()
    }
}

/// Permission that an app token grants: 1 to 100 visible characters without whitespace. The prefix
/// `jeton:` is reserved; jeton defines one permission with this prefix, [`Permission::MINT`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Permission(Untrusted);

impl Permission {
    /// Prefix of the permissions that jeton defines.
    pub(super) const RESERVED_PREFIX: &str = "jeton:";
    /// Permission with which the bearer of an app token can mint test tokens.
    pub(crate) const MINT: &str = "jeton:mint";

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let permission = Self::parse_including_reserved(text)?;
        if text.starts_with(Self::RESERVED_PREFIX) && text != Self::MINT {
            let reason = "the only permission with the prefix `jeton:` is `jeton:mint`";
            return Err(InvalidValue::new("permission", reason));
        }
        Ok(permission)
    }

    /// Parses a permission that may have the reserved prefix and any text after the prefix.
    /// Commands that verify tokens use this function, because a token can contain any permission.
    pub(crate) fn parse_including_reserved(text: &str) -> Result<Self, InvalidValue> {
        if text.chars().any(char::is_whitespace) {
            return Err(InvalidValue::new("permission", "must not contain whitespace"));
        }
        parse_visible_text("permission", text, 100).map(Self)
    }

    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// Parses a text of 1 to `max_chars` characters. Refuses invisible characters, and whitespace at
/// the start or end.
pub(super) fn parse_visible_text(
    value_name: &'static str,
    text: &str,
    max_chars: usize,
) -> Result<Untrusted, InvalidValue> {
    let invalid = |reason: &str| InvalidValue::new(value_name, reason);
    if text.is_empty() || text.trim() != text {
        return Err(invalid("must not be empty, and must not start or end with whitespace"));
    }
    if text.chars().count() > max_chars {
        return Err(invalid(&format!("longer than {max_chars} characters")));
    }
    if text.chars().any(is_invisible) {
        return Err(invalid("contains control or invisible characters"));
    }
    Ok(Untrusted::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn username_is_normalized_and_validated() {
        assert_eq!(UserName::parse("Ada").unwrap(), UserName::parse("aDA").unwrap());
        assert_eq!(UserName::parse("Ａｄａ").unwrap().as_str(), "ada");
        for text in [
            "",
            "a b",
            "a@b",
            "123",
            "-rf",
            "a\u{200b}b",
            "аda", // the first letter is Cyrillic
            "018f4f5e-7a3b-7c1d-8e2f-0123456789ab",
            "a\n",
        ] {
            assert!(UserName::parse(text).is_err(), "{text:?}");
        }
        assert!(UserName::parse(&"a".repeat(65)).is_err());
    }

    #[test]
    fn email_is_validated_and_compared_case_insensitively() {
        let email = Email::parse("Ada.L@Example.COM").unwrap();
        assert_eq!(email.as_str(), "Ada.L@example.com");
        assert_eq!(email.comparison_key(), "ada.l@example.com");
        assert!(Email::parse("ada@ci.test").is_ok());
        for text in [
            "",
            "ada",
            "ada@",
            "@x.org",
            "ada@localhost",
            "\"a b\"@x.org",
            "A <a@x.org>",
            "ada@x.İo", // in lower case: `i` and a combining dot above
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn user_ref_has_four_forms() {
        assert!(matches!(UserRef::parse("42"), Ok(UserRef::Id(UserId(42)))));
        assert!(matches!(
            UserRef::parse("018f4f5e-7a3b-7c1d-8e2f-0123456789ab"),
            Ok(UserRef::Uid(_))
        ));
        assert!(matches!(UserRef::parse("a@x.org"), Ok(UserRef::Email(_))));
        assert!(matches!(UserRef::parse("ada"), Ok(UserRef::Name(_))));
        assert!(UserRef::parse("99999999999999999999").is_err());
    }

    #[test]
    fn invisible_characters_are_refused_in_every_name() {
        for c in ["\u{115f}", "\u{1160}", "\u{34f}", "\u{17b4}", "\u{3164}", "\u{fe0f}", "\u{ffa0}"]
        {
            let name = format!("a{c}b");
            assert!(AppName::parse(&name).is_err() && AppName::parse(c).is_err(), "{c:?}");
            assert!(Permission::parse(&name).is_err() && UserName::parse(&name).is_err(), "{c:?}");
            assert!(Email::parse(&format!("{name}@example.com")).is_err(), "{c:?}");
        }
        assert!(AppName::parse("José 日本 🙂 한국").is_ok());
    }

    #[test]
    fn permission_refuses_whitespace_and_reserved_prefix_except_mint() {
        assert!(Permission::parse("read").is_ok());
        assert!(Permission::parse("jeton:mint").is_ok());
        assert!(Permission::parse("jeton:admin").is_err());
        assert!(Permission::parse("a b").is_err());
    }
}
