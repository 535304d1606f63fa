//! Where there is nothing to list nothing is printed, the talk says so, and JSON has no items.

use crate::mask::says;
use crate::world::World;

#[test]
fn a_list_without_anything_says_so() {
    let world = World::with_admin();
    world.register("john", "123456");
    for (words, said) in [
        (&["token", "list"][..], "no tokens\n"),
        (&["token", "list", "--page", "2"], "no tokens\n"),
        (&["token", "list", "--user", "john", "--status", "all"], "no tokens\n"),
        (&["sessions", "list", "--user", "john"], "no sessions\n"),
        (&["users", "list", "--page", "2"], "no users on this page; pages: 1\n"),
        (&["users", "list", "--after", "2"], "no users\n"),
        (&["audit", "list", "--user", "john"], "no events\n"),
    ] {
        says(&world, &world.run(words), "", said);
        says(&world, &world.run(&[words, &["-q"]].concat()), "", "");
        let json = world.json(words);
        assert_eq!(json["items"], serde_json::json!([]), "{words:?}");
    }
}
