//! The exit codes of each command, for each kind of credential and each role of the caller.
//!
//! Placeholders:
//! - `ME` is the caller, and `KIM` is a different user.
//! - `MY_ID` and `KIM_ID` are the ids of app tokens of these users.
//! - `MY_TOKEN` and `KIM_TOKEN` are other app tokens of these users, by value.
//! - `MY_SID` and `KIM_SID` are sessions of these users in other configuration directories.
//! - `STORE` is the address of the store.
//! - `EVE` is a user and `KEY` is a key. Rows may remove `EVE` and `KEY`.
//!
//! Exit code 3 means that the caller may run the command, but the object does not exist.

/// A command, its input, and its exit codes for each kind of credential.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// Command line without `jeton`.
    pub(super) words: &'static str,
    /// Standard input.
    pub(super) input: &'static str,
    /// Without a credential.
    pub(super) no_credential: i32,
    /// With a session file: user, minter, admin.
    pub(super) session: [i32; 3],
    /// With the access token of such a session in `JETON_TOKEN`: user, minter, admin.
    pub(super) access_token: [i32; 3],
    /// With an app token in `JETON_TOKEN`: without the permission `jeton:mint`, with this
    /// permission.
    pub(super) app_token: [i32; 2],
    /// With an invalid access token of an admin in `JETON_TOKEN`: expired, revoked.
    pub(super) invalid_access_token: [i32; 2],
}

/// Returns the row of a command that requires no credential and always exits with `code`.
pub(super) const fn public_row(words: &'static str, code: i32) -> Row {
    let session = [code; 3];
    Row {
        words,
        input: "",
        no_credential: code,
        session,
        access_token: session,
        app_token: [code; 2],
        invalid_access_token: [code; 2],
    }
}

/// Returns the row of a command that requires a session file or an access token, with exit codes
/// for a user, a minter and an admin.
pub(super) const fn session_row(words: &'static str, codes: [i32; 3]) -> Row {
    Row {
        no_credential: 4,
        session: codes,
        access_token: codes,
        app_token: [10, 10],
        invalid_access_token: [11, 12],
        ..public_row(words, 0)
    }
}

/// Returns the row of a command that requires a session or a minting credential, which is an app
/// token with the permission `jeton:mint`.
const fn minting_row(words: &'static str, codes: [i32; 3]) -> Row {
    Row { app_token: [7, 0], ..session_row(words, codes) }
}

const fn with_input(row: Row, input: &'static str) -> Row {
    Row { input, ..row }
}

/// Exit codes for a user, a minter and an admin: users of every role may run the command.
pub(super) const ALL_ROLES: [i32; 3] = [0, 0, 0];
/// Exit codes: minters and admins may run the command.
const MINTERS: [i32; 3] = [7, 0, 0];
/// Exit codes: only admins may run the command.
pub(super) const ADMINS: [i32; 3] = [7, 7, 0];
/// Exit codes: the object does not exist. Only admins learn this, and the others are refused.
const MISSING: [i32; 3] = [7, 7, 3];

const PASSWORD: &str = "lovelace";
const TOKEN_FILE_TEXT: &str = "[tokens.A]\n[tokens.B]\n";
const SIGNING_KEY: &str = include_str!("../keys/samples/sec1.pem");

