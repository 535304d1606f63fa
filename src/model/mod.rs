//! Domain values and text formats. No function opens a file, reads the clock or uses the terminal.
//! A function `parse` validates its text; a function `new_unchecked` accepts text without
//! validation, for example text from the store.

mod algorithm;
mod claims;
mod display_name;
mod env_variable;
mod event;
mod ids;
mod issuer;
mod json;
mod key;
mod lifetime;
mod names;
mod non_file_value;
mod numeric_date;
mod page;
mod password;
pub(crate) mod path_format;
mod permission_policy;
mod precis;
mod role_prefix;
mod row_reader;
mod session_end;
mod settings;
mod shell;
mod spreadsheet;
mod suggestion;
mod text_encoding;
mod time;
mod time_spec;
mod token;
mod token_text;
mod toml_file;
mod untrusted;
mod url_scheme;
mod user;

pub(crate) use algorithm::{Algorithm, Curve, KeyType, RsaBits};
pub(crate) use claims::ExtraClaims;
pub(crate) use display_name::{DisplayName, NameFilter};
pub(crate) use env_variable::check_token_variable;
pub(crate) use event::{AuditEvent, EventDetail, EventSubject, EventTarget, TargetKind};
pub(crate) use ids::{
    AuditEventId, GrantRowId, Jti, KeyRowId, MIN_ABBREVIATED_ID_LENGTH, SessionRowId, Sid,
    SidPrefix, StoreId, TokenId, TokenPairRowId, UserId, UserUuid,
};
pub(crate) use issuer::IssuerUrl;
#[cfg(any(test, fuzzing))]
pub(crate) use json::NUMBER_MEMBER;
pub(crate) use json::{JsonError, parse_lenient_value, parse_strict_object, parse_strict_value};
pub(crate) use key::{Key, KeySpec, KeyState, Purpose, parse_kid};
pub(crate) use lifetime::Lifetime;
pub(crate) use names::{AppName, Email, Permission, UserName, UserRef};
pub(crate) use non_file_value::NonFileValue;
pub(crate) use numeric_date::describe_numeric_date;
pub(crate) use page::{Page, PageRequest};
pub(crate) use password::{Password, PasswordHash};
pub(crate) use permission_policy::PermissionPolicy;
pub(crate) use role_prefix::RolePrefix;
pub(crate) use row_reader::{
    BlockParser, InvalidLine, InvalidLines, Row, RowBlock, RowError, RowReader,
};
pub(crate) use session_end::SessionEndReason;
pub(crate) use settings::{Quota, QuotaOverride, QuotaUsage, Setting, Settings};
pub(crate) use shell::{
    escape_for_bash, is_literal_in_shell, is_plain_word, quote_shell_word, render_command,
    unquote_shell_word,
};
pub(crate) use spreadsheet::{SpreadsheetRows, render_csv_header, render_csv_rows};
pub(crate) use suggestion::find_similar;
pub(crate) use text_encoding::{BOM, has_utf16_bom, normalize_encoding};
pub(crate) use time::{MAX_UNIX_SECONDS, Timestamp, guess_time_unit};
pub(crate) use time_spec::TimeSpec;
pub(crate) use token::{
    ActiveSession, Grant, RecordedToken, RecordedTokenPair, Session, TokenKind, TokenOrigin,
    TokenSelector, TokenStatus,
};
pub(crate) use token_text::{NotOneToken, extract_token};
pub(crate) use toml_file::{TomlEntry, TomlTable, TomlValue};
pub(crate) use untrusted::{
    REDACTED, Untrusted, escape, escape_json, is_invisible, is_printable_ascii,
    is_unsafe_for_terminal, redact_for_error,
};
pub(crate) use url_scheme::parse_url_scheme;
pub(crate) use user::{NewUser, Role, User, WithOwner};

/// Error of the validation of a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value_name}: {reason}")]
pub(crate) struct InvalidValue {
    /// Name of the expected kind of value, such as `username`, for messages.
    pub(crate) value_name: &'static str,
    /// Reason for the rejection, without a value that may be secret.
    pub(crate) reason: String,
    /// Instruction that leads to a valid value.
    pub(crate) hint: Option<String>,
}

impl InvalidValue {
    pub(crate) fn new(value_name: &'static str, reason: impl Into<String>) -> Self {
        Self { value_name, reason: reason.into(), hint: None }
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the values that the hint proposes: the texts in backticks.
    pub(crate) fn hint_values(&self) -> impl Iterator<Item = &str> {
        self.hint.as_deref().unwrap_or_default().split('`').skip(1).step_by(2)
    }
}
