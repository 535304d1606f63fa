//! Manual pages of commands, in section 1 of the manual.

use super::guide_page::add_blocks;
use super::page::{Page, start_page};
use crate::commands::global_args;
use crate::commands::guides::{GUIDES, Guide};
use crate::failure::{Code, Failure, Kind};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use std::io;

/// Renders the pages of a command and all subcommands.
pub(super) fn render_all(command: clap::Command) -> Result<Vec<Page>, Failure> {
    let mut pages = Vec::new();
    add_pages(command, &[], &mut pages)?;
    Ok(pages)
}

/// Adds the pages of a command and its subcommands. `parents` are the page names of the
/// parent commands.
fn add_pages(
    mut command: clap::Command,
    parents: &[String],
    pages: &mut Vec<Page>,
) -> Result<(), Failure> {
    command.build();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    let subcommands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let page = render(command, parents)
        .map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    pages.push(page);
    let parents = [parents, &[name]].concat();
    subcommands.into_iter().try_for_each(|command| add_pages(command, &parents, pages))
}

/// Renders the page of one command. Only the page of the program lists the global options, except
/// `--output`, which every page lists.
fn render(command: clap::Command, parents: &[String]) -> io::Result<Page> {
    let mut command = global_args::with_visible_global_options(command);
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    if name != "jeton" {
        command = command.mut_args(|argument| {
            let is_only_on_program_page = argument.is_global_set() && argument.get_id() != "output";
            argument.hide(is_only_on_program_page)
        });
    }
    command = command.mut_args(with_separate_lines);
    let has_arguments = command.get_arguments().any(|argument| !argument.is_hide_set());
    let mut page = start_page(&name, "1").render().into_bytes();
    let man = Man::new(command.clone());
    man.render_name_section(&mut page)?;
    let mut roff = Roff::new();
    add_synopsis(&mut roff, &command);
    add_description(&mut roff, &command);
    page.extend(roff.render().into_bytes());
    if has_arguments {
        man.render_options_section(&mut page)?;
    }
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::new();
    add_reference_sections(&mut roff, parents);
    page.extend(roff.render().into_bytes());
    Ok((format!("{name}.1"), with_bold_code(&String::from_utf8_lossy(&page))))
}

/// Separates the lines of a help text by blank lines, because a manual page joins adjacent lines.
fn with_separate_lines(argument: clap::Arg) -> clap::Arg {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> = help.lines().filter(|line| !line.is_empty()).collect();
    if lines.len() > 1 { argument.long_help(lines.join("\n\n")) } else { argument }
}

/// Returns a page with the code between backticks in bold type, without the backticks. In the
/// section NAME, which other programs read, the code is not bold.
fn with_bold_code(page: &str) -> String {
    let (mut text, mut is_name_section) = (String::new(), false);
    for line in page.split_inclusive('\n') {
        if line.starts_with(".SH") {
            is_name_section = line.contains("NAME");
        }
        let mut parts = line.split('`');
        text += parts.next().unwrap_or_default();
        // A line alternates between text and code: code starts at the first backtick.
        for (number, part) in parts.enumerate() {
            text += match (is_name_section, number % 2) {
                (true, _) => "",
                (false, 0) => "\\fB",
                (false, _) => "\\fR",
            };
            text += part;
        }
    }
    text
}

/// Adds the section SYNOPSIS: the options with their values, then the positional arguments, without the
/// global options and `--help`.
fn add_synopsis(roff: &mut Roff, command: &clap::Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let is_listed = |argument: &&clap::Arg| {
        let is_common = argument.is_global_set() || argument.get_id() == "help";
        !argument.is_hide_set() && !is_common
    };
    let (positionals, options): (Vec<_>, Vec<_>) =
        command.get_arguments().filter(is_listed).partition(|argument| argument.is_positional());
    let mut synopsis = vec![bold(name)];
    for argument in options.into_iter().chain(positionals) {
        let separator = if argument.is_last_set() { "-- " } else { "" };
        let usage = format!("{separator}{argument}");
        let needs_no_brackets = argument.is_required_set() || usage.starts_with('[');
        // An option and its value stay on one line.
        let usage = usage.replace(' ', "\u{a0}");
        synopsis.push(roman(if needs_no_brackets {
            format!(" {usage}")
        } else {
            format!(" [{usage}]")
        }));
    }
    if command.has_subcommands() {
        synopsis.push(roman(" COMMAND"));
    }
    roff.control("SH", ["SYNOPSIS"]).text(synopsis);
}

