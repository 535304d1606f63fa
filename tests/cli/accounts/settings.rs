//! `jeton settings …`

use crate::sandbox::Sandbox;
use insta::assert_snapshot;
use serde_json::{Value, json};

/// All settings, each with its default.
const DEFAULTS: [(&str, &str); 13] = [
    ("token.quota", "3"),
    ("token.ttl", "7d"),
    ("token.max_ttl", "90d"),
    ("token.permissions", "*"),
    ("session.access_ttl", "15m"),
    ("session.refresh_ttl", "30d"),
    ("session.max_ttl", "90d"),
    ("issuer", "jeton"),
    ("claims.owner", "gerenciaToken"),
    ("claims.target", "cliente"),
    ("register.open", "true"),
    ("password.min_length", "0"),
    ("key.verify_overlap", "30d"),
];

#[test]
fn settings_have_defaults() {
    let sandbox = Sandbox::with_john();
    for (name, value) in DEFAULTS {
        let output = sandbox.run(&["settings", "get", name]);
        assert_eq!(
            (output.code, output.stdout, output.stderr),
            (0, format!("{value}\n"), String::new())
        );
    }
}

#[test]
fn settings_can_be_changed() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for (name, value) in [
        ("token.quota", "unlimited"),
        ("token.ttl", "P1D"),
        ("token.max_ttl", "30d"),
        ("token.permissions", "read,orders:*"),
        ("session.access_ttl", "90s"),
        ("session.refresh_ttl", "1d12h"),
        ("session.max_ttl", "2w"),
        ("issuer", "https://issuer.example"),
        ("claims.owner", "the owner"),
        ("claims.target", "o alvo é este"),
        ("register.open", "false"),
        ("password.min_length", "256"),
    ] {
        let output = sandbox.run(&["settings", "set", name, value]);
        outputs += &output.with_command();
        assert_eq!(sandbox.stdout_of(&["settings", "get", name]), value);
    }
    assert_snapshot!(outputs, @"
    $ jeton settings set token.quota unlimited
    --- stderr
    set token.quota to unlimited
    $ jeton settings set token.ttl P1D
    --- stderr
    set token.ttl to P1D
    $ jeton settings set token.max_ttl 30d
    --- stderr
    set token.max_ttl to 30d
    $ jeton settings set token.permissions 'read,orders:*'
    --- stderr
    set token.permissions to read,orders:*
    $ jeton settings set session.access_ttl 90s
    --- stderr
    set session.access_ttl to 90s
    $ jeton settings set session.refresh_ttl 1d12h
    --- stderr
    set session.refresh_ttl to 1d12h
    $ jeton settings set session.max_ttl 2w
    --- stderr
    set session.max_ttl to 2w
    $ jeton settings set issuer https://issuer.example
    --- stderr
    set issuer to https://issuer.example
    $ jeton settings set claims.owner 'the owner'
    --- stderr
    set claims.owner to the owner
    $ jeton settings set claims.target 'o alvo é este'
    --- stderr
    set claims.target to o alvo é este
    $ jeton settings set register.open false
    --- stderr
    set register.open to false
    $ jeton settings set password.min_length 256
    --- stderr
    set password.min_length to 256
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM settings"), ["12"]);
}

