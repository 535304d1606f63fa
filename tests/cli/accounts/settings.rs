//! `jeton settings …`

use crate::mask::{json_says, refuses, says};
use crate::world::World;
use serde_json::{Value, json};

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
fn every_setting_has_its_default() {
    let world = World::with_john();
    for (name, value) in DEFAULTS {
        let ran = world.run(&["settings", "get", name]);
        says(&world, &ran, &format!("{value}\n"), "");
    }
}

#[test]
fn every_setting_can_be_changed() {
    let world = World::with_admin();
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
        let ran = world.run(&["settings", "set", name, value]);
        says(&world, &ran, "", &format!("{name} is {value}\n"));
        assert_eq!(world.get(&["settings", "get", name]), value);
    }
    assert_eq!(world.sql("SELECT count(*) FROM settings"), ["12"]);
}

#[test]
fn programs_are_told_value_and_default() {
    let world = World::with_admin();
    json_says(
        &world,
        &["settings", "set", "token.ttl", "1h"],
        "{\"changed\":true,\"name\":\"token.ttl\",\"value\":\"1h\"}",
    );
    json_says(
        &world,
        &["settings", "get", "token.ttl"],
        "{\"name\":\"token.ttl\",\"value\":\"1h\",\"default\":\"7d\"}",
    );
    json_says(
        &world,
        &["settings", "set", "token.quota", "unlimited"],
        "{\"changed\":true,\"name\":\"token.quota\",\"value\":\"unlimited\"}",
    );
    json_says(
        &world,
        &["settings", "get", "token.quota"],
        "{\"name\":\"token.quota\",\"value\":\"unlimited\",\"default\":3}",
    );
    json_says(
        &world,
        &["settings", "unset", "token.quota"],
        "{\"changed\":true,\"name\":\"token.quota\",\"value\":3}",
    );
}

#[test]
fn all_are_a_list_of_texts_numbers_and_switches() {
    let world = World::with_admin();
    world.run(&["settings", "set", "issuer", "5"]).ok();
    world.run(&["settings", "set", "register.open", "false"]).ok();
    let typed = |name: &str, text: &str| match (name, text) {
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
        json!({"name": name, "value": typed(name, value), "default": typed(name, default)})
    });
    assert_eq!(world.json(&["settings", "list"]), json!({"items": items}));
}

#[test]
fn a_bad_value_changes_nothing() {
    let world = World::with_admin();
    let unit = "duration: a number needs a unit (`90s`, `15m`, `12h`, `7d`, `2w`)";
    let line = "value: 1 to 500 bytes of visible text";
    for (name, value, why) in [
        ("token.quota", "many", "quota: a number or `unlimited`"),
        ("token.quota", "4294967296", "quota: a number or `unlimited`"),
        ("token.ttl", "7", unit),
        ("token.max_ttl", "7", unit),
        (
            "token.permissions",
            "a*b",
            "value: permissions, and prefixes followed by `*`, with commas between, or `none`",
        ),
        ("token.permissions", "jeton:*", "value: permissions of jeton itself need a role"),
        ("session.access_ttl", "0s", "duration: must be between one second and 1,000 years"),
        ("session.refresh_ttl", "1mo", "duration: months and years have no fixed length"),
        (
            "session.max_ttl",
            "soon",
            "duration: not like `90s`, `15m`, `12h`, `7d`, `2w`, `1d12h` or `P7D`",
        ),
        ("issuer", "", line),
        ("claims.owner", "a\u{1b}b", line),
        ("claims.target", &"x".repeat(501), line),
        ("register.open", "yes", "value: `true` or `false`"),
        ("password.min_length", "257", "value: a number from 0 to 256"),
    ] {
        let ran = world.run(&["settings", "set", name, value]);
        refuses(&world, &ran, 2, &format!("error: {why}\n"));
    }
    assert_eq!(world.sql("SELECT count(*) FROM settings"), ["0"]);
}

#[test]
fn a_setting_that_is_none_is_refused() {
    let world = World::with_admin();
    let names = DEFAULTS.map(|(name, _)| name).join(", ");
    for words in [&["settings", "get", "nonsense"][..], &["settings", "set", "nonsense", "1"]] {
        let verb = words[1];
        let talk = format!(
            "error: invalid value 'nonsense' for '<NAME>': setting: not one of {names}\n\
             hint: see `jeton settings {verb} --help`\n"
        );
        refuses(&world, &world.run(words), 2, &talk);
    }
}

#[test]
fn only_admins_change_settings_and_only_users_read_them() {
    let world = World::with_john();
    let ran = world.run(&["settings", "set", "token.quota", "99"]);
    refuses(&world, &ran, 7, "error: only admins change settings\n");
    world.run(&["logout"]).ok();
    let talk = "error: nobody is logged in\nhint: log in: jeton login\n";
    refuses(&world, &world.run(&["settings", "get", "token.quota"]), 4, talk);
    refuses(&world, &world.run(&["settings", "set", "token.quota", "9"]), 4, talk);
}
