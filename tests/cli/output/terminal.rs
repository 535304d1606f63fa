//! Output that only a terminal receives: tables that fit the width, or lists of names and values
//! instead, and distances of times from now, such as `in 6 d`.

use crate::prompts::terminal_output;
use crate::redact::redact;
use crate::sandbox::Sandbox;
use console::measure_text_width;
use std::time::{SystemTime, UNIX_EPOCH};

/// Shell line that runs jeton (`$0`) with the arguments of the shell.
pub(super) const JETON_SHELL_LINE: &str = "exec \"$0\" \"$@\"";
pub(super) const NO_COLOR: (&str, &str) = ("NO_COLOR", "1");

/// Returns the output of a command on a terminal of the given width, without colours.
fn render(sandbox: &Sandbox, columns: usize, arguments: &[&str]) -> String {
    terminal_output(sandbox, columns, JETON_SHELL_LINE, arguments, &[NO_COLOR])
}

/// Returns the current Unix time plus `seconds`, which may be negative.
fn unix_time_in(seconds: i64) -> i64 {
    #[expect(clippy::disallowed_methods, reason = "the test, not the program, reads the clock")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

/// Creates a store with long names, wide characters and combining characters, with a revoked token
/// and a retired key, and with keys and users that are three hours old.
pub(super) fn sandbox_with_long_names() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    let email = "somebody-with-a-long-name@mail.example.com";
    let arguments = ["register", "李小龍", "--email", email, "--password-stdin"];
    sandbox.run_with_input(&arguments, "123456").ok();
    sandbox.stdout_of(&["token", "create", "my-app", "-p", "read,write", "--ttl", "6d"]);
    let long_permissions =
        "orders:read,orders:write,users:read,a-permission-with-a-rather-long-name";
    sandbox.stdout_of(&["token", "create", "日本語のとても長い名前です", "-p", long_permissions]);
    sandbox.stdout_of(&["token", "create", "zo\u{308}e\u{301}\u{316}\u{324}-x", "--no-expiry"]);
    sandbox.run(&["token", "revoke", "3"]).ok();
    sandbox.run(&["keys", "rotate", "-q"]).ok();
    for table in ["keys", "users"] {
        sandbox.sql(&format!("UPDATE {table} SET created_at = {}", unix_time_in(-10_830)));
    }
    sandbox
}

#[test]
fn table_with_wide_characters_fits_the_terminal_or_becomes_a_name_value_list() {
    let sandbox = sandbox_with_long_names();
    let list = |columns| render(&sandbox, columns, &["token", "list", "--status", "all"]);
    for (columns, screen) in [
        (
            200,
            "\
ID  KIND  APP                         USER  PERMISSIONS                                                               STATUS   EXPIRES
1   app   my-app                      ada   read,write                                                                live     in 6 d
2   app   日本語のとても長い名前です  ada   orders:read,orders:write,users:read,a-permission-with-a-rather-long-name  live     in 7 d
3   app   zo\u{308}e\u{301}\u{316}\u{324}-x                       ada   -                                                                         revoked  never
",
        ),
        (
            70,
            "\
ID  KIND  APP              USER  PERMISSIONS    STATUS   EXPIRES
1   app   my-app           ada   read,write     live     in 6 d
2   app   日本語のとても…  ada   orders:read,…  live     in 7 d
3   app   zo\u{308}e\u{301}\u{316}\u{324}-x            ada   -              revoked  never
",
        ),
        (
            54,
            "\
ID           1
KIND         app
APP          my-app
USER         ada
PERMISSIONS  read,write
STATUS       live
EXPIRES      <time> (in 6 d)

ID           2
KIND         app
APP          日本語のとても長い名前です
USER         ada
PERMISSIONS  orders:read,orders:write,users:read,a-permission-with-a-rather-long-name
STATUS       live
EXPIRES      <time> (in 7 d)

ID           3
KIND         app
APP          zo\u{308}e\u{301}\u{316}\u{324}-x
USER         ada
PERMISSIONS  -
STATUS       revoked
EXPIRES      never
",
        ),
    ] {
        assert_eq!(redact(&sandbox, &list(columns)), screen, "{columns}");
    }
}

#[test]
fn lists_of_presets_and_settings_are_tables_that_fit_a_narrow_terminal() {
    let sandbox = Sandbox::with_admin();
    for list in [&["token", "presets"], &["settings", "list"]] {
        let screen = render(&sandbox, 60, list);
        assert!(!is_name_value_list(&screen), "{screen}");
        assert!(screen.lines().all(|line| measure_text_width(line) <= 60), "{screen}");
    }
}

/// Returns whether the first line of an output is a name and a value, not the header of a table.
fn is_name_value_list(screen: &str) -> bool {
    screen.lines().next().unwrap().split_whitespace().count() == 2
}

#[test]
fn ids_are_never_split_and_tables_fit_the_terminal() {
    let sandbox = sandbox_with_long_names();
    for (arguments, id_member, min_table_width) in [
        (&["users", "list", "-o", "wide"][..], "uid", 120),
        (&["keys", "list", "-o", "wide"], "kid", 200),
        (&["sessions", "list"], "sid", 80),
    ] {
        let json = sandbox.json(&arguments[..2]);
        let items = json["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{arguments:?}");
        for columns in [60, 80, 100, 120, 200] {
            let screen = render(&sandbox, columns, arguments);
            for item in items {
                let id = item[id_member].as_str().unwrap();
                let mut lines_with_id = screen.lines().filter(|line| line.contains(id));
                let line = lines_with_id.next().unwrap_or_else(|| panic!("{columns}:\n{screen}"));
                assert!(
                    measure_text_width(line) <= columns && lines_with_id.next().is_none(),
                    "{screen}"
                );
            }
            let is_table = !is_name_value_list(&screen);
            assert_eq!(is_table, columns >= min_table_width, "{columns}:\n{screen}");
            let fits = screen.lines().all(|line| measure_text_width(line) <= columns);
            assert!(fits || !is_table, "{columns}:\n{screen}");
        }
    }
}

