//! Settings of a store: names, valid values and defaults.

use super::suggestion::unknown_name_error;
use super::{InvalidValue, Lifetime, PermissionPolicy, is_invisible, is_unsafe_for_terminal};
use serde::Serialize;
use serde_json::Value;

/// Quota of a user, and the number of app tokens of the user that count towards the quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct QuotaUsage {
    /// Current number of app tokens that count towards the quota.
    pub(crate) used: i64,
    /// Maximum number of app tokens that count towards the quota.
    pub(crate) limit: u32,
}

/// Maximum number of valid app tokens of a user; a token with a valid successor does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quota {
    /// Maximum number.
    Limited(u32),
    /// No limit.
    Unlimited,
}

impl Quota {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "unlimited" => Ok(Self::Unlimited),
            number => number.parse().map(Self::Limited).map_err(|_| {
                InvalidValue::new("quota", "expected a number from 0 to 4294967295, or `unlimited`")
            }),
        }
    }

    /// Returns the maximum number, if any.
    pub(crate) const fn limit(self) -> Option<u32> {
        match self {
            Self::Limited(limit) => Some(limit),
            Self::Unlimited => None,
        }
    }
}

/// Quota of a single user; `None` means the quota of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaOverride(pub(crate) Option<Quota>);

impl QuotaOverride {
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        if text == "default" {
            return Ok(Self(None));
        }
        let reason = "expected a number from 0 to 4294967295, `unlimited` or `default`";
        Quota::parse(text)
            .map(Some)
            .map(Self)
            .map_err(|invalid| InvalidValue::new(invalid.value_name, reason))
    }
}

macro_rules! settings {
    ($($variant:ident $name:literal $default:literal $about:literal),+ $(,)?) => {
        /// Setting of a store.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Setting {
            $(#[doc = $about] $variant),+
        }

        impl Setting {
            /// All settings in the order of the documentation.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// Returns the default value as text.
            pub(crate) const fn default_value(self) -> &'static str {
                match self { $(Self::$variant => $default),+ }
            }

            /// Returns the description for the help.
            pub(crate) const fn about(self) -> &'static str {
                match self { $(Self::$variant => $about),+ }
            }
        }
    };
}

settings! {
    TokenQuota "token.quota" "3" "default maximum number of live app tokens per user, or `unlimited`",
    TokenTtl "token.ttl" "7d" "default lifetime of app tokens",
    TokenRenewalPeriod "token.max_ttl" "90d"
        "period after the issue of an app token; within this period, the bearer can renew the token and its successors",
    TokenPermissions "token.permissions" "*"
        "permissions that users with the role `user` may grant: names and prefixes such as `read:*`, or `none`",
    AccessTtl "session.access_ttl" "15m" "lifetime of access tokens",
    RefreshTtl "session.refresh_ttl" "30d" "lifetime of refresh tokens",
    SessionTtl "session.max_ttl" "90d" "maximum lifetime of sessions",
    Issuer "issuer" "jeton" "value of the `iss` claim",
    OwnerClaim "claims.owner" "gerenciaToken" "value of the `owner` claim of app tokens",
    TargetClaim "claims.target" "cliente" "value of the `target` claim of app tokens",
    RegisterOpen "register.open" "true" "`true`: anyone can register; `false`: only admins can create users",
    PasswordMinLength "password.min_length" "0" "minimum number of characters of new passwords",
    VerifyOverlap "key.verify_overlap" "30d" "period in which a replaced key still verifies tokens",
}

impl Setting {
    pub(crate) fn parse(name: &str) -> Result<Self, InvalidValue> {
        Self::ALL.iter().copied().find(|setting| setting.name() == name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|setting| setting.name()).collect();
            unknown_name_error("setting", name, &names)
        })
    }

    /// Returns the fixed words that the setting accepts as values, without the default value.
    pub(crate) const fn fixed_words(self) -> &'static [&'static str] {
        match self {
            Self::TokenQuota => &["unlimited"],
            Self::TokenPermissions => &["none"],
            Self::RegisterOpen => &["false"],
            Self::TokenTtl
            | Self::TokenRenewalPeriod
            | Self::AccessTtl
            | Self::RefreshTtl
            | Self::SessionTtl
            | Self::Issuer
            | Self::OwnerClaim
            | Self::TargetClaim
            | Self::PasswordMinLength
            | Self::VerifyOverlap => &[],
        }
    }

    /// Converts a valid value to JSON: a number or a boolean for settings of these types, otherwise
    /// a string. The value `unlimited` of a quota is a string.
    pub(crate) fn to_json(self, value: &str) -> Value {
        let is_number = matches!(self, Self::TokenQuota | Self::PasswordMinLength);
        let number = || value.parse::<u32>().ok().filter(|_| is_number).map(Value::from);
        let boolean = || value.parse().ok().filter(|_| self == Self::RegisterOpen).map(Value::Bool);
        number().or_else(boolean).unwrap_or_else(|| value.into())
    }

    /// Validates a value and returns the text to store.
    pub(crate) fn validate(self, value: &str) -> Result<String, InvalidValue> {
        let mut settings = Settings::default();
        settings.apply(self, value)?;
        // The parsers accept some invisible characters, such as line breaks in durations.
        if value.chars().any(is_invisible) {
            return Err(InvalidValue::new("value", "contains control or invisible characters"));
        }
        Ok(value.to_owned())
    }
}

