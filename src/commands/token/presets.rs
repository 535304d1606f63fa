//! `jeton token presets …`

use crate::app::{App, Cell, OutputFormat, Rendered, Report, Table};
use crate::authority::minting::Template;
use crate::commands::command::{Command, DEFAULT_FORMATS, Effect, LIST_FORMATS};
use crate::commands::paging::ListReport;
use crate::commands::views::placeholder;
use crate::failure::Failure;
use crate::model::{Untrusted, escape};
use serde::Serialize;
use serde_json::{Map, Value};

/// List the presets of `token mint --preset`, or show one preset
///
/// A file NAME.json in the directory `presets` of the configuration directory defines a custom
/// preset, and overrides a built-in preset of the same name. `show -o json` prints a preset in the
/// format of such a file.
///
///   jeton token presets
///   jeton token presets show flask
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Show the parameters and claims of a preset
    #[arg(id = "show", value_name = "show", add = crate::commands::completers::fixed_values(&["show"]))]
    subcommand: Option<String>,

    /// Preset to show
    #[arg(
        value_name = "NAME",
        add = crate::commands::completers::presets()
    )]
    name: Option<String>,
}

/// CSV columns of the list: the names of the members of [`PresetRow`] in JSON.
const COLUMNS: &[&str] = &["name", "description", "custom"];

/// Preset in the list. `alg` and `ttl` are only columns of the table of `-o wide`.
#[derive(Debug, Serialize)]
struct PresetRow {
    name: Untrusted,
    description: Untrusted,
    /// `true` if the preset is a file in the configuration directory.
    custom: bool,
    /// Algorithm in the preset.
    #[serde(skip)]
    alg: Option<Untrusted>,
    /// Lifetime in the preset.
    #[serde(skip)]
    ttl: Option<Untrusted>,
}

fn build_table(presets: &[PresetRow]) -> Table {
    let mut table = Table::new(&["NAME", "CUSTOM", "ALG", "LIFETIME", "DESCRIPTION"]);
    for row in presets {
        let custom = if row.custom { "yes".to_owned() } else { placeholder() };
        let [alg, ttl] = [&row.alg, &row.ttl]
            .map(|text| text.as_ref().map_or_else(placeholder, Untrusted::to_display));
        let mut cells: Vec<Cell> =
            [row.name.to_display(), custom, alg, ttl].map(Cell::from).to_vec();
        cells.push(Cell::shortenable(row.description.to_display()));
        table.add_row(cells);
    }
    table
}

/// Preset that `show` prints.
#[derive(Debug, Serialize)]
struct PresetDetails {
    name: Untrusted,
    #[serde(flatten)]
    template: Template,
}

impl Report for PresetDetails {
    fn render(&self) -> Rendered {
        let template = &self.template;
        let mut lines = vec![escape(&template.description)];
        lines.extend(template.sources.iter().map(|url| escape(url)));
        lines.extend(template.as_of.as_ref().map(|date| format!("as of {}", escape(date))));
        lines.extend(template.alg.as_ref().map(|name| format!("signed with {}", escape(name))));
        lines.extend(template.ttl.as_ref().map(|ttl| format!("lifetime {}", escape(ttl))));
        push_section(&mut lines, "parameters", &template.parameters, |_| None);
        push_section(&mut lines, "header", &template.header, |_| None);
        push_section(&mut lines, "claims", &template.claims, |name| {
            template.explain.get(name).and_then(Value::as_str)
        });
        if !template.verifiers.is_empty() {
            lines.extend([String::new(), "defects that verifiers accept:".to_owned()]);
            for (name, accepted_defects) in &template.verifiers {
                lines.push(format!("  {}", escape(name)));
                lines.extend(accepted_defects.iter().map(|(defect, reason)| {
                    format!("    accepts defect {} ({})", defect.name(), escape(reason))
                }));
            }
        }
        Rendered::Lines(lines)
    }
}

/// Appends a title and a line for each member to `lines`. `explain` returns the explanation of the
/// member with the given name, if any. Appends nothing if there are no members.
fn push_section<'e>(
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
        let explanation = explain(name).map(|text| format!("  ({})", escape(text)));
        let (name, value) = (escape(name), escape(&value.to_string()));
        lines.push(format!("  {name} = {value}{}", explanation.unwrap_or_default()));
    }
}

impl Command for Args {
    const ACTION: &'static str = "token presets";
    const EFFECT: Effect = Effect::Reads;
    const FORMATS: &'static [OutputFormat] = LIST_FORMATS;

    fn formats(&self) -> &'static [OutputFormat] {
        if self.name.is_some() { DEFAULT_FORMATS } else { Self::FORMATS }
    }

    fn run(self, app: &mut App) -> Result<(), Failure> {
        match (self.subcommand.as_deref(), self.name.as_deref()) {
            (None | Some("list" | "ls"), None) => list_presets(app),
            (Some("show"), Some(name)) => {
                let template = app.environment.load_preset(Some(name))?;
                app.console.report(&PresetDetails { name: Untrusted::new(name), template })
            }
            _ => Err(Failure::usage("invalid arguments: expected no argument, or `show NAME`")
                .with_hint("show a preset: jeton token presets show NAME")),
        }
    }
}

/// Prints the list of presets. Prints a warning for each preset that cannot be loaded.
fn list_presets(app: &App) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for (name, is_custom) in app.environment.list_presets() {
        match app.environment.load_preset(Some(&name)) {
            Ok(preset) => {
                rows.push(PresetRow {
                    name: Untrusted::new(name),
                    description: Untrusted::new(preset.description),
                    custom: is_custom,
                    alg: preset.alg.map(Untrusted::new),
                    ttl: preset.ttl.map(Untrusted::new),
                });
            }
            Err(failure) => app.console.print_warning(&failure.message),
        }
    }
    let list = ListReport {
        noun: "presets",
        columns: COLUMNS,
        id_of: |preset: &PresetRow| preset.name.to_display(),
        build_table,
        wide_columns: &["ALG", "LIFETIME"],
    };
    list.report_rows(app, rows)
}