/// Adds the sections DESCRIPTION and EXAMPLES. The examples are the indented lines at the end of
/// the help text.
fn add_description(roff: &mut Roff, command: &clap::Command) {
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> = about.lines().collect();
    let examples_start = lines.iter().rposition(|line| !is_indented(line)).map_or(0, |i| i + 1);
    let (text, examples) = lines.split_at(examples_start);
    let mut paragraphs = text.splitn(2, |line| line.is_empty());
    let summary = paragraphs.next().unwrap_or_default();
    // The summary is in the section NAME, and is repeated here only if there is no other text.
    let details = paragraphs.next().filter(|lines| lines.iter().any(|line| !line.is_empty()));
    roff.control("SH", ["DESCRIPTION"]);
    for lines in details.unwrap_or(summary).chunk_by(|a, b| is_indented(a) == is_indented(b)) {
        if lines.first().is_some_and(|line| is_indented(line)) {
            add_verbatim(roff, lines);
            continue;
        }
        for line in lines {
            if line.is_empty() {
                roff.control("PP", []);
            } else {
                roff.text([roman(*line)]);
            }
        }
    }
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]);
        add_verbatim(roff, examples);
    }
}

fn is_indented(line: &str) -> bool {
    line.starts_with("  ")
}

/// Adds lines with their line breaks.
fn add_verbatim(roff: &mut Roff, lines: &[&str]) {
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(*line)]);
    }
    roff.control("fi", []);
}

/// Adds the sections after the options and subcommands: EXIT STATUS, ENVIRONMENT, FILES and SEE
/// ALSO. The page of a command, unlike the page of the program, also gets the section GLOBAL
/// OPTIONS. On the page of a command, GLOBAL OPTIONS, ENVIRONMENT and FILES only refer to the page
/// of the program.
fn add_reference_sections(roff: &mut Roff, parents: &[String]) {
    // Titles on the page, with the headings of the same texts in the guide `scripting`.
    const SECTIONS: [(&str, &str); 2] =
        [("ENVIRONMENT", "Environment variables"), ("FILES", "Files")];
    let is_program = parents.is_empty();
    if !is_program {
        roff.control("SH", ["GLOBAL OPTIONS"]).text(see_program_page());
    }
    roff.control("SH", ["EXIT STATUS"]);
    roff.control("TP", []).text([bold("0")]).text([roman("success")]);
    for kind in Kind::ALL {
        roff.control("TP", []).text([bold(kind.exit_code().to_string())]);
        roff.text([roman(kind.meaning())]);
    }
    for (title, heading) in SECTIONS {
        roff.control("SH", [title]);
        match Guide::find("scripting") {
            Some(guide) if is_program => add_blocks(roff, &guide.section(heading)),
            _ => {
                roff.text(see_program_page());
            }
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    let parents = parents.iter().rev().map(|parent| (parent.clone(), "(1)"));
    let guides = GUIDES.iter().map(|guide| (format!("jeton-{}", guide.name), "(7)"));
    let mut pages = Vec::new();
    for (page, section) in parents.chain(guides) {
        let separator = if pages.is_empty() { "" } else { ", " };
        pages.extend([roman(separator), bold(page), roman(section)]);
    }
    roff.text(pages);
}

fn see_program_page() -> [Inline; 3] {
    [roman("See "), bold("jeton"), roman("(1).")]
}
