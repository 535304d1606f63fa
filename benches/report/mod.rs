//! The table of measures: goal and figure side by side.
//!
//! A row of the table has a name, such as `5` or `pages`, and consists of one or more lines. Each
//! line is a measure: a figure and, for most measures, a goal for the figure.

use crate::comparison::Series;

/// Limit for a figure.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    Between(f64, f64),
    /// The figure is reported without a limit.
    None,
}

impl Goal {
    fn is_met(self, figure: f64) -> bool {
        match self {
            Self::AtMost(max) => figure <= max,
            Self::AtLeast(min) => figure >= min,
            Self::Between(min, max) => (min..=max).contains(&figure),
            Self::None => true,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(max) => format!("≤ {max}"),
            Self::AtLeast(min) => format!("≥ {min}"),
            Self::Between(min, max) => format!("{min} to {max}"),
            Self::None => "—".to_owned(),
        }
    }
}

/// A line of the table, with the figure of jeton and, if measured, the figure of an older jeton.
pub(crate) struct Measure {
    /// Name of the row that contains the line; `--rows` selects rows.
    pub(crate) row_name: &'static str,
    /// Name of the measure, such as the measured command.
    pub(crate) name: String,
    /// Description of the baseline or the other workload of the comparison; may be empty.
    pub(crate) against: &'static str,
    pub(crate) goal: Goal,
    /// Set if the goal applies only to a statically linked jeton.
    pub(crate) is_static_only: bool,
    /// Unit of goal and figures: `×` for a ratio.
    pub(crate) unit: &'static str,
    /// The figure; `None` if the baseline is not installed.
    pub(crate) figure: Option<f64>,
    /// Figure of the older jeton, measured in the same run.
    pub(crate) older_figure: Option<f64>,
    /// Lines of text below this line: further figures, or the way to install the baseline.
    pub(crate) details: Vec<String>,
}

impl Measure {
    /// Returns a line with the unit `×`. `figures` are the figure of jeton and, if measured, the
    /// figure of the older jeton.
    pub(crate) fn new(
        row_name: &'static str,
        name: impl Into<String>,
        against: &'static str,
        goal: Goal,
        figures: impl IntoIterator<Item = f64>,
    ) -> Self {
        let mut figures = figures.into_iter();
        Self {
            row_name,
            name: name.into(),
            against,
            goal,
            is_static_only: false,
            unit: "×",
            figure: figures.next(),
            older_figure: figures.next(),
            details: Vec::new(),
        }
    }

    /// Returns a line without a figure for a baseline that is not installed. `install` is the way
    /// to install the baseline.
    pub(crate) fn not_installed(
        row_name: &'static str,
        name: &str,
        against: &'static str,
        goal: Goal,
        install: &str,
    ) -> Self {
        let details = [format!("not installed: {install}")];
        Self::new(row_name, name, against, goal, []).with_details(details)
    }

    /// Limits the goal to a statically linked jeton.
    pub(crate) fn static_only(self) -> Self {
        Self { is_static_only: true, ..self }
    }

    pub(crate) fn with_unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    /// Adds lines of text below this line.
    pub(crate) fn with_details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }

    /// Prints the line. `is_static` is set if the measured jeton is linked statically. Returns
    /// `false` if the goal applies to this jeton and is missed.
    pub(crate) fn print(&self, is_static: bool) -> bool {
        let goal_applies = is_static || !self.is_static_only;
        let is_met = self.figure.is_none_or(|figure| self.goal.is_met(figure));
        let outcome = match (self.figure, self.goal) {
            (None, _) => "not measured",
            (_, Goal::None) => "",
            _ if !goal_applies => "(static only)",
            _ if is_met => "met",
            _ => "MISSED",
        };
        let to_text = |figure: f64| format!("{figure:.2} {}", self.unit);
        let [figure, older_figure] =
            [self.figure, self.older_figure].map(|figure| figure.map_or_else(String::new, to_text));
        print_line(
            self.row_name,
            &self.name,
            self.against,
            &self.goal.text(),
            [&figure, &older_figure],
            outcome,
        );
        for detail in &self.details {
            println!("{:8}{detail}", "");
        }
        is_met || !goal_applies
    }
}

/// Prints the titles of the columns.
pub(crate) fn print_titles() {
    print_line("row", "measure", "against", "goal", ["figure", "before"], "");
}

fn print_line(
    row_name: &str,
    name: &str,
    against: &str,
    goal: &str,
    figures: [&str; 2],
    outcome: &str,
) {
    let [figure, older_figure] = figures;
    let line = format!(
        "{row_name:<7} {name:<42} {against:<34} {goal:>12} {figure:>12} {older_figure:>12}  {outcome}"
    );
    println!("{}", line.trim_end());
}

/// Returns a text with the median duration of each series.
pub(crate) fn list_milliseconds<'s>(series: impl IntoIterator<Item = &'s Series>) -> String {
    list_figures(series, |series| format!("{:.2} ms", series.median_seconds() * 1000.0))
}

/// Returns a text with the speed of each series: `count`, the number of items of one run, divided
/// by the median duration.
pub(crate) fn list_rates<'s>(
    count: u32,
    item_name: &str,
    series: impl IntoIterator<Item = &'s Series>,
) -> String {
    list_figures(series, |series| {
        format!("{:.0} {item_name}/s", f64::from(count) / series.median_seconds())
    })
}

/// Returns a text with a figure of each series, and the number of runs. All series must have the
/// same number of runs.
pub(crate) fn list_figures<'s>(
    series: impl IntoIterator<Item = &'s Series>,
    to_text: impl Fn(&Series) -> String,
) -> String {
    let mut run_count = 0;
    let mut texts = Vec::new();
    for series in series {
        run_count = series.run_count();
        texts.push(format!("{} {}", series.name, to_text(series)));
    }
    format!("{}; runs: {run_count}", texts.join(", "))
}
