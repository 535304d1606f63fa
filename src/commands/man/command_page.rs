//! Manual pages of commands, in section 1.

use super::guide_page::add_blocks;
use super::page::{Page, start_page};
use crate::commands::global_args;
use crate::commands::guides::{GUIDES, Guide};
use crate::failure::{Code, Failure, Kind};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use std::io;

/// Renders the pages of a command and all subcommands.
pub(super) fn render_all(command: clap::Command) -> Result<Vec<Page>, Failure> {
    let mut pages = Vec::new();
    add_pages(command, &mut pages)?;
    Ok(pages)
}

fn add_pages(command: clap::Command, pages: &mut Vec<Page>) -> Result<(), Failure> {
    let subcommands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    let page = render(command).map_err(|error| Failure::new(Code::Internal, error.to_string()))?;
    pages.push(page);
    subcommands.into_iter().try_for_each(|command| add_pages(command, pages))
}

/// Renders the page of one command. Only the page of the program lists the global options.
fn render(mut command: clap::Command) -> io::Result<Page> {
    command.build();
    let mut command = global_args::with_visible_global_options(command);
    let name = command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned();
    if name != "jeton" {
        command = command.mut_args(|argument| {
            let is_listed_once = argument.is_global_set() && argument.get_id() != "output";
            argument.hide(is_listed_once)
        });
    }
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
    add_reference(&mut roff, &name);
    page.extend(roff.render().into_bytes());
    Ok((format!("{name}.1"), String::from_utf8_lossy(&page).into_owned()))
}

/// Adds the options with their values, then the arguments. Global options and `--help` are not listed.
fn add_synopsis(roff: &mut Roff, command: &clap::Command) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let is_listed = |argument: &&clap::Arg| {
        let is_common = argument.is_global_set() || argument.get_id() == "help";
        !argument.is_hide_set() && !is_common
    };
    let (arguments, options): (Vec<_>, Vec<_>) =
        command.get_arguments().filter(is_listed).partition(|argument| argument.is_positional());
    let mut synopsis = vec![bold(name)];
    for argument in options.into_iter().chain(arguments) {
        let separator = if argument.is_last_set() { "-- " } else { "" };
        let usage = format!("{separator}{argument}");
        let is_complete = argument.is_required_set() || usage.starts_with('[');
        synopsis.push(roman(if is_complete { format!(" {usage}") } else { format!(" [{usage}]") }));
    }
    if command.has_subcommands() {
        synopsis.push(roman(" COMMAND"));
    }
    roff.control("SH", ["SYNOPSIS"]).text(synopsis);
}

/// Adds the description, and the indented lines at its end as a section of examples.
fn add_description(roff: &mut Roff, command: &clap::Command) {
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    // The first sentence is in the section NAME.
    let about = about.split_once("\n\n").map_or(about.as_str(), |(_, details)| details);
    let is_example = |line: &&str| line.starts_with("  ");
    roff.control("SH", ["DESCRIPTION"]);
    for line in about.lines().filter(|line| !is_example(line)) {
        if line.is_empty() {
            roff.control("PP", []);
        } else {
            roff.text([roman(line)]);
        }
    }
    let examples: Vec<&str> = about.lines().filter(is_example).collect();
    if !examples.is_empty() {
        roff.control("SH", ["EXAMPLES"]).control("nf", []);
        for line in examples {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
}

/// Adds the sections that are the same for all commands. Only the page of the program lists variables
/// and files; the pages of commands refer to that page.
fn add_reference(roff: &mut Roff, name: &str) {
    const SECTIONS: [(&str, &str); 2] =
        [("ENVIRONMENT", "Environment variables"), ("FILES", "Files")];
    roff.control("SH", ["EXIT STATUS"]);
    roff.control("TP", []).text([bold("0")]).text([roman("success")]);
    for kind in Kind::ALL {
        roff.control("TP", []).text([bold(kind.exit_code().to_string())]);
        roff.text([roman(kind.meaning())]);
    }
    for (title, heading) in SECTIONS {
        roff.control("SH", [title]);
        match Guide::find("scripting") {
            Some(guide) if name == "jeton" => add_blocks(roff, &guide.section(heading)),
            _ => {
                roff.text([roman("See "), bold("jeton"), roman("(1).")]);
            }
        }
    }
    roff.control("SH", ["SEE ALSO"]);
    let parent = name.rsplit_once('-').map(|(parent, _)| (parent.to_owned(), "(1)"));
    let guides = GUIDES.iter().map(|guide| (format!("jeton-{}", guide.name), "(7)"));
    let mut pages = Vec::new();
    for (page, section) in parent.into_iter().chain(guides) {
        let separator = if pages.is_empty() { "" } else { ", " };
        pages.extend([roman(separator), bold(page), roman(section)]);
    }
    roff.text(pages);
}
