//! The exit code of each command per caller and credential.
//!
//! Placeholders: `ME` is the caller and `KIM` another user, `MY_ID` and `KIM_ID` are ids of their
//! app tokens, `MY_TOKEN` and `KIM_TOKEN` are other app tokens by value, `MY_SID` and `KIM_SID`
//! are their sessions elsewhere, `EVE` is a user and `KEY` a key that may be removed. Rows run in
//! order. Exit code 3 means allowed, but not found.

/// A command and the exit code per credential.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    pub(super) words: &'static str,
    /// Standard input.
    pub(super) input: &'static str,
    /// Without a credential.
    pub(super) none: i32,
    /// With a session in the file: user, minter, admin.
    pub(super) session: [i32; 3],
    /// With the access token of that session: user, minter, admin.
    pub(super) access: [i32; 3],
    /// With an app token: ordinary, minting.
    pub(super) app: [i32; 2],
    /// With an access token: expired, revoked.
    pub(super) ended: [i32; 2],
}

/// A command without required credentials.
const fn without_credential(words: &'static str, code: i32) -> Row {
    let session = [code; 3];
    Row { words, input: "", none: code, session, access: session, app: [code; 2], ended: [code; 2] }
}

/// A command that requires a session, with exit codes for a user, a minter and an admin.
const fn session(words: &'static str, codes: [i32; 3]) -> Row {
    Row {
        none: 4,
        session: codes,
        access: codes,
        app: [10, 10],
        ended: [11, 12],
        ..without_credential(words, 0)
    }
}

/// A command that also accepts a minting token.
const fn minting(words: &'static str, codes: [i32; 3]) -> Row {
    Row { app: [7, 0], ..session(words, codes) }
}

const fn with_input(row: Row, input: &'static str) -> Row {
    Row { input, ..row }
}

const ALL: [i32; 3] = [0, 0, 0];
const MINTERS: [i32; 3] = [7, 0, 0];
const ADMINS: [i32; 3] = [7, 7, 0];
/// The object does not exist, which only admins learn.
const MISSING: [i32; 3] = [7, 7, 3];

const PASSWORD: &str = "lovelace";

