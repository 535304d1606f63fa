//! The commands, flags and variables that the README and the guides name, compared with the
//! program.

use super::DOCUMENTS;
use std::collections::BTreeSet;
use std::path::Path;

/// Returns the rows of the table with the given header; cells are trimmed.
fn table_rows(header: &str) -> Vec<Vec<&'static str>> {
    let lines = DOCUMENTS.iter().flat_map(|document| document.text.lines());
    let mut lines = lines.skip_while(|line| *line != header);
    assert!(lines.next().is_some(), "no table `{header}`");
    lines
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// Returns the paths, such as `token create`, of all commands that the help shows and that have no
/// subcommands. Also returns the long flags of these commands and of their parent commands.
pub(crate) fn commands_and_flags() -> (BTreeSet<String>, BTreeSet<String>) {
    let mut root = jeton::command();
    root.build();
    let mut names = Default::default();
    collect_names(&root, "", &mut names);
    names
}

/// Adds the paths and flags of a command and its subcommands to `names`, the result of
/// [`commands_and_flags`]. `path` is the path of the command.
fn collect_names(
    command: &clap::Command,
    path: &str,
    names: &mut (BTreeSet<String>, BTreeSet<String>),
) {
    let long_names = command.get_arguments().filter_map(|argument| argument.get_long());
    names.1.extend(long_names.map(|flag| format!("--{flag}")));
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        collect_names(subcommand, &format!("{path} {}", subcommand.get_name()), names);
    }
    if !command.has_subcommands() {
        names.0.insert(path.trim().to_owned());
    }
}

/// Returns the first two cells of the row for a command in the table of commands of the guide
/// `scripting`: the path of the command, and the required credential or role (such as `session`,
/// `admin` or `anyone`). Returns `None` if the row also shows arguments, or if no row shows the
/// command.
pub(crate) fn documented_rights(path: &str) -> Option<(&'static str, &'static str)> {
    let rows = table_rows("| command | who | what it does |");
    let mut commands = rows.iter().map(|row| (row[0].trim_matches('`'), row[1]));
    commands.find(|(usage, _)| *usage == path)
}

#[test]
fn command_table_lists_every_command() {
    let mut listed_commands: Vec<String> = table_rows("| command | who | what it does |")
        .iter()
        .map(|row| {
            let words = row[0].trim_matches('`').split(' ');
            let is_part =
                |part: &str| part.chars().all(|c| c.is_ascii_lowercase()) && !part.is_empty();
            let is_name = |word: &&str| word.split('-').all(is_part);
            words.take_while(is_name).collect::<Vec<_>>().join(" ")
        })
        .collect();
    listed_commands.sort();
    assert_eq!(listed_commands, commands_and_flags().0.into_iter().collect::<Vec<_>>());
}

#[test]
fn documented_flags_exist() {
    let (_, flags) = commands_and_flags();
    let is_flag = |c: char| c.is_ascii_lowercase() || c == '-';
    // The installation guide is left out, because it has flags of other programs.
    let documents = DOCUMENTS.iter().filter(|document| document.path != "src/guides/install.md");
    let mentioned: BTreeSet<&str> = documents
        .flat_map(|document| document.text.lines())
        .filter(|line| !line.contains("cargo ") && !line.contains("node --test"))
        .flat_map(|line| line.split(|c| !is_flag(c)))
        .filter(|word| word.starts_with("--") && word.len() > 2 && !word.starts_with("---"))
        .collect();
    assert!(mentioned.contains("--permission"));
    for flag in mentioned {
        assert!(flags.contains(flag), "`{flag}` is not a flag of any command");
    }
}

#[test]
fn variable_table_is_complete_and_documents_name_no_unknown_variable() {
    let mut source = String::new();
    let mut directories = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                source += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let documented: BTreeSet<String> = table_rows("| variable | flag | meaning |")
        .iter()
        .flat_map(|row| jeton_variables(row[0]))
        .collect();
    let mut source_variables = jeton_variables(&source);
    // Only the tests read this variable.
    assert!(source_variables.remove("JETON_TEST_STORE"));
    assert_eq!(source_variables, documented);
    let installer_variables = jeton_variables(include_str!("../../../packaging/install.sh"));
    let mentioned_variables = DOCUMENTS.iter().flat_map(|document| jeton_variables(document.text));
    assert_eq!(mentioned_variables.collect::<BTreeSet<_>>(), &documented | &installer_variables);
}

/// Returns the words that start with `JETON_`.
fn jeton_variables(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c == '_'))
        .filter(|word| word.starts_with("JETON_") && word.len() > "JETON_".len())
        .map(str::to_owned)
        .collect()
}
