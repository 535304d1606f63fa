//! `jeton token revoke` of many tokens at once

use super::NOBODY;
use crate::mask::{json_says, refuses, says};
use crate::world::World;

/// John has tokens 1 (a), 2 (b), 3 (b, renewed by 4 with a grace) and 5 (a test token of b); ada
/// has 6 (b). John is a minter and logged in.
fn several() -> World {
    let world = World::with_john();
    world.sql("UPDATE users SET role = 'minter' WHERE username = 'john'");
    for app in ["a", "b", "b"] {
        world.run(&["token", "create", app]).ok();
    }
    world.run(&["token", "renew", "3", "--grace", "1h"]).ok();
    world.run(&["token", "mint", "--record", "--sub", "b"]).ok();
    world.log_in("ada", "lovelace");
    world.run(&["token", "create", "b"]).ok();
    world.log_in("john", "123456");
    world
}

fn live(world: &World) -> Vec<String> {
    world.sql("SELECT id FROM tokens WHERE revoked_at IS NULL ORDER BY id")
}

fn revoke<'w>(words: &[&'w str]) -> Vec<&'w str> {
    [&["token", "revoke"], words, &["--yes"]].concat()
}

const NONE: &str = "no tokens to revoke\n";

#[test]
fn ones_own_go_by_kind_by_application_or_all_of_them() {
    let world = several();
    let kind = revoke(&["--kind", "test", "--app", "b"]);
    says(&world, &world.run(&kind), "", "revoked 1 token\n");
    assert_eq!(live(&world), ["1", "2", "3", "4", "6"]);
    let app = revoke(&["--app", "b"]);
    says(&world, &world.run(&app), "", "revoked 3 tokens\n");
    assert_eq!(live(&world), ["1", "6"]);
    says(&world, &world.run(&app), "", NONE);
    let all = revoke(&["--all"]);
    json_says(&world, &all, "{\"changed\":true,\"count\":1}");
    json_says(&world, &all, "{\"changed\":false,\"count\":0}");
    assert_eq!(live(&world), ["6"]);
    let audit = "SELECT target || ', ' || count FROM audit WHERE action = 'token revoke'";
    assert_eq!(
        world.sql(audit),
        ["test tokens of user 2 for b, 1", "tokens of user 2 for b, 3", "tokens of user 2, 1"],
        "one row a command"
    );
    world.run(&["whoami"]).ok();
}

#[test]
fn the_rows_stay_and_the_tokens_are_dead() {
    let world = several();
    let token = world.get(&["token", "renew", "1"]);
    world.run(&revoke(&["--all"])).ok();
    let ran = world.run(&["token", "verify", &token]);
    assert_eq!((ran.code, ran.out.as_str()), (12, "invalid: token_revoked\n"));
    assert_eq!(world.json(&["token", "list", "--status", "revoked"])["total"], 6);
}

#[test]
fn what_was_made_before_a_time_goes() {
    let world = several();
    world.sql("UPDATE tokens SET issued_at = issued_at - 864000 WHERE id IN (1, 4, 6)");
    says(&world, &world.run(&revoke(&["--before", "2020-01-01T00:00:00Z"])), "", NONE);
    says(&world, &world.run(&revoke(&["--before", "1w", "--app", "a"])), "", "revoked 1 token\n");
    world.log_in("ada", "lovelace");
    let every = revoke(&["--all-users", "--before", "1w"]);
    says(&world, &world.run(&every), "", "revoked 2 tokens\n");
    assert_eq!(live(&world), ["2", "3", "5"]);
}

#[test]
fn test_tokens_go_by_the_time_that_they_name() {
    let world = World::with_admin();
    let mint = |claim: &[&str]| {
        let words = [&["token", "mint", "--record"], claim].concat();
        world.run(&words).ok();
    };
    mint(&["--claim-json", "iat=1000"]);
    mint(&["--issued-at", "1000", "--expires-at", "2100-01-01", "--claim-json", "iat=null"]);
    mint(&["--claim-json", "iat=\"1000\""]);
    mint(&[]);
    world
        .run_with_input(
            &["token", "mint", "--record", "--from", "-"],
            "iat,sub\n2000-01-01,a\n2020-01-01,b\n",
        )
        .ok();
    let gone = world.run(&revoke(&["--before", "2001-01-01T00:00:00Z"]));
    says(&world, &gone, "", "revoked 3 tokens\n");
    assert_eq!(live(&world), ["3", "4", "6"]);
}

#[test]
fn those_of_others_are_for_admins() {
    let world = several();
    let refusal = "error: only admins act on the tokens of others\n";
    refuses(&world, &world.run(&revoke(&["--all-users", "--all"])), 7, refusal);
    let refusal = "error: only admins see other accounts\n";
    for user in ["ada", "nobody"] {
        refuses(&world, &world.run(&["token", "revoke", "--user", user]), 7, refusal);
    }
    says(&world, &world.run(&revoke(&["--user", "john", "--app", "a"])), "", "revoked 1 token\n");
    world.log_in("ada", "lovelace");
    let nobody = world.run(&revoke(&["--user", "nobody"]));
    refuses(&world, &nobody, 3, "error: there is no user `nobody`\n");
    says(&world, &world.run(&revoke(&["--user", "john"])), "", "revoked 4 tokens\n");
    says(&world, &world.run(&revoke(&["--all-users", "--all"])), "", "revoked 1 token\n");
    world.run(&["logout"]).ok();
    refuses(&world, &world.run(&revoke(&["--all"])), 4, NOBODY);
}

#[test]
fn nobody_there_to_confirm_it_stops_it() {
    let world = several();
    let talk = "error: nobody is there to confirm it\nhint: add `--yes`\n";
    refuses(&world, &world.run(&["token", "revoke", "--app", "b"]), 2, talk);
    assert_eq!(live(&world).len(), 6);
    says(&world, &world.run(&["token", "revoke", "--app", "nothing"]), "", NONE);
}

#[test]
fn which_must_be_said_and_in_one_way() {
    let world = several();
    for words in [&[][..], &["--all-users"], &["1", "--all"], &["1", "--user", "john"]] {
        let ran = world.run(&revoke(words)).fails(2);
        assert!(ran.err.contains("<ID|JTI|TOKEN|--kind <KIND>|--app <APP>|"), "{}", ran.err);
    }
    assert_eq!(live(&world).len(), 6);
}
