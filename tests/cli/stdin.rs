//! Standard input, which is read once.

use crate::mask::{refuses, says};
use crate::world::World;

#[test]
fn what_two_would_read_is_read_by_none() {
    let mut world = World::with_admin();
    let access = world.session("access");
    let refused = |world: &World, words: &[&str], names: &str| {
        let talk = format!(
            "error: standard input is read once, and wanted by {names}\n\
             hint: name a file for all but one of them\n"
        );
        refuses(world, &world.run_with_input(words, &access), 2, &talk);
    };
    for (words, names) in [
        ("token verify --batch --jwks -", "`--batch` and `--jwks`"),
        ("token verify --batch --key - --alg HS256", "`--batch` and `--key`"),
        ("token verify - --jwks -", "`--jwks` and `TOKEN`"),
        ("token verify - --token-file -", "`--token-file` and `TOKEN`"),
        ("--token-file - register eve --password-file -", "`--token-file` and `--password-file`"),
        ("--token-file - login ada --password-stdin", "`--password-stdin` and `--token-file`"),
        ("--token-file - refresh --token-stdin", "`--token-stdin` and `--token-file`"),
        ("--token-file - token mint --claims -", "`--token-file` and `--claims`"),
        ("--token-file - token mint --from -", "`--token-file` and `--from`"),
        ("token mint --claims - --key-file - --alg HS256", "`--claims` and `--key-file`"),
        ("keys import --from-file - --token-file -", "`--token-file` and `--from-file`"),
        ("users import - --token-file -", "`--token-file` and `FILE`"),
        ("token revoke - -", "`ID|JTI|TOKEN` and `ID|JTI|TOKEN`"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        refused(&world, &words, names);
    }
    let access = world.session("access");
    world.set("JETON_TOKEN_FILE", "-");
    let talk = "error: standard input was read already, and has nothing more\n";
    let ran = world.run_with_input(&["passwd", "--password-stdin"], &access);
    refuses(&world, &ran, 2, talk);
    // Who does not act with a token has standard input for himself.
    world.run_with_input(&["token", "decode", "-"], &access).ok();
    let flagged = ["--token-file", "nowhere", "passwd", "--password-stdin"];
    let talk =
        "error: the file with the token cannot be read: No such file or directory (os error 2)\n";
    refuses(&world, &world.run_with_input(&flagged, "x"), 2, talk);
    assert_eq!(world.sql("SELECT count(*) FROM users"), ["1"]);
    assert_eq!(world.sql("SELECT action FROM audit"), ["init"]);
}

#[test]
fn what_has_the_word_and_does_not_read_it_is_no_reader() {
    let world = World::with_admin();
    let access = world.session("access");
    let backup = ["store", "backup", "-", "--token-file", "-", "--quiet"];
    let talk = "error: a store is copied to a file, not to standard output\n";
    refuses(&world, &world.run_with_input(&backup, &access), 2, talk);
    let mint = ["token", "mint", "--key", "-", "--token-file", "-"];
    let talk = "error: there is no key with this id\n";
    refuses(&world, &world.run_with_input(&mint, &access), 3, talk);
}

#[test]
fn a_token_from_it_is_known_to_the_whole_command() {
    let world = World::with_admin();
    let access = world.session("access");
    let ran = world.run_with_input(&["sessions", "token", "--token-file", "-"], &access);
    says(&world, &ran, "<token>\n", "");
    let ran = world.run_with_input(&["logout", "--all", "--token-file", "-"], &access);
    says(&world, &ran, "", "0 other sessions ended\nlogged out\n");
}