pub(super) const TABLE: &[Row] = &[
    without_credential("help", 0),
    without_credential("completions bash", 0),
    without_credential("man --dir man", 0),
    without_credential("init", 5),
    without_credential("init --exist-ok", 0),
    with_input(without_credential("login KIM --password-stdin", 6), "wrong"),
    with_input(without_credential("register ann --exist-ok --password-stdin", 0), PASSWORD),
    with_input(
        Row {
            none: 7,
            ..session("register bob --role minter --exist-ok --password-stdin", ADMINS)
        },
        PASSWORD,
    ),
    with_input(without_credential("recover ann --password-stdin", 0), PASSWORD),
    with_input(without_credential("refresh --token-stdin", 10), "no token"),
    // An explicit token is never refreshed.
    Row { access: [2; 3], app: [2; 2], ended: [2; 2], ..session("refresh", ALL) },
    session("whoami", ALL),
    session("whoami --require-role minter", [9, 0, 0]),
    with_input(session("passwd --password-stdin", ALL), "lovelace\nlovelace"),
    session("sessions list", ALL),
    session("sessions list --user KIM", ADMINS),
    session("sessions list --all-users", ADMINS),
    session("sessions token", ALL),
    session("sessions revoke MY_SID", ALL),
    session("sessions revoke KIM_SID", ADMINS),
    session("sessions revoke 00000000-0000-7000-8000-000000000000", MISSING),
    session("sessions revoke --user nobody --all --yes", MISSING),
    session("sessions list --user nobody", MISSING),
    session("sessions revoke --user KIM --all --yes", ADMINS),
    session("token create app", ALL),
    session("token create app --user ME", ALL),
    session("token create app --user KIM", ADMINS),
    session("token create app --permission jeton:mint", MINTERS),
    minting("token mint", MINTERS),
    minting("token mint --record", MINTERS),
    minting("token fixtures", MINTERS),
    minting("run -- true", MINTERS),
    session("run --app app -- true", ALL),
    without_credential("token presets", 0),
    without_credential("token inspect MY_TOKEN", 0),
    without_credential("token inspect KIM_TOKEN", 0),
    without_credential("token introspect KIM_TOKEN", 0),
    without_credential("token decode KIM_TOKEN", 0),
    without_credential("token verify KIM_TOKEN", 0),
    session("token list", ALL),
    session("token list --user ME", ALL),
    session("token list --user KIM", ADMINS),
    session("token list --all-users", ADMINS),
    session("token list --expiring-within 2w --fail-if-any", [9; 3]),
    session("token show MY_ID", ALL),
    session("token show KIM_ID", ADMINS),
    session("token show 99", MISSING),
    session("token show 00000000-0000-7000-8000-000000000000", MISSING),
    session("token renew 99", MISSING),
    session("token list --user nobody", MISSING),
    session("token create app --user nobody", MISSING),
    session("token renew MY_ID", ALL),
    session("token renew KIM_ID", ADMINS),
    // The bearer of a token may renew and revoke the token.
    without_credential("token renew KIM_TOKEN", 0),
    without_credential("token revoke KIM_TOKEN", 0),
    session("token revoke MY_ID", ALL),
    session("token revoke KIM_ID", ADMINS),
    session("token revoke 99", MISSING),
    session("token revoke 00000000-0000-7000-8000-000000000000", MISSING),
    session("token revoke --user nobody --yes", MISSING),
    session("token revoke --app app --yes", ALL),
    session("token revoke --user ME --yes", ALL),
    session("token revoke --user KIM --yes", ADMINS),
    session("token revoke --all-users --before 1970-01-02T00:00:00Z --yes", ADMINS),
    session("users list", ALL),
    session("users show ME", ALL),
    session("users show KIM", ADMINS),
    session("users show 99", MISSING),
    session("users list --role user", ADMINS),
    session("users set-role EVE user", ADMINS),
    session("users set-role ME user", [7, 7, 5]),
    session("users set-quota EVE 1", ADMINS),
    session("users set-quota ME 1", ADMINS),
    session("users set-quota ME unlimited", ADMINS),
    session("users rename EVE EVE", ADMINS),
    session("users rename ME ME", ADMINS),
    session("users rename 99 kim", MISSING),
    session("users disable 99", MISSING),
    session("users enable 99", MISSING),
    session("users set-role 99 user", MISSING),
    session("users set-quota 99 1", MISSING),
    session("users disable KIM", ADMINS),
    session("users enable KIM", ADMINS),
    // The file is opened after the role check.
    session("users import there-is-none", [7, 7, 2]),
    session("users export", ADMINS),
    session("users export --with-hashes --yes", ADMINS),
    session("users delete EVE --yes", ADMINS),
    session("users delete 99 --yes", MISSING),
    without_credential("keys list", 0),
    without_credential("keys export --jwks", 0),
    without_credential("keys export --jwks --purpose test", 0),
    without_credential("keys export --pem", 0),
    without_credential("keys export --site site --issuer https://id.example", 0),
    session("keys export --private KEY --yes", ADMINS),
    session("keys generate", ADMINS),
    // The file is opened after the role check.
    session("keys import --from-file there-is-none", [7, 7, 2]),
    session("keys activate nokey", MISSING),
    session("keys retire nokey", MISSING),
    session("keys revoke nokey --yes", MISSING),
    session("keys export --private nokey --yes", MISSING),
    session("keys activate -- KEY", ADMINS),
    session("keys rotate", ADMINS),
    session("keys retire -- KEY", ADMINS),
    session("keys revoke --yes -- KEY", ADMINS),
    session("settings list", ALL),
    session("settings get token.ttl", ALL),
    session("settings set token.ttl 7d", ADMINS),
    session("settings unset token.ttl", ADMINS),
    without_credential("store info", 0),
    without_credential("store check", 0),
    session("store backup copy.db", ADMINS),
    session("store prune", ADMINS),
    session("store migrate", ADMINS),
    // The file is opened after the role check.
    Row { none: 2, ..session("store restore there-is-none", [7, 7, 2]) },
    session("audit list", ADMINS),
    session("audit list --user nobody", MISSING),
    session("sessions revoke --all --yes", ALL),
    // An ended session counts as logged out.
    Row { none: 0, ended: [0, 0], ..session("logout", ALL) },
];