#[test]
fn json_output_of_set_get_and_unset_has_value() {
    let sandbox = Sandbox::with_admin();
    assert_snapshot!(sandbox.run_json(&["settings", "set", "token.ttl", "1h"]), @r#"{"changed":true,"name":"token.ttl","value":"1h"}"#);
    assert_snapshot!(sandbox.run_json(&["settings", "get", "token.ttl"]), @r#"{"name":"token.ttl","value":"1h","default":"7d"}"#);
    assert_snapshot!(sandbox.run_json(&["settings", "set", "token.quota", "unlimited"]), @r#"{"changed":true,"name":"token.quota","value":"unlimited"}"#);
    assert_snapshot!(sandbox.run_json(&["settings", "get", "token.quota"]), @r#"{"name":"token.quota","value":"unlimited","default":3}"#);
    assert_snapshot!(sandbox.run_json(&["settings", "unset", "token.quota"]), @r#"{"changed":true,"name":"token.quota","value":3}"#);
}

#[test]
fn settings_list_json_has_typed_values() {
    let sandbox = Sandbox::with_admin();
    sandbox.run(&["settings", "set", "issuer", "5"]).ok();
    sandbox.run(&["settings", "set", "register.open", "false"]).ok();
    let to_json_value = |name: &str, text: &str| match (name, text) {
        ("token.quota", _) => 3.into(),
        ("password.min_length", _) => 0.into(),
        ("register.open", text) => (text == "true").into(),
        (_, text) => Value::from(text),
    };
    let items = DEFAULTS.map(|(name, default)| {
        let value = match name {
            "issuer" => "5",
            "register.open" => "false",
            _ => default,
        };
        let (value, default) = (to_json_value(name, value), to_json_value(name, default));
        json!({"name": name, "value": value, "default": default})
    });
    assert_eq!(sandbox.json(&["settings", "list"])["items"], json!(items));
}

#[test]
#[expect(clippy::too_many_lines, reason = "the snapshots are as long as the output")]
fn invalid_value_changes_nothing() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for (name, value) in [
        ("token.quota", "many"),
        ("token.quota", "4294967296"),
        ("token.ttl", "7"),
        ("token.max_ttl", "7"),
        ("token.permissions", "a*b"),
        ("token.permissions", "jeton:*"),
        ("session.access_ttl", "0s"),
        ("session.refresh_ttl", "1mo"),
        ("session.max_ttl", "soon"),
        ("issuer", ""),
        ("claims.owner", "a\u{1b}b"),
        ("claims.target", &"x".repeat(501)),
        ("register.open", "yes"),
        ("password.min_length", "257"),
    ] {
        let output = sandbox.run(&["settings", "set", name, value]);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @r"
    $ jeton settings set token.quota many
    --- exit code 2, stderr
    error: quota: expected a number from 0 to 4294967295, or `unlimited`
    $ jeton settings set token.quota 4294967296
    --- exit code 2, stderr
    error: quota: expected a number from 0 to 4294967295, or `unlimited`
    $ jeton settings set token.ttl 7
    --- exit code 2, stderr
    error: duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `7s` for seconds
    $ jeton settings set token.max_ttl 7
    --- exit code 2, stderr
    error: duration: unit missing (`90s`, `15m`, `12h`, `7d`, `2w`)
    hint: use `7s` for seconds
    $ jeton settings set token.permissions 'a*b'
    --- exit code 2, stderr
    error: value: expected `none`, or comma-separated permissions and prefixes followed by `*`
    $ jeton settings set token.permissions 'jeton:*'
    --- exit code 2, stderr
    error: value: the role `user` cannot grant permissions with the prefix `jeton:`
    $ jeton settings set session.access_ttl 0s
    --- exit code 2, stderr
    error: duration: expected a duration above zero
    hint: use a duration above zero, such as `5m`
    $ jeton settings set session.refresh_ttl 1mo
    --- exit code 2, stderr
    error: duration: months and years have no fixed length
    hint: use `30d`
    $ jeton settings set session.max_ttl soon
    --- exit code 2, stderr
    error: duration: expected `90s`, `15m`, `12h`, `7d`, `2w`, `1d12h`, `P7D` or similar
    $ jeton settings set issuer ''
    --- exit code 2, stderr
    error: value: expected 1 to 500 bytes of visible text
    $ jeton settings set claims.owner 'a\u{1b}b'
    --- exit code 2, stderr
    error: value: expected 1 to 500 bytes of visible text
    $ jeton settings set claims.target 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    --- exit code 2, stderr
    error: value: expected 1 to 500 bytes of visible text
    $ jeton settings set register.open yes
    --- exit code 2, stderr
    error: value: expected `true` or `false`
    $ jeton settings set password.min_length 257
    --- exit code 2, stderr
    error: value: expected a number from 0 to 256
    ");
    assert_eq!(sandbox.sql("SELECT count(*) FROM settings"), ["0"]);
}

#[test]
fn unknown_setting_is_refused() {
    let sandbox = Sandbox::with_admin();
    let mut outputs = String::new();
    for words in [&["settings", "get", "nonsense"][..], &["settings", "set", "nonsense", "1"]] {
        let output = sandbox.run(words);
        outputs += &output.with_command();
    }
    assert_snapshot!(outputs, @"
    $ jeton settings get nonsense
    --- exit code 2, stderr
    error: invalid value 'nonsense' for '<NAME>': setting: not one of token.quota, token.ttl, token.max_ttl, token.permissions, session.access_ttl, session.refresh_ttl, session.max_ttl, issuer, claims.owner, claims.target, register.open, password.min_length, key.verify_overlap
    hint: see `jeton settings get --help`
    $ jeton settings set nonsense 1
    --- exit code 2, stderr
    error: invalid value 'nonsense' for '<NAME>': setting: not one of token.quota, token.ttl, token.max_ttl, token.permissions, session.access_ttl, session.refresh_ttl, session.max_ttl, issuer, claims.owner, claims.target, register.open, password.min_length, key.verify_overlap
    hint: see `jeton settings set --help`
    ");
}

#[test]
fn settings_require_admin_to_change_and_login_to_read() {
    let sandbox = Sandbox::with_john();
    let output = sandbox.run(&["settings", "set", "token.quota", "99"]);
    assert_snapshot!(output, @"
    --- exit code 7, stderr
    error: only admins can change settings: logged in as `john` with role `user`
    hint: log in as a user with the role `admin`: jeton login LOGIN
    ");
    sandbox.run(&["logout"]).ok();
    assert_snapshot!(sandbox.run(&["settings", "get", "token.quota"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
    assert_snapshot!(sandbox.run(&["settings", "set", "token.quota", "9"]), @"
    --- exit code 4, stderr
    error: not logged in
    hint: log in: jeton login
    ");
}
