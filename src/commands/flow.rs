//! Help in paragraphs that end where the terminal does.

use std::mem;

/// The command, and those below it, with paragraphs in one line each: clap breaks them where the
/// terminal ends.
pub(super) fn flowing(mut command: clap::Command) -> clap::Command {
    for below in command.get_subcommands_mut() {
        *below = flowing(mem::take(below));
    }
    match command.get_long_about().map(ToString::to_string) {
        Some(text) => command.long_about(joined(&text)),
        None => command,
    }
}

/// The text with the lines of each paragraph joined. Examples are indented, and stay as they are.
fn joined(text: &str) -> String {
    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let mut whole = String::with_capacity(text.len());
    let mut before = "";
    for line in text.lines() {
        if !whole.is_empty() {
            whole.push(if is_prose(before) && is_prose(line) { ' ' } else { '\n' });
        }
        whole += line;
        before = line;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined_and_examples_are_not() {
        let text = "One\ntwo\n\nthree:\nfour\n\n  five\n  six\n\nseven\n";
        assert_eq!(joined(text), "One two\n\nthree: four\n\n  five\n  six\n\nseven");
    }

    #[test]
    fn every_command_flows() {
        fn walk(command: &clap::Command) {
            let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert_eq!(joined(&about), about, "{}", command.get_name());
            command.get_subcommands().for_each(walk);
        }
        walk(&crate::commands::command());
    }
}
