//! Row of the table that measures the verification of many tokens with one command.

use super::minting::mint_sample;
use super::signing::signing_run;
use crate::bench::Bench;
use crate::comparison::{Run, Series, measure_resources};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure, list_figures, list_rates};
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;

/// Number of runs of each program.
const ROUNDS: usize = 3;

/// A store with recorded tokens (tokens that `token mint --record` stored), and files that contain
/// the tokens.
struct RecordedTokens {
    home: Home,
    /// Path of the file with all tokens in issue order.
    in_order: String,
    /// Path of the file with all tokens in shuffled order.
    shuffled: String,
    /// Path of the file with the first tenth of the tokens.
    tenth: String,
}

/// Function that selects one of the files of tokens, and returns the path of the file.
type FileSelector = fn(&RecordedTokens) -> &String;

impl RecordedTokens {
    /// Mints and records `count` tokens in a new home directory, and writes the files.
    fn mint(program: &Path, count: u32) -> Outcome<Rc<Self>> {
        let home = Home::new(program)?;
        let path = |name| home.directory.path().join(name).to_string_lossy().into_owned();
        let (in_order, shuffled, tenth) = (path("in-order"), path("shuffled"), path("tenth"));
        let mut mint = home.command(&["token", "mint", "--alg", "HS256", "--record", "--quiet"]);
        mint.args(["--count", &count.to_string()]).stdout(File::create(&in_order)?);
        measure_resources(&mut mint)?;
        home.checkpoint()?;
        let text = fs::read_to_string(&in_order)?;
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        fs::write(&tenth, lines.get(..lines.len() / 10).unwrap_or_default().concat())?;
        // The hashes of the tokens determine the order, which is unrelated to the issue order.
        lines.sort_by_cached_key(|line| {
            let mut hasher = DefaultHasher::new();
            line.hash(&mut hasher);
            hasher.finish()
        });
        fs::write(&shuffled, lines.concat())?;
        Ok(Rc::new(Self { home, in_order, shuffled, tenth }))
    }

    /// Returns the [`Run`] of `token verify --batch` with the selected file. The run fails unless
    /// all tokens are valid.
    fn verify_run<'r>(self: &Rc<Self>, select_file: FileSelector) -> Run<'r> {
        let tokens = Rc::clone(self);
        Box::new(move || {
            let mut command =
                tokens.home.command(&["token", "verify", "--batch", "--type", "test"]);
            measure_resources(
                command.stdin(File::open(select_file(&tokens))?).stdout(Stdio::null()),
            )
        })
    }
}

/// Row 9: `token verify --batch` against only signing, with tokens in issue order and in shuffled
/// order. Also the peak memory for all tokens, against the peak memory for a tenth of the tokens.
pub(super) fn measure_batch(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let count = bench.item_count(1_000_000);
    let programs = [Some(&bench.jeton), bench.older_jeton.as_ref()].into_iter().flatten();
    let stores = programs
        .map(|program| Ok((program, RecordedTokens::mint(program, count)?)))
        .collect::<Outcome<Vec<_>>>()?;
    let sample = mint_sample(bench, &["--alg", "HS256", "--record"])?;
    let mut measures = Vec::new();
    let [in_order, shuffled, tenth]: [FileSelector; 3] =
        [|tokens| &tokens.in_order, |tokens| &tokens.shuffled, |tokens| &tokens.tenth];
    for (order, min_ratio, select_file) in
        [("in issue order", 0.4, in_order), ("shuffled", 0.25, shuffled)]
    {
        let prepare = |program: &Path| {
            let store = stores.iter().find(|(path, _)| *path == program).ok_or("no store")?;
            Ok(store.1.verify_run(select_file))
        };
        let baseline = ("signing", signing_run(bench, "HS256", &sample, count)?);
        let comparison = bench.compare(ROUNDS, prepare, vec![baseline])?;
        let details = list_rates(count, "tokens", comparison.all_series());
        let name = format!("token verify --batch, {order}");
        let measure = comparison.speed_ratio("9", name, "signing alone", min_ratio);
        measures.push(measure.with_details([details]));
    }
    let prepare = |program: &Path| -> Outcome<[Run<'_>; 2]> {
        let store = stores.iter().find(|(path, _)| *path == program).ok_or("no store")?;
        Ok([store.1.verify_run(in_order), store.1.verify_run(tenth)])
    };
    let pairs = bench.compare_pairs(1, ["all tokens", "a tenth"], prepare)?;
    let peak = |series: &Series| series.max(|sample| sample.peak_mib);
    let memory = pairs.build_measure(
        "9",
        "token verify --batch, in issue order: peak memory",
        "a tenth of the tokens",
        Goal::AtMost(1.2),
        |all, tenth| peak(all) / peak(tenth),
    );
    measures.push(
        memory.with_details([list_figures(&pairs.series, |series| {
            format!("{:.1} MiB", peak(series))
        })]),
    );
    Ok(measures)
}
