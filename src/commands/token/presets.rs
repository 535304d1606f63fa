//! `jeton token presets …`

use crate::app::{App, Report, Table, Text};
use crate::authority::Template;
use crate::commands::shapes::none;
use crate::failure::Failure;
use crate::model::{Foreign, escaped};
use serde::Serialize;
use serde_json::{Map, Value};

/// List the kinds of token that `token mint --preset` makes, or explain one
///
/// A file NAME.json in the folder `presets` of the configuration directory is a preset, too, and
/// takes the place of one that comes with the program. What `show` prints with `-o json` is such a
/// file.
///
///   jeton token presets
///   jeton token presets show flask
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// To explain one: its parameters, and what each claim is
    #[arg(value_name = "show", add = crate::commands::complete::words(&["show"]))]
    show: Option<String>,

    /// The one that is meant
    #[arg(
        value_name = "NAME",
        add = clap_complete::ArgValueCandidates::new(crate::commands::complete::presets)
    )]
    name: Option<String>,
}

#[derive(Debug, Serialize)]
struct List {
    items: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: Foreign,
    about: Foreign,
    /// Whether it is a file of the user's.
    own: bool,
}

impl Report for List {
    fn text(&self) -> Text {
        let mut table = Table::new(&["NAME", "OWN", "ABOUT"]);
        for line in &self.items {
            let own = if line.own { "yes".to_owned() } else { none() };
            table.row(vec![line.name.shown(), own, line.about.shown()]);
        }
        Text::Table(table)
    }
}

#[derive(Debug, Serialize)]
struct Explained {
    name: Foreign,
    #[serde(flatten)]
    template: Template,
}

impl Report for Explained {
    fn text(&self) -> Text {
        let template = &self.template;
        let mut lines = vec![escaped(&template.about)];
        lines.extend(template.source.iter().map(|url| escaped(url)));
        lines.extend(
            template.algorithm.as_ref().map(|name| format!("signed with {}", escaped(name))),
        );
        lines.extend(template.ttl.as_ref().map(|length| format!("lives {}", escaped(length))));
        section(&mut lines, "parameters", &template.parameters, |_| None);
        section(&mut lines, "header", &template.header, |_| None);
        section(&mut lines, "claims", &template.claims, |name| {
            template.explain.get(name).and_then(Value::as_str)
        });
        if !template.verifiers.is_empty() {
            lines.extend([String::new(), "verifiers that take it:".to_owned()]);
            for (name, passes) in &template.verifiers {
                lines.push(format!("  {}", escaped(name)));
                lines.extend(passes.iter().map(|(defect, why)| {
                    format!("    lets through {} ({})", defect.name(), escaped(why))
                }));
            }
        }
        Text::Lines(lines)
    }
}

fn section<'e>(
    lines: &mut Vec<String>,
    title: &str,
    members: &Map<String, Value>,
    explain: impl Fn(&str) -> Option<&'e str>,
) {
    if members.is_empty() {
        return;
    }
    lines.extend([String::new(), format!("{title}:")]);
    for (name, value) in members {
        let why = explain(name).map(|why| format!("  ({})", escaped(why)));
        let (name, value) = (escaped(name), escaped(&value.to_string()));
        lines.push(format!("  {name} = {value}{}", why.unwrap_or_default()));
    }
}

pub(crate) fn run(app: &mut App, args: &Args) -> Result<(), Failure> {
    match (args.show.as_deref(), args.name.as_deref()) {
        (None | Some("list" | "ls"), None) => list(app),
        (Some("show"), Some(name)) => {
            let template = app.preset(Some(name))?;
            app.report(&Explained { name: Foreign::new(name), template })
        }
        _ => Err(Failure::usage("what is to be shown?")
            .with_hint("explain a preset: jeton token presets show NAME")),
    }
}

fn list(app: &App) -> Result<(), Failure> {
    let mut items = Vec::new();
    for (name, own) in app.presets() {
        match app.preset(Some(&name)) {
            Ok(preset) => {
                let about = Foreign::new(preset.about);
                items.push(Line { name: Foreign::new(name), about, own });
            }
            Err(failure) => app.warning(&failure.message),
        }
    }
    app.report(&List { items })
}