/// Rows in the order of their execution.
pub(super) const TABLE: &[Row] = &[
    public_row("help", 0),
    public_row("completions bash", 0),
    public_row("version", 0),
    public_row("man --dir man", 0),
    public_row("init", 5),
    public_row("init --exist-ok", 0),
    with_input(public_row("login KIM --password-stdin", 6), "wrong"),
    with_input(public_row("register ann --exist-ok --password-stdin", 0), PASSWORD),
    with_input(
        Row {
            no_credential: 7,
            ..session_row("register bob --role minter --exist-ok --password-stdin", ADMINS)
        },
        PASSWORD,
    ),
    with_input(public_row("recover ann --password-stdin", 0), PASSWORD),
    with_input(public_row("refresh --token-stdin", 10), "no token"),
    // A token in `JETON_TOKEN` is never refreshed.
    Row {
        access_token: [2; 3],
        app_token: [2; 2],
        invalid_access_token: [2; 2],
        ..session_row("refresh", ALL_ROLES)
    },
    Row { no_credential: 0, ..session_row("status", ALL_ROLES) },
    session_row("whoami", ALL_ROLES),
    session_row("whoami --require-role minter", [9, 0, 0]),
    with_input(session_row("passwd --password-stdin", ALL_ROLES), "lovelace\nlovelace"),
    session_row("sessions list", ALL_ROLES),
    session_row("sessions list --user KIM", ADMINS),
    session_row("sessions list --all-users", ADMINS),
    session_row("sessions token", ALL_ROLES),
    session_row("sessions revoke MY_SID", ALL_ROLES),
    session_row("sessions revoke KIM_SID", ADMINS),
    session_row("sessions revoke 00000000-0000-7000-8000-000000000000", MISSING),
    session_row("sessions revoke --user nobody --all --yes", MISSING),
    session_row("sessions list --user nobody", MISSING),
    session_row("sessions revoke --user KIM --all --yes", ADMINS),
    session_row("token create app", ALL_ROLES),
    session_row("token create app --user ME", ALL_ROLES),
    session_row("token create app --user KIM", ADMINS),
    session_row("token create app --permission jeton:mint", MINTERS),
    minting_row("token mint", MINTERS),
    minting_row("token mint --record", MINTERS),
    with_input(minting_row("token mint --file -", MINTERS), TOKEN_FILE_TEXT),
    minting_row("token fixtures", MINTERS),
    minting_row("run -- true", MINTERS),
    with_input(minting_row("run --file - -- true", MINTERS), TOKEN_FILE_TEXT),
    session_row("run --app app -- true", ALL_ROLES),
    with_input(public_row("run --key-file - -- true", 0), SIGNING_KEY),
    with_input(public_row("token mint --key-file -", 0), SIGNING_KEY),
    public_row("token presets", 0),
    public_row("token inspect MY_TOKEN", 0),
    public_row("token inspect KIM_TOKEN", 0),
    public_row("token introspect KIM_TOKEN", 0),
    public_row("token decode KIM_TOKEN", 0),
    public_row("token verify KIM_TOKEN", 0),
    session_row("token list", ALL_ROLES),
    session_row("token list --user ME", ALL_ROLES),
    session_row("token list --user KIM", ADMINS),
    session_row("token list --all-users", ADMINS),
    session_row("token list --expiring-within 2w --fail-if-any", [9; 3]),
    session_row("token show MY_ID", ALL_ROLES),
    session_row("token show KIM_ID", ADMINS),
    session_row("token show 99", MISSING),
    session_row("token show 00000000-0000-7000-8000-000000000000", MISSING),
    session_row("token renew 99", MISSING),
    session_row("token list --user nobody", MISSING),
    session_row("token create app --user nobody", MISSING),
    session_row("token renew MY_ID", ALL_ROLES),
    session_row("token renew KIM_ID", ADMINS),
    // Anyone who has the value of a token may renew and revoke the token.
    public_row("token renew KIM_TOKEN", 0),
    public_row("token revoke KIM_TOKEN", 0),
    session_row("token revoke MY_ID", ALL_ROLES),
    session_row("token revoke KIM_ID", ADMINS),
    session_row("token revoke 99", MISSING),
    session_row("token revoke 00000000-0000-7000-8000-000000000000", MISSING),
    session_row("token revoke --user nobody --yes", MISSING),
    session_row("token revoke --app app --yes", ALL_ROLES),
    session_row("token revoke --user ME --yes", ALL_ROLES),
    session_row("token revoke --all --dry-run", ALL_ROLES),
    session_row("token revoke --user KIM --dry-run", ADMINS),
    session_row("token revoke --user KIM --yes", ADMINS),
    session_row("token revoke --all-users --before 1970-01-02T00:00:00Z --yes", ADMINS),
    session_row("users list", ALL_ROLES),
    session_row("users show ME", ALL_ROLES),
    session_row("users show KIM", ADMINS),
    session_row("users show 99", MISSING),
    session_row("users list --role user", ADMINS),
    with_input(session_row("users create zoe --exist-ok --password-stdin", ADMINS), PASSWORD),
    session_row("users create zoe --exist-ok --generate-password", ADMINS),
    session_row("users set-role EVE user", ADMINS),
    session_row("users set-role ME user", [7, 7, 5]),
    session_row("users set-quota EVE 1", ADMINS),
    session_row("users set-quota ME 1", ADMINS),
    session_row("users set-quota ME unlimited", ADMINS),
    session_row("users rename EVE EVE", ADMINS),
    session_row("users rename ME ME", ADMINS),
    session_row("users rename 99 kim", MISSING),
    session_row("users disable 99", MISSING),
    session_row("users enable 99", MISSING),
    session_row("users set-role 99 user", MISSING),
    session_row("users set-quota 99 1", MISSING),
    session_row("users disable KIM", ADMINS),
    session_row("users enable KIM", ADMINS),
    // The file is opened after the role check.
    session_row("users import missing-file", [7, 7, 2]),
    session_row("users import missing-file --dry-run", [7, 7, 2]),
    session_row("users export", ADMINS),
    session_row("users export --with-hashes --yes", ADMINS),
    session_row("users delete EVE --yes", ADMINS),
    session_row("users delete 99 --yes", MISSING),
    public_row("keys list", 0),
    public_row("keys export --jwks", 0),
    public_row("keys export --jwks --purpose test", 0),
    public_row("keys export --pem", 0),
    public_row("keys export --site site --issuer https://id.example", 0),
    session_row("keys export --private KEY --yes", ADMINS),
    session_row("keys generate", ADMINS),
    // The file is opened after the role check.
    session_row("keys import --from-file missing-file", [7, 7, 2]),
    session_row("keys activate nokey", MISSING),
    session_row("keys retire nokey", MISSING),
    session_row("keys revoke nokey --yes", MISSING),
    session_row("keys export --private nokey --yes", MISSING),
    session_row("keys activate -- KEY", ADMINS),
    session_row("keys rotate --dry-run", ADMINS),
    session_row("keys rotate", ADMINS),
    session_row("keys retire -- KEY", ADMINS),
    session_row("keys revoke --yes -- KEY", ADMINS),
    session_row("settings get token.ttl", ALL_ROLES),
    session_row("settings set token.ttl 7d", ADMINS),
    session_row("settings unset token.ttl", ADMINS),
    // The file is opened after the role check.
    session_row("apply -f missing-file", [7, 7, 2]),
    with_input(session_row("apply -f -", ADMINS), "[settings]\ntoken.ttl = \"7d\"\n"),
    public_row("store info", 0),
    public_row("store check", 0),
    public_row("store roles", 0),
    // The owner of the store file needs no login.
    Row { no_credential: 0, ..session_row("store backup copy.db", ADMINS) },
    Row { no_credential: 0, ..session_row("store copy STORE copied.db", ADMINS) },
    Row { no_credential: 0, ..session_row("store prune --dry-run", ADMINS) },
    Row { no_credential: 0, ..session_row("store prune", ADMINS) },
    // The store has the current schema. For a store with an older schema, the command needs no
    // login.
    session_row("store migrate", ADMINS),
    // The file is opened after the role check.
    Row { no_credential: 2, ..session_row("store restore missing-file", [7, 7, 2]) },
    session_row("audit list", ADMINS),
    session_row("audit list --user nobody", MISSING),
    session_row("sessions revoke --all --yes", ALL_ROLES),
    // A session with an expired or revoked access token counts as logged out.
    Row { no_credential: 0, invalid_access_token: [0, 0], ..session_row("logout", ALL_ROLES) },
];