/// Creates a token and a user that are three hours old; the token expires in six days.
fn sandbox_with_old_rows() -> Sandbox {
    let sandbox = Sandbox::with_admin();
    sandbox.stdout_of(&["token", "create", "a"]);
    let (three_hours_ago, expiry) = (unix_time_in(-10_830), unix_time_in(6 * 86_400 + 30));
    sandbox.sql(&format!("UPDATE tokens SET issued_at = {three_hours_ago}, expires_at = {expiry}"));
    sandbox.sql(&format!("UPDATE users SET created_at = {three_hours_ago}"));
    sandbox
}

#[test]
fn times_show_their_distance_from_now() {
    let sandbox = sandbox_with_old_rows();
    let screen = render(&sandbox, 80, &["token", "show", "1"]);
    assert_eq!(
        redact(&sandbox, &screen),
        "\
id           1
jti          <uuid>
kind         app
app          a
user         ada
permissions  -
aud          -
status       live
issued       <time> (3 h ago)
expires      <time> (in 6 d)
revoked      -
"
    );
    let screen = render(&sandbox, 80, &["users", "show", "ada"]);
    assert!(redact(&sandbox, &screen).ends_with("created   <time> (3 h ago)\n"), "{screen}");
    let screen = render(&sandbox, 80, &["whoami"]);
    assert!(redact(&sandbox, &screen).contains("\nsession ends  <time> (in 90 d)\n"), "{screen}");
}

/// Counts the RFC 3339 timestamps and the distances from now (`3 h ago`) in a text.
fn count_times_and_distances(sandbox: &Sandbox, text: &str) -> (usize, usize) {
    let words = text.split_whitespace().map(|word| word.trim_matches(['(', ')']));
    let distance_count = words.filter(|word| ["ago", "in", "now"].contains(word)).count();
    (redact(sandbox, text).matches("<time>").count(), distance_count)
}

#[test]
fn only_default_format_on_a_terminal_shows_distances_from_now() {
    let sandbox = sandbox_with_old_rows();
    for (arguments, count) in [
        (&["token", "list"][..], 1),
        (&["token", "show", "1"], 2),
        (&["users", "list"], 0),
        (&["users", "show", "ada"], 1),
        (&["whoami"], 2),
        (&["sessions", "list"], 2),
        (&["keys", "list"], 1),
    ] {
        let piped = sandbox.run(arguments).ok().stdout;
        assert_eq!(count_times_and_distances(&sandbox, &piped), (count, 0), "{piped}");
        let is_table = arguments.ends_with(&["list"]);
        for columns in [80, 200] {
            let screen = render(&sandbox, columns, arguments);
            let expected = (if is_table { 0 } else { count }, count);
            assert_eq!(count_times_and_distances(&sandbox, &screen), expected, "{screen}");
            let lines = |text: &str| text.lines().count();
            assert_eq!(lines(&screen), lines(&piped), "{screen}{piped}");
        }
        if is_table {
            let wide = [arguments, &["-o", "wide"]].concat();
            let (_, distances) = count_times_and_distances(&sandbox, &render(&sandbox, 300, &wide));
            assert_eq!(distances, 0, "{wide:?}");
        }
        let json = [arguments, &["-o", "json"]].concat();
        let screen = terminal_output(&sandbox, 80, JETON_SHELL_LINE, &json, &[]);
        assert_eq!(screen, sandbox.run(&json).ok().stdout, "{arguments:?}");
    }
}

#[test]
fn messages_show_distances_from_now_on_a_terminal_only() {
    let sandbox = Sandbox::with_admin();
    let create = ["token", "create", "a"];
    let line = "exec \"$0\" \"$@\" >out";
    let message = redact(&sandbox, &terminal_output(&sandbox, 80, line, &create, &[]));
    assert_eq!(message, "created token 1 for a, expires <time> (in 7 d), 1 of 3 tokens in use\n");
    let file = |name| std::fs::read_to_string(sandbox.home().join(name)).unwrap();
    assert_eq!(redact(&sandbox, &file("out")), "<token>\n");
    let line = "exec \"$0\" \"$@\" 2>err";
    let result = terminal_output(&sandbox, 80, line, &create, &[]);
    assert_eq!(redact(&sandbox, &result), "<token>\n");
    assert_eq!(
        redact(&sandbox, &file("err")),
        "created token 2 for a, expires <time>, 2 of 3 tokens in use\n"
    );
    for (arguments, suffix) in [
        (
            &["token", "renew", "1", "--grace", "2h"][..],
            "token 1 stays valid until <time> (in 2 h)",
        ),
        (&["refresh"], "refreshed the session, access token expires <time> (in 15 m)"),
        (&["token", "decode", "@out"], "exp: <time> (in 7 d)"),
        (&["keys", "rotate", "--overlap", "14d"], "its tokens are accepted until <time> (in 14 d)"),
    ] {
        let screen = redact(
            &sandbox,
            &terminal_output(&sandbox, 80, JETON_SHELL_LINE, arguments, &[NO_COLOR]),
        );
        assert!(screen.lines().any(|line| line.ends_with(suffix)), "{screen}");
    }
}
