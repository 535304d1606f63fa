//! The yes-or-no question before something is destroyed: who is asked, and what the answers do.

use super::OnTerminal;
use crate::mask::{refuses, says};
use crate::world::World;

const DELETE: [&str; 3] = ["users", "delete", "john"];
const QUESTION: &str = "Delete john and revoke all of its tokens? [y/N] ";
const DELETED: &str = "deleted john, revoked 0 tokens\n";
const CANCELLED: &str = "error: cancelled, nothing was changed\n";
const NOBODY: &str = "error: nobody is there to confirm it\nhint: add `--yes`\n";

fn with_john() -> World {
    let world = World::with_admin();
    world.register("john", "123456");
    world
}

fn is_there(world: &World) -> bool {
    world.json(&["users", "list"])["total"] == 2
}

#[test]
fn somebody_is_asked_on_a_terminal_without_yes_and_nobody_else() {
    let yes = [&DELETE[..], &["--yes"]].concat();

    let world = with_john();
    let mut asked = OnTerminal::run(&world, &DELETE);
    asked.press(QUESTION, "y");
    let screen = format!("\rDelete john and revoke all of its tokens? yes\n{DELETED}");
    assert_eq!(asked.ends(), (0, screen, true), "a terminal, no --yes");
    assert!(!is_there(&world));

    let world = with_john();
    let said = OnTerminal::run(&world, &yes).ends();
    assert_eq!(said, (0, DELETED.to_owned(), true), "a terminal and --yes");
    assert!(!is_there(&world));

    let world = with_john();
    refuses(&world, &world.run(&DELETE), 2, NOBODY);
    refuses(&world, &world.run_with_input(&DELETE, "y\n"), 2, NOBODY);
    assert!(is_there(&world), "no terminal, no --yes");

    says(&world, &world.run(&yes), "", DELETED);
    assert!(!is_there(&world), "no terminal, but --yes");
}

#[test]
fn hashes_are_printed_after_a_yes() {
    let world = with_john();
    let export = ["users", "export", "--with-hashes"];
    for (key, word, code) in [("y", "yes", 0), ("n", "no", 2)] {
        let mut asked = OnTerminal::run(&world, &export);
        asked.press("Print the hashes of all passwords? [y/N] ", key);
        let (ended, screen, _) = asked.ends();
        let answer = format!("\rPrint the hashes of all passwords? {word}\n");
        assert!(ended == code && screen.starts_with(&answer), "{screen}");
        assert_eq!(screen.contains("argon2id"), code == 0, "{screen}");
    }
}

#[test]
fn every_other_answer_cancels() {
    let world = with_john();
    for key in ["n", "N", "\r", "\u{1b}", "\u{4}"] {
        let mut run = OnTerminal::run(&world, &DELETE);
        run.press(QUESTION, key);
        let screen = format!("\rDelete john and revoke all of its tokens? no\n{CANCELLED}");
        assert_eq!(run.ends(), (2, screen, true), "{key:?}");
        assert!(is_there(&world), "{key:?}");
    }
}

#[test]
fn the_question_says_how_many_and_whose() {
    let world = with_john();
    let revoke = ["token", "revoke", "--all"];
    world.run(&["token", "create", "a", "--user", "john"]).ok();
    for (words, whose) in [
        (&[][..], "1 token of ada"),
        (&["--user", "john"], "1 token of john"),
        (&["--all-users"], "2 tokens of all users"),
    ] {
        world.run(&["token", "create", "b"]).ok();
        let mut asked = OnTerminal::run(&world, &[&revoke[..], words].concat());
        asked.press(&format!("Revoke {whose}? [y/N] "), "n");
        let screen = format!("\rRevoke {whose}? no\n{CANCELLED}");
        assert_eq!(asked.ends(), (2, screen, true), "{words:?}");
        world.run(&["token", "revoke", "--app", "b", "--yes"]).ok();
    }
}
