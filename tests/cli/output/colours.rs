//! Colours on a terminal: they change neither the text nor the layout, and names that contain
//! control characters add no colours.

use super::escaping::{ESCAPED_TEXT, HOSTILE_TEXT, sandbox_with_hostile_rows};
use super::terminal::{JETON_SHELL_LINE, NO_COLOR, sandbox_with_long_names};
use crate::prompts::terminal_output;
use crate::sandbox::Sandbox;
use console::strip_ansi_codes;

#[test]
fn colours_follow_environment_variables_and_do_not_change_the_text() {
    let sandbox = sandbox_with_long_names();
    let list = ["token", "list", "--status", "all"];
    let render = |arguments: &[&str], variables: &[(&str, &str)]| {
        terminal_output(&sandbox, 80, JETON_SHELL_LINE, arguments, variables)
    };
    for (arguments, coloured_parts) in [
        (
            &list[..],
            &["\u{1b}[1mSTATUS\u{1b}[0m", "\u{1b}[32mlive\u{1b}[0m", "\u{1b}[31mrevoked\u{1b}[0m"]
                [..],
        ),
        (&["keys", "list"], &["\u{1b}[33mretired\u{1b}[0m", "\u{1b}[32mactive\u{1b}[0m"]),
        (&["users", "list"], &["\u{1b}[32mactive\u{1b}[0m"]),
        (&["users", "show", "ada"], &["\u{1b}[1mstatus\u{1b}[0m    \u{1b}[32mactive\u{1b}[0m"]),
        (&["token", "verify", "x"], &["\u{1b}[31minvalid: malformed:"]),
    ] {
        let screen = render(arguments, &[]);
        for part in coloured_parts {
            assert!(screen.contains(part), "{screen}");
        }
        let plain = render(arguments, &[NO_COLOR]);
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert_eq!(strip_ansi_codes(&screen), plain, "colours do not change the layout");
    }
    let is_coloured = |variables: &[(&str, &str)]| render(&list, variables).contains('\u{1b}');
    assert!(!is_coloured(&[("TERM", "dumb")]));
    assert!(is_coloured(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[NO_COLOR, ("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[("CLICOLOR", "0")]));
    let not_forced = ("CLICOLOR_FORCE", "0");
    assert!(is_coloured(&[not_forced]));
    for disabling_variable in [NO_COLOR, ("TERM", "dumb"), ("CLICOLOR", "0")] {
        assert!(!is_coloured(&[disabling_variable, not_forced]), "{disabling_variable:?}");
    }
}

#[test]
fn valid_token_is_green() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.stdout_of(&["token", "create", "a"]);
    let screen = terminal_output(&sandbox, 80, JETON_SHELL_LINE, &["token", "verify", &token], &[]);
    assert_eq!(screen, "\u{1b}[32mvalid\u{1b}[0m\n");
}

#[test]
fn hostile_names_add_no_colours() {
    let sandbox = sandbox_with_hostile_rows();
    for (arguments, count) in
        [(&["token", "list"][..], 2), (&["token", "show", "1"], 2), (&["users", "show", "ada"], 2)]
    {
        let screen = terminal_output(&sandbox, 400, JETON_SHELL_LINE, arguments, &[]);
        assert_eq!(screen.matches(ESCAPED_TEXT).count(), count, "{screen}");
        let colour_codes = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[32m"];
        let text = colour_codes.iter().fold(screen, |text, code| text.replace(code, ""));
        let is_harmless = |c: char| c == '\n' || !HOSTILE_TEXT.contains(c) || c.is_ascii_graphic();
        assert!(text.chars().all(is_harmless), "{text}");
    }
}
