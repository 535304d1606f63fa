//! A kernel that gives no random numbers, as strace makes it for one run.

use super::{can_kill, traced};
use crate::mask::refuses;
use crate::world::World;

#[test]
fn failing_random_generator_is_an_error() {
    if !can_kill() {
        return;
    }
    let world = World::with_admin();
    let with = |error: &str, words: &[&str]| {
        let inject = format!("inject=getrandom:error={error}");
        traced(&world, &["-o", "/dev/null", "-e", "trace=getrandom", "-e", &inject], words)
    };
    std::fs::write(world.home().join("password"), "lovelace").unwrap();
    for words in [
        &["token", "create", "x"][..],
        &["token", "mint"],
        &["login", "ada", "--password-file", "password"],
        &["register", "eve", "--password-file", "password"],
        &["keys", "generate"],
        &["refresh"],
        &["init"],
        &["token", "create", "x", "-o", "json"],
    ] {
        for error in ["EIO", "EPERM"] {
            let ran = with(error, words);
            refuses(&world, &ran, 1, "error: no random numbers can be had\n");
        }
    }
    // An old kernel, without the call.
    assert_eq!(with("ENOSYS", &["token", "create", "x"]).code, 0);
}
