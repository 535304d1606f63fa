//! Help topics. The README has the same text, and a test compares the two.

use crate::app::OutputFormat;
use crate::commands::command::Node;
use crate::commands::global_args;
use crate::failure::Kind;
use std::fmt::Write;

/// Names of the help topics.
pub(super) const TOPICS: [&str; 4] = ["environment", "exit-codes", "output", "trust"];

/// Returns the page of a topic. `tree` is the root of all commands.
pub(super) fn page(topic: &str, tree: &Node) -> Option<String> {
    match topic {
        "environment" => Some(include_str!("environment.txt").to_owned()),
        "exit-codes" => Some(exit_codes_page()),
        "output" => Some(output_page(tree)),
        "trust" => Some(include_str!("trust.txt").to_owned()),
        _ => None,
    }
}

/// Renders the table of exit codes from [`Kind`].
fn exit_codes_page() -> String {
    let mut text = "Every kind of failure has its own exit code. With `-o json` the error is one \
                    line on\nstandard error: {\"error\":{\"kind\",\"code\",\"exit_code\",\"message\",\
                    \"hint\",\"details\"}}. `jeton run`\n\
                    exits with the code of its command, or with 128 plus the number of the signal \
                    that killed it.\n\n  0  success, also without a change; or stdout was closed \
                    (broken pipe)\n"
        .to_owned();
    for kind in Kind::ALL {
        let (exit_code, name, meaning) = (kind.exit_code(), kind.name(), kind.meaning());
        let codes: Vec<&str> = kind.codes().iter().map(|code| code.as_str()).collect();
        let _ =
            writeln!(text, "{exit_code:>3}  {name}: {meaning}\n     code: {}", codes.join(", "));
    }
    text
}

/// Renders the page about output formats, with the commands that support each format.
fn output_page(tree: &Node) -> String {
    let mut formats = String::new();
    for (format, description) in global_args::OUTPUT_FORMATS {
        let _ = write!(formats, "  {}\n      {description}", format.name());
        if !matches!(format, OutputFormat::Text | OutputFormat::Json) {
            let commands = tree.commands().into_iter();
            let commands = commands.filter(|info| info.formats.contains(&format));
            let commands: Vec<&str> = commands.map(|info| info.action).collect();
            let _ = write!(formats, ": `{}`", commands.join("`, `"));
        }
        formats.push('\n');
    }
    include_str!("output.txt").replace("  FORMATS\n", &formats)
}
