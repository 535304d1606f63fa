//! The rows of the table.

mod accounts;
mod concurrency;
mod logins;
mod maintenance;
mod minting;
mod pages;
mod peers;
mod processes;
mod signing;
mod verification;

use crate::bench::Bench;
use crate::home::Outcome;
use crate::report::Measure;

/// Rows that are measured together.
pub(crate) struct Group {
    pub(crate) rows: &'static [&'static str],
    /// Set if the rows are measured without `--rows`.
    pub(crate) is_default: bool,
    /// Measures the group; the second argument contains the selected rows.
    pub(crate) measure: fn(&Bench, &[&str]) -> Outcome<Vec<Measure>>,
}

impl Group {
    pub(crate) fn has_row(&self, name: &str) -> bool {
        self.rows.contains(&name)
    }
}

/// All groups, in the order of the table.
pub(crate) const GROUPS: &[Group] = &[
    row(&["1"], processes::measure_token_create),
    row(&["2"], peers::measure_jwt_cli),
    row(&["3"], processes::measure_start),
    row(&["4"], processes::measure_token_verify),
    row(&["5", "6"], minting::measure_recorded),
    row(&["7"], minting::measure_unrecorded),
    row(&["8"], minting::measure_key_pairs),
    row(&["9"], verification::measure_batch),
    row(&["10"], accounts::measure_login),
    row(&["11"], concurrency::measure_parallel_creation),
    row(&["12"], accounts::measure_import),
    row(&["13"], maintenance::measure_bulk_changes),
    row(&["14"], processes::measure_fixtures_and_completion),
    row(&["15"], processes::measure_size),
    row(&["peers"], peers::measure_peers),
    extra(&["pages"], pages::measure_pages),
    extra(&["logins"], logins::measure_failed_logins),
    extra(&["prune"], concurrency::measure_concurrent_prune),
];

type MeasureFunction = fn(&Bench, &[&str]) -> Outcome<Vec<Measure>>;

const fn row(rows: &'static [&'static str], measure: MeasureFunction) -> Group {
    Group { rows, is_default: true, measure }
}

/// Returns a group that is measured only on request.
const fn extra(rows: &'static [&'static str], measure: MeasureFunction) -> Group {
    Group { rows, is_default: false, measure }
}
