//! Tests of the guides against the program, and of their rendering.

use super::{GUIDES, Guide, markdown, names, plain_text, render_guide_or_topic};
use crate::app::OutputFormat;
use crate::commands::cli::Tree;
use crate::commands::command::{CommandInfo, CommandTree, LIST_FORMATS};
use crate::commands::global_args;
use crate::commands::guides::Block;
use crate::failure::Kind;
use insta::assert_snapshot;
use std::fs;

/// Returns the rows of the only table in a section of the guide `scripting`, without the header.
fn table_rows(heading: &str) -> Vec<Vec<String>> {
    let section = Guide::find("scripting").unwrap().section(heading);
    let tables: Vec<_> = section
        .iter()
        .filter_map(|block| if let Block::Table(rows) = block { Some(rows) } else { None })
        .collect();
    let [rows] = tables.as_slice() else { panic!("{} tables in {heading}", tables.len()) };
    rows.iter().skip(1).map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

#[test]
fn exit_code_table_lists_success_and_every_kind_with_its_codes() {
    let expected_rows = Kind::ALL.iter().map(|kind| {
        let codes: Vec<&str> = kind.codes().iter().map(|code| code.as_str()).collect();
        let exit_code = kind.exit_code().to_string();
        [exit_code, kind.name().to_owned(), kind.meaning().to_owned(), codes.join(", ")].to_vec()
    });
    let rows = table_rows("Exit codes");
    assert_eq!(rows[0][..2], ["0", ""]);
    assert_eq!(rows[1..], expected_rows.collect::<Vec<_>>());
}

#[test]
fn format_table_has_every_format_and_its_commands() {
    let commands = Tree::ROOT.commands();
    let join_actions = |is_included: &dyn Fn(&CommandInfo) -> bool| {
        let included = commands.iter().filter(|info| is_included(info));
        included.map(|info| format!("`{}`", info.action)).collect::<Vec<_>>().join(", ")
    };
    let expected_rows = global_args::OUTPUT_FORMATS.iter().map(|(format, description)| {
        let commands = match format {
            OutputFormat::Text => "all commands".to_owned(),
            OutputFormat::Json => {
                let text_only = join_actions(&|info| !info.formats.contains(format));
                format!("all commands except {text_only}")
            }
            OutputFormat::Wide
            | OutputFormat::JsonLines
            | OutputFormat::Csv
            | OutputFormat::Name
            | OutputFormat::Dotenv
            | OutputFormat::Github => {
                let others = join_actions(&|info| {
                    info.formats.contains(format) && info.formats != LIST_FORMATS
                });
                let lists = LIST_FORMATS.contains(format).then_some("lists");
                let parts = [lists, Some(others.as_str()).filter(|others| !others.is_empty())];
                parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
        };
        [format!("`{}`", format.name()), (*description).to_owned(), commands].to_vec()
    });
    assert_eq!(table_rows("Output"), expected_rows.collect::<Vec<_>>());
}

#[test]
fn every_guide_is_embedded() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/guides");
    let mut files: Vec<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    let mut guides: Vec<String> = GUIDES.iter().map(|guide| format!("{}.md", guide.name)).collect();
    guides.sort();
    assert_eq!(guides, files);
}

#[test]
fn every_guide_and_topic_has_text_and_guide_lines_outside_code_fit_80_columns() {
    for name in names() {
        assert!(render_guide_or_topic(name).unwrap().lines().count() > 10, "{name}");
    }
    for guide in &GUIDES {
        let mut blocks = guide.blocks();
        blocks.retain(|block| !matches!(block, Block::Code(_)));
        for line in plain_text::render(&blocks).lines() {
            let line =
                line.replace("\u{1b}[1m", "").replace("\u{1b}[4m", "").replace("\u{1b}[0m", "");
            // A single word that is too long cannot be wrapped.
            let is_single_word = !line.trim().contains(' ');
            assert!(is_single_word || line.chars().count() <= 80, "{}: {line}", guide.name);
        }
    }
}

#[test]
fn guide_blocks_are_rendered_as_styled_text() {
    let markdown = "# Title\n\nSome `code` and\n[words](../../src).\n\n- one\n- two\n\n1. first\n\n\
                    ```sh\na\n\n b\n```\n\n| a | b |\n|---|---|\n| `x` | y |\n";
    assert_snapshot!(plain_text::render(&markdown::parse(markdown)).replace('\u{1b}', "^"), @"
    ^[1m^[4mTitle^[0m

    Some `code` and words (src).

    - one
    - two
    1. first

        a

         b

      a    b
      `x`  y
    ");
}

#[test]
fn wide_table_is_rendered_as_list() {
    let words = "word ".repeat(20);
    let markdown = format!("| a | b | c |\n|---|---|---|\n| x | | {words}|\n| y | z | w |\n");
    assert_snapshot!(plain_text::render(&markdown::parse(&markdown)), @"
    x
        c: word word word word word word word word word word word word word word
        word word word word word word
    y
        b: z
        c: w
    ");
}
