//! Tokens for minting: who has one, and when it ends.

use crate::mask::{refuses, says};
use crate::world::{Ran, World};
use std::time::Duration;

fn mint(world: &World, token: &str) -> Ran {
    let mut command = world.command(&["token", "mint"]);
    command.env("JETON_TOKEN", token);
    World::run_with(command, "")
}

#[test]
fn its_owner_mints_and_is_told_what_else_it_is_not_good_for() {
    let mut world = World::with_admin();
    let token = world.get(&["token", "create", "ci", "-p", "jeton:mint"]);
    mint(&world, &token).ok();
    let minted = "SELECT user_id FROM audit WHERE action = 'token mint'";
    assert_eq!(world.sql(minted), ["1"]);
    world.set("JETON_TOKEN", &token);
    let talk = "error: the token is of another type\n\
                hint: an access token of a session is needed in JETON_TOKEN\n";
    refuses(&world, &world.run(&["whoami"]), 10, talk);
}

#[test]
fn only_minters_and_admins_have_tokens_for_minting() {
    let world = World::with_john();
    let refusal = "error: `jeton:mint` is only for minters and admins\n";
    let create = ["token", "create", "ci", "-p", "read,jeton:mint"];
    refuses(&world, &world.run(&create), 7, refusal);
    world.log_in("ada", "lovelace");
    refuses(&world, &world.run(&[&create[..], &["--user", "john"]].concat()), 7, refusal);
    world.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    world.run(&[&create[..], &["--user", "john"]].concat()).ok();
    world.log_in("john", "123456");
    let ran = world.run(&create);
    says(&world, &ran, "<token>\n", "token 2 for ci, expires <time>, 2 of 3 in use\n");
    world.sql("UPDATE users SET role = 'user' WHERE username = 'john'");
    refuses(&world, &world.run(&["token", "renew", "2"]), 7, refusal);
}

#[test]
fn a_token_for_minting_dies_with_its_owners_role() {
    let world = World::with_john();
    world.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    let create = ["token", "create", "ci", "-p", "jeton:mint"];
    let (token, plain) = (world.get(&create), world.get(&["token", "create", "app"]));
    let short = world.get(&[&create[..], &["--ttl", "1s"]].concat());
    mint(&world, &token).ok();
    let lacks = "error: the app token lacks the permission `jeton:mint`\n";
    refuses(&world, &mint(&world, &plain), 7, lacks);
    for (sql, code, talk) in [
        ("role = 'user'", 7, "error: only minters and admins mint test tokens\n"),
        (
            "role = 'minter', disabled_at = 1",
            10,
            "error: the token's owner is disabled\nhint: {it}\n",
        ),
        (
            "disabled_at = NULL, deleted_at = 1, username = NULL, email = NULL, email_key = NULL, \
             name = NULL, password = NULL",
            12,
            "error: the token's owner is deleted\nhint: {it}\n",
        ),
    ] {
        world.sql(&format!("UPDATE users SET {sql} WHERE id = 2"));
        let talk = talk.replace("{it}", "it is the token in JETON_TOKEN that is refused");
        refuses(&world, &mint(&world, &token), code, &talk);
        world.run(&["keys", "export", "--jwks", "--purpose", "test"]).ok();
    }
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(mint(&world, &short).code, 12, "revoked comes before expired");
}

#[test]
fn a_token_for_minting_ends_like_any_other() {
    let world = World::with_admin();
    let create = ["token", "create", "ci", "-p", "jeton:mint"];
    let (token, short) = (world.get(&create), world.get(&[&create[..], &["--ttl", "1s"]].concat()));
    world.run(&["token", "revoke", "1"]).ok();
    std::thread::sleep(Duration::from_secs(2));
    let minted = world.get(&["token", "mint"]);
    for (token, code, talk) in [
        (&token, 12, "error: the token is revoked\n"),
        (&short, 11, "error: the token has expired\n"),
    ] {
        let talk = format!("{talk}hint: it is the token in JETON_TOKEN that is refused\n");
        refuses(&world, &mint(&world, token), code, &talk);
    }
    assert_eq!(mint(&world, &minted).code, 10, "a test token mints none");
}
