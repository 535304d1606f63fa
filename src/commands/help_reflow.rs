//! Wrapping of help texts at the terminal width.

use std::mem;

/// Joins the lines of each help paragraph of a command and all subcommands. Clap wraps the joined
/// paragraphs at the terminal width.
pub(super) fn reflow_help(mut command: clap::Command) -> clap::Command {
    for subcommand in command.get_subcommands_mut() {
        *subcommand = reflow_help(mem::take(subcommand));
    }
    match command.get_long_about().map(ToString::to_string) {
        Some(text) => command.long_about(join_paragraphs(&text)),
        None => command,
    }
}

/// Joins the lines of each paragraph. Indented lines are examples and remain unchanged.
fn join_paragraphs(text: &str) -> String {
    let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ');
    let mut result = String::with_capacity(text.len());
    let mut previous_line = "";
    for line in text.lines() {
        if !result.is_empty() {
            result.push(if is_prose(previous_line) && is_prose(line) { ' ' } else { '\n' });
        }
        result += line;
        previous_line = line;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_joined_and_examples_are_not() {
        let text = "One\ntwo\n\nthree:\nfour\n\n  five\n  six\n\nseven\n";
        assert_eq!(join_paragraphs(text), "One two\n\nthree: four\n\n  five\n  six\n\nseven");
    }

    #[test]
    fn all_command_help_is_reflowed() {
        fn walk(command: &clap::Command) {
            let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert_eq!(join_paragraphs(&about), about, "{}", command.get_name());
            command.get_subcommands().for_each(walk);
        }
        walk(&crate::commands::command());
    }
}
