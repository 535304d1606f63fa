//! The rows of the table. A row has a name, such as `5` or `pages`, and one or more measures.

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

/// Function that measures the rows of a group. The slice contains the names of the selected rows of
/// the group.
type MeasureFunction = fn(&Bench, &[&str]) -> Outcome<Vec<Measure>>;

/// Rows that are measured together.
pub(crate) struct Group {
    /// Names of the rows.
    pub(crate) row_names: &'static [&'static str],
    /// Set if the rows are measured without `--rows`.
    pub(crate) is_default: bool,
    /// Function that measures the rows.
    pub(crate) measure: MeasureFunction,
}

impl Group {
    pub(crate) fn has_row(&self, name: &str) -> bool {
        self.row_names.contains(&name)
    }
}

/// All groups, in the order of the table.
pub(crate) const GROUPS: &[Group] = &[
    default_group(&["1"], processes::measure_token_create),
    default_group(&["2"], peers::measure_jwt_cli),
    default_group(&["3"], processes::measure_start),
    default_group(&["4"], processes::measure_token_verify),
    default_group(&["5", "6"], minting::measure_recorded),
    default_group(&["7"], minting::measure_unrecorded),
    default_group(&["8"], minting::measure_key_pairs),
    default_group(&["9"], verification::measure_batch),
    default_group(&["10"], accounts::measure_login),
    default_group(&["11"], concurrency::measure_parallel_creation),
    default_group(&["12"], accounts::measure_import),
    default_group(&["13"], maintenance::measure_bulk_changes),
    default_group(&["14"], processes::measure_fixtures_and_completion),
    default_group(&["15"], processes::measure_memory_and_size),
    default_group(&["peers"], peers::measure_peers),
    optional_group(&["pages"], pages::measure_pages),
    optional_group(&["logins"], logins::measure_failed_logins),
    optional_group(&["prune"], concurrency::measure_concurrent_prune),
];

/// Returns a group that is measured without `--rows`.
const fn default_group(row_names: &'static [&'static str], measure: MeasureFunction) -> Group {
    Group { row_names, is_default: true, measure }
}

/// Returns a group that is measured only if `--rows` names one of its rows.
const fn optional_group(row_names: &'static [&'static str], measure: MeasureFunction) -> Group {
    Group { row_names, is_default: false, measure }
}
