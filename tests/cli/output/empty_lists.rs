//! Empty lists: no standard output, and a note on standard error (without `-q`). In JSON, the list
//! has no items.

use crate::sandbox::Sandbox;
use insta::{allow_duplicates, assert_snapshot};

#[test]
fn empty_list_is_a_note_on_stderr_or_json_without_items() {
    let sandbox = Sandbox::with_admin();
    sandbox.register("john", "123456");
    let mut outputs = String::new();
    for arguments in [
        &["token", "list"][..],
        &["token", "list", "--page", "2"],
        &["token", "list", "--user", "john", "--status", "all"],
        &["sessions", "list", "--user", "john"],
        &["users", "list", "--page", "2"],
        &["users", "list", "--after", "2"],
        &["audit", "list", "--user", "john"],
    ] {
        let output = sandbox.run(arguments);
        outputs += &output.with_command();
        allow_duplicates!(assert_snapshot!(sandbox.run(&[arguments, &["-q"]].concat()), @""));
        let json = sandbox.json(arguments);
        assert_eq!(json["items"], serde_json::json!([]), "{arguments:?}");
    }
    assert_snapshot!(outputs, @"
    $ jeton token list
    --- stderr
    no live tokens
    $ jeton token list --page 2
    --- stderr
    no live tokens
    $ jeton token list --user john --status all
    --- stderr
    no tokens
    $ jeton sessions list --user john
    --- stderr
    no sessions
    $ jeton users list --page 2
    --- stderr
    no users on this page, last page: 1
    $ jeton users list --after 2
    --- stderr
    no users after this id
    $ jeton audit list --user john
    --- stderr
    no events
    ");
}