/// Typed values of all settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `token.quota`.
    pub(crate) quota: Quota,
    /// `token.ttl`.
    pub(crate) token_ttl: Lifetime,
    /// `token.max_ttl`.
    pub(crate) token_renewal_period: Lifetime,
    /// `token.permissions`.
    pub(crate) permissions: PermissionPolicy,
    /// `session.access_ttl`.
    pub(crate) access_ttl: Lifetime,
    /// `session.refresh_ttl`.
    pub(crate) refresh_ttl: Lifetime,
    /// `session.max_ttl`.
    pub(crate) session_ttl: Lifetime,
    /// `issuer`.
    pub(crate) issuer: String,
    /// `claims.owner`: value of the claim `owner`.
    pub(crate) owner_claim_value: String,
    /// `claims.target`: value of the claim `target`.
    pub(crate) target_claim_value: String,
    /// `register.open`.
    pub(crate) register_open: bool,
    /// `password.min_length`.
    pub(crate) password_min_length: usize,
    /// `key.verify_overlap`.
    pub(crate) verify_overlap: Lifetime,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            quota: Quota::Limited(3),
            token_ttl: Lifetime::from_days(7),
            token_renewal_period: Lifetime::from_days(90),
            permissions: PermissionPolicy::default(),
            access_ttl: Lifetime::from_minutes(15),
            refresh_ttl: Lifetime::from_days(30),
            session_ttl: Lifetime::from_days(90),
            issuer: Setting::Issuer.default_value().to_owned(),
            owner_claim_value: Setting::OwnerClaim.default_value().to_owned(),
            target_claim_value: Setting::TargetClaim.default_value().to_owned(),
            register_open: true,
            password_min_length: 0,
            verify_overlap: Lifetime::from_days(30),
        }
    }
}

impl Settings {
    /// Parses and sets the value of one setting.
    pub(crate) fn apply(&mut self, setting: Setting, value: &str) -> Result<(), InvalidValue> {
        match setting {
            Setting::TokenQuota => self.quota = Quota::parse(value)?,
            Setting::TokenTtl => self.token_ttl = Lifetime::parse(value)?,
            Setting::TokenRenewalPeriod => self.token_renewal_period = Lifetime::parse(value)?,
            Setting::TokenPermissions => self.permissions = PermissionPolicy::parse(value)?,
            Setting::AccessTtl => self.access_ttl = Lifetime::parse(value)?,
            Setting::RefreshTtl => self.refresh_ttl = Lifetime::parse(value)?,
            Setting::SessionTtl => self.session_ttl = Lifetime::parse(value)?,
            Setting::Issuer => self.issuer = require_visible_text(value)?,
            Setting::OwnerClaim => self.owner_claim_value = require_visible_text(value)?,
            Setting::TargetClaim => self.target_claim_value = require_visible_text(value)?,
            Setting::RegisterOpen => {
                self.register_open = value
                    .parse()
                    .map_err(|_| InvalidValue::new("value", "expected `true` or `false`"))?;
            }
            Setting::VerifyOverlap => self.verify_overlap = Lifetime::parse(value)?,
            Setting::PasswordMinLength => {
                self.password_min_length =
                    value.parse().ok().filter(|length| *length <= 256).ok_or_else(|| {
                        InvalidValue::new("value", "expected a number from 0 to 256")
                    })?;
            }
        }
        Ok(())
    }
}

fn require_visible_text(value: &str) -> Result<String, InvalidValue> {
    if value.trim().is_empty() || value.len() > 500 || value.chars().any(is_unsafe_for_terminal) {
        return Err(InvalidValue::new("value", "expected 1 to 500 bytes of visible text"));
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_text_setting_is_refused() {
        for text in ["", "  ", "\u{a0}"] {
            assert!(require_visible_text(text).is_err(), "{text:?}");
        }
        assert!(require_visible_text("a b").is_ok());
    }

    #[test]
    fn default_texts_parse_to_default_settings() {
        let mut settings = Settings::default();
        for setting in Setting::ALL {
            settings.apply(*setting, setting.default_value()).unwrap();
        }
        assert_eq!(settings, Settings::default());
    }

    #[test]
    fn fixed_words_are_valid_and_not_the_default() {
        for setting in Setting::ALL {
            for word in setting.fixed_words() {
                assert!(setting.validate(word).is_ok() && *word != setting.default_value());
            }
        }
    }

    #[test]
    fn invalid_setting_names_and_values_are_refused() {
        for (setting, value) in [
            (Setting::TokenQuota, "-1"),
            (Setting::TokenTtl, "7"),
            (Setting::TokenTtl, "1d\r\n12h"),
            (Setting::Issuer, ""),
            (Setting::OwnerClaim, "a\u{1b}b"),
            (Setting::RegisterOpen, "yes"),
            (Setting::PasswordMinLength, "1000"),
        ] {
            assert!(setting.validate(value).is_err(), "{setting:?}");
        }
        assert!(Setting::parse("nonsense").is_err());
    }

    #[test]
    fn json_value_has_the_type_of_the_setting() {
        assert_eq!(Setting::TokenQuota.to_json("unlimited"), "unlimited");
        assert_eq!(Setting::TokenQuota.to_json("4294967295"), u32::MAX);
        assert_eq!(Setting::RegisterOpen.to_json("false"), false);
        assert_eq!(Setting::Issuer.to_json("5"), "5");
    }
}
