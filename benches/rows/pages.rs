//! Row of the table that measures pages of a million users: the first page, pages by id
//! (`--after`), and late pages by number (`--page`).

use crate::bench::Bench;
use crate::comparison::{Run, measure_duration};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure};
use std::path::Path;
use std::rc::Rc;

/// Row `pages`: each page against the first page.
pub(super) fn measure_pages(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    for (name, page_args, max_ratio) in [
        ("users list --after 500000", ["--after", "500000"], 1.1),
        ("users list --after 999975", ["--after", "999975"], 1.1),
        ("users list --page 20000", ["--page", "20000"], 10.0),
        ("users list --page 40000", ["--page", "40000"], 10.0),
    ] {
        let prepare = |program: &Path| -> Outcome<[Run<'_>; 2]> {
            let home = Rc::new(Home::new(program)?);
            home.insert_users(999_999)?;
            let list_run = |args: [&'static str; 2]| -> Run<'_> {
                let home = Rc::clone(&home);
                let list = ["users", "list", "--per-page", "25", "--quiet"];
                Box::new(move || {
                    measure_duration(&mut home.command(&[&list[..], &args].concat()), 0)
                })
            };
            Ok([list_run(page_args), list_run(["--page", "1"])])
        };
        let pairs =
            bench.compare_pairs(bench.round_count(300), ["this page", "--page 1"], prepare)?;
        measures.push(pairs.time_ratio("pages", name, "--page 1", Goal::AtMost(max_ratio)));
    }
    Ok(measures)
}
