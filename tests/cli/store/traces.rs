//! What a story leaves in the store: an audit row for every deed, and no secret.

use crate::world::World;
use std::fs;

#[test]
fn every_deed_is_audited_and_no_secret_is_kept() {
    let world = World::new();
    let mut secrets: Vec<String> =
        ["lovelace-1", "hopper-22", "wrong-333", "turing-4444"].map(str::to_owned).to_vec();
    let pipe = |words: &[&str], input: &str| world.run_with_input(words, input);
    pipe(&["init", "ada", "--password-stdin"], "lovelace-1").ok();
    secrets.extend(["access", "refresh"].map(|member| world.session(member)));
    pipe(&["register", "john", "--password-stdin"], "hopper-22").ok();
    pipe(&["login", "john", "--password-stdin"], "hopper-22").ok();
    let refresh = world.session("refresh");
    secrets.extend([world.session("access"), refresh.clone()]);
    secrets.push(world.get(&["token", "create", "app"]));
    secrets.push(world.get(&["token", "create", "other"]));
    world.run(&["token", "revoke", "1"]).ok();
    world.run(&["token", "revoke", &secrets[secrets.len() - 1]]).ok();
    world.run(&["users", "delete", "ada", "--yes"]).fails(7);
    world.run(&["token", "mint"]).fails(7);
    pipe(&["login", "ada", "--password-stdin"], "wrong-333").fails(6);
    pipe(&["passwd", "--password-stdin"], "wrong-333\nturing-4444\n").fails(6);
    pipe(&["passwd", "--password-stdin"], "hopper-22\nturing-4444\n").ok();
    world.run(&["refresh"]).ok();
    pipe(&["refresh", "--token-stdin"], &refresh).fails(12);
    secrets.extend(["access", "refresh"].map(|member| world.session(member)));
    world.run(&["users", "list"]).fails(12);
    world.run(&["logout"]).ok();
    pipe(&["recover", "john", "--password-stdin"], "turing-4444").ok();
    pipe(&["login", "ada", "--password-stdin"], "lovelace-1").ok();
    world.run(&["users", "delete", "john", "--yes"]).ok();

    // Before anybody else opens the store and copies its log back.
    is_nowhere(&world, &secrets);
    assert_eq!(
        world.sql(
            "SELECT coalesce(user_id, '-') || ' ' || action || ' ' || outcome
             FROM audit ORDER BY id"
        ),
        [
            "1 init done",
            "1 register done",
            "2 login done",
            "2 token create done",
            "2 token create done",
            "2 token revoke done",
            "- token revoke done",
            "2 users delete forbidden",
            "2 token mint forbidden",
            "- login login_invalid",
            "2 passwd login_invalid",
            "2 passwd done",
            "2 refresh done",
            "2 refresh token_reused",
            "- recover done",
            "1 login done",
            "1 users delete done",
        ]
    );
}

/// None of them stands in the store or its logs, whole or as a signature.
fn is_nowhere(world: &World, secrets: &[String]) {
    let mut bytes = fs::read(world.store()).unwrap();
    bytes.extend(fs::read(world.store().with_extension("db-wal")).unwrap());
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("token_reused"), "the search finds what is there");
    for secret in secrets {
        assert!(!holds(secret), "{secret}");
        if let Some((_, signature)) = secret.rsplit_once('.') {
            assert!(!holds(signature), "{secret}");
        }
    }
}

#[test]
fn reading_leaves_no_audit_row() {
    let world = World::with_admin();
    let token = world.get(&["token", "create", "x"]);
    let before = world.sql("SELECT count(*) FROM audit");
    for words in [
        &["whoami"][..],
        &["users", "list"],
        &["users", "show", "ada"],
        &["token", "list"],
        &["token", "show", "1"],
        &["token", "inspect", &token],
        &["token", "verify", &token],
        &["keys", "export", "--jwks"],
        &["settings", "get", "issuer"],
    ] {
        world.run(words).ok();
    }
    world.run(&["token", "show", "9"]).fails(3);
    world.run(&["token", "inspect", "x"]).fails(10);
    assert_eq!(world.sql("SELECT count(*) FROM audit"), before);
}
