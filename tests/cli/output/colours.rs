//! Colours on a terminal: they repeat what words say, take no room, and are all our own.

use super::escaping::{HOSTILE, SHOWN, with_hostile_rows};
use super::screen::{HERE, PLAIN, crowded};
use crate::prompts::terminal_output;
use crate::sandbox::Sandbox;
use console::strip_ansi_codes;

#[test]
fn colours_repeat_what_words_say() {
    let sandbox = crowded();
    let list = ["token", "list", "--status", "all"];
    let coloured = |words: &[&str], variables: &[(&str, &str)]| {
        terminal_output(&sandbox, 80, HERE, words, variables)
    };
    for (words, parts) in [
        (
            &list[..],
            &["\u{1b}[1mSTATUS\u{1b}[0m", "\u{1b}[32mlive\u{1b}[0m", "\u{1b}[31mrevoked\u{1b}[0m"]
                [..],
        ),
        (&["keys", "list"], &["\u{1b}[33mretired\u{1b}[0m", "\u{1b}[32mactive\u{1b}[0m"]),
        (&["users", "list"], &["\u{1b}[32mactive\u{1b}[0m"]),
        (&["users", "show", "ada"], &["\u{1b}[1mstatus\u{1b}[0m    \u{1b}[32mactive\u{1b}[0m"]),
        (&["token", "verify", "x"], &["\u{1b}[31minvalid:\u{1b}[0m \u{1b}[31mmalformed\u{1b}[0m"]),
    ] {
        let screen = coloured(words, &[]);
        for part in parts {
            assert!(screen.contains(part), "{screen}");
        }
        let plain = coloured(words, &[PLAIN]);
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert_eq!(strip_ansi_codes(&screen), plain, "colours take no room");
    }
    let is_coloured = |variables: &[(&str, &str)]| coloured(&list, variables).contains('\u{1b}');
    assert!(!is_coloured(&[("TERM", "dumb")]));
    assert!(is_coloured(&[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[PLAIN, ("CLICOLOR_FORCE", "1")]));
    assert!(!is_coloured(&[("CLICOLOR", "0")]));
    let unforced = ("CLICOLOR_FORCE", "0");
    assert!(is_coloured(&[unforced]));
    for other in [PLAIN, ("TERM", "dumb"), ("CLICOLOR", "0")] {
        assert!(!is_coloured(&[other, unforced]), "{other:?}");
    }
}

#[test]
fn a_valid_token_is_green() {
    let sandbox = Sandbox::with_admin();
    let token = sandbox.get(&["token", "create", "a"]);
    let screen = terminal_output(&sandbox, 80, HERE, &["token", "verify", &token], &[]);
    assert_eq!(screen, "\u{1b}[32mvalid\u{1b}[0m\n");
}

#[test]
fn names_from_outside_bring_no_colours_of_their_own() {
    let sandbox = with_hostile_rows();
    for (words, times) in
        [(&["token", "list"][..], 2), (&["token", "show", "1"], 2), (&["users", "show", "ada"], 2)]
    {
        let screen = terminal_output(&sandbox, 400, HERE, words, &[]);
        assert_eq!(screen.matches(SHOWN).count(), times, "{screen}");
        let ours = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[32m"];
        let rest = ours.iter().fold(screen, |rest, ours| rest.replace(ours, ""));
        let harmless = |c: char| c == '\n' || !HOSTILE.contains(c) || c.is_ascii_graphic();
        assert!(rest.chars().all(harmless), "{rest}");
    }
}
