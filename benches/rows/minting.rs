//! Rows of the table that measure minting of many tokens with one command.

use super::signing::signing_run;
use crate::bench::{Bench, Comparison};
use crate::comparison::{Run, Sample, Series, measure_resources};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure, list_figures, list_rates};
use std::fs::File;
use std::path::Path;
use std::process::Stdio;

/// Number of tokens that a run mints without `--quick`, unless the row defines another number.
const TOKENS: u32 = 1_000_000;

/// Number of runs of each program.
const ROUNDS: usize = 3;

/// Options of `token mint` for recorded tokens, which are stored and can be revoked.
const RECORD_OPTIONS: &[&str] = &["--alg", "HS256", "--record"];

/// Mints tokens in a new home directory, and writes the tokens to a file in the directory. `count`
/// is the number of tokens that `options` request. The output of more than a million tokens is
/// discarded. With `--record`, fails unless the store contains all tokens.
fn mint(program: &Path, options: &[&str], count: u32) -> Outcome<Sample> {
    let home = Home::new(program)?;
    // The first token creates the key, so that the measured run does not create the key.
    home.run(&["token", "mint", "--alg", "HS256"])?;
    let mut command = home.command(&[&["token", "mint", "--quiet"], options].concat());
    command.stdout(if count > TOKENS {
        Stdio::null()
    } else {
        File::create(home.directory.path().join("tokens"))?.into()
    });
    let sample = home.measure_growth(|| measure_resources(&mut command))?;
    let recorded_count = home.query_number("SELECT count(*) FROM tokens WHERE grant_id > 1")?;
    if options.contains(&"--record") && recorded_count != count {
        return Err(format!("{recorded_count} tokens recorded, expected {count}").into());
    }
    Ok(sample)
}

/// Returns one token that `token mint` creates with the options: the sample for [`signing_run`].
pub(super) fn mint_sample(bench: &Bench, options: &[&str]) -> Outcome<String> {
    Home::new(&bench.jeton)?.output(&[&["token", "mint"], options].concat())
}

/// Returns the [`Run`] that mints and records `count` tokens.
pub(super) fn mint_run<'r>(program: &Path, count: u32) -> Run<'r> {
    let program = program.to_owned();
    Box::new(move || {
        mint(&program, &[RECORD_OPTIONS, &["--count", &count.to_string()]].concat(), count)
    })
}

/// Rows 5 and 6. Row 5: `token mint --record` against only signing and against only storing the
/// tokens. Row 6: peak memory and growth of the store, without `--quick` also for ten times as many
/// tokens.
pub(super) fn measure_recorded(bench: &Bench, selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let count = bench.item_count(TOKENS);
    let sample = mint_sample(bench, RECORD_OPTIONS)?;
    let store_tokens = || {
        let home = Home::new(&bench.jeton)?;
        let store = home.store_path().to_string_lossy().into_owned();
        let mut command = bench.baseline_command("store-tokens", &[&store, &count.to_string()]);
        home.measure_growth(|| measure_resources(&mut command))
    };
    let baselines: Vec<(&str, Run<'_>)> = vec![
        ("signing", signing_run(bench, "HS256", &sample, count)?),
        ("storing", Box::new(store_tokens)),
    ];
    let prepare = |program: &Path| Ok(mint_run(program, count));
    let comparison = bench.compare(ROUNDS, prepare, baselines)?;
    let against = "the slower of signing and storing";
    let details = list_rates(count, "tokens", comparison.all_series());
    let mut measures = vec![
        comparison
            .speed_ratio("5", "token mint --record, HS256", against, 0.65)
            .with_details([details]),
    ];
    for (against, baseline) in
        ["signing alone", "storing alone"].into_iter().zip(&comparison.baselines)
    {
        let figure = |series: &_| speed_ratio(baseline, series);
        measures.push(comparison.build_measure("5", "the same", against, Goal::None, figure));
    }
    measures.extend(size_measures(&comparison, count, Goal::AtMost(85.0), Goal::AtMost(64.0)));
    if selected_rows.contains(&"6") && !bench.is_quick {
        let count = 10 * TOKENS;
        let prepare = |program: &Path| Ok(mint_run(program, count));
        let large = bench.compare(1, prepare, vec![])?;
        measures.extend(size_measures(&large, count, Goal::None, Goal::AtMost(64.0)));
    }
    Ok(measures)
}

/// Returns the speed of `series` divided by the speed of `baseline`.
fn speed_ratio(baseline: &Series, series: &Series) -> f64 {
    baseline.median_seconds() / series.median_seconds()
}

/// Returns measures of the peak memory, and of the bytes that each token adds to the store file.
fn size_measures(
    comparison: &Comparison,
    count: u32,
    bytes_goal: Goal,
    memory_goal: Goal,
) -> [Measure; 2] {
    let memory = comparison.build_measure(
        "6",
        format!("peak memory, {count} tokens"),
        "",
        memory_goal,
        |series| series.max(|sample| sample.peak_mib),
    );
    let name = format!("bytes a token, {count} tokens");
    let bytes = comparison.build_measure("6", name, "", bytes_goal, |series| {
        series.median(|sample| sample.store_growth_bytes) / f64::from(count)
    });
    [memory.with_unit("MiB"), bytes.with_unit("bytes")]
}

/// Row 7: `token mint` without `--record` against only signing. The claims of the tokens are the
/// default claims, or come from a preset, a CSV file or a JSONL file.
pub(super) fn measure_unrecorded(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let count = bench.item_count(TOKENS);
    let home = Home::new(&bench.jeton)?;
    let csv_line = |number| format!("user{number:07},blue");
    let json_line = |number| format!("{{\"sub\":\"user{number:07}\",\"team\":\"blue\"}}");
    let header = || std::iter::once("sub,team".to_owned());
    let files = [
        home.write_file("rows.csv", header().chain((0..count).map(csv_line)))?,
        home.write_file("rows.jsonl", (0..count).map(json_line))?,
        home.write_file("row.csv", header().chain([csv_line(0)]))?,
        home.write_file("row.jsonl", std::iter::once(json_line(0)))?,
    ];
    let [csv, jsonl, one_row_csv, one_row_jsonl] = files.each_ref().map(String::as_str);
    let count_text = count.to_string();
    let (all_tokens, one_token) = (["--count", &count_text], ["--count", "1"]);
    let preset = ["--preset", "rfc9068"];
    let mut measures = Vec::new();
    for (name, options, sample_options, min_ratio) in [
        ("token mint", all_tokens.to_vec(), one_token.to_vec(), 0.85),
        ("token mint --preset", [preset, all_tokens].concat(), [preset, one_token].concat(), 0.6),
        ("token mint --from CSV", vec!["--from", csv], vec!["--from", one_row_csv], 0.6),
        ("token mint --from JSONL", vec!["--from", jsonl], vec!["--from", one_row_jsonl], 0.6),
    ] {
        let algorithm = ["--alg", "HS256"];
        let sample = mint_sample(bench, &[&algorithm, sample_options.as_slice()].concat())?;
        let options = [&algorithm, options.as_slice()].concat();
        let prepare = |program: &Path| -> Outcome<Run<'_>> {
            let (program, options) = (program.to_owned(), options.clone());
            Ok(Box::new(move || mint(&program, &options, count)))
        };
        let baseline = ("signing", signing_run(bench, "HS256", &sample, count)?);
        let comparison = bench.compare(ROUNDS, prepare, vec![baseline])?;
        let details = list_rates(count, "tokens", comparison.all_series());
        let measure = comparison.speed_ratio("7", name, "signing alone", min_ratio);
        measures.push(measure.with_details([details]));
    }
    Ok(measures)
}

/// Row 8: CPU time of `token mint --record` with asymmetric keys, against only signing.
pub(super) fn measure_key_pairs(bench: &Bench, _selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    for (algorithm, count) in [("ES256", 200_000), ("EdDSA", 300_000), ("RS256", 15_000)] {
        let count = bench.item_count(count);
        let options = ["--alg", algorithm, "--record"];
        let sample = mint_sample(bench, &options)?;
        let baseline = ("signing", signing_run(bench, algorithm, &sample, count)?);
        let prepare = |program: &Path| -> Outcome<Run<'_>> {
            let home = Home::new(program)?;
            // The first token creates the key, so that the measured run does not create the key.
            home.run(&[&["token", "mint"], &options[..]].concat())?;
            Ok(Box::new(move || {
                let mint_args = ["token", "mint", "--quiet", "--count", &count.to_string()];
                measure_resources(
                    home.command(&[&mint_args, &options[..]].concat()).stdout(Stdio::null()),
                )
            }))
        };
        let comparison = bench.compare(ROUNDS, prepare, vec![baseline])?;
        let cpu_seconds = |series: &Series| series.median(|sample| sample.cpu_seconds);
        let baseline_cpu_seconds = comparison.baselines.first().map_or(f64::NAN, cpu_seconds);
        let name = format!("token mint --record, {algorithm}: CPU time");
        let slowest_baseline_seconds = comparison.slowest_baseline_seconds();
        let speeds = list_figures(&comparison.programs, |series| {
            let seconds = series.median_seconds();
            format!(
                "{:.2} × the speed of one thread, {:.2} cores used",
                slowest_baseline_seconds / seconds,
                cpu_seconds(series) / seconds
            )
        });
        let microseconds = list_figures(comparison.all_series(), |series| {
            format!("{:.2} µs", cpu_seconds(series) / f64::from(count) * 1e6)
        });
        measures.push(
            comparison
                .build_measure("8", name, "signing alone", Goal::AtMost(1.15), |series| {
                    cpu_seconds(series) / baseline_cpu_seconds
                })
                .with_details([
                    speeds,
                    microseconds,
                    list_rates(count, "tokens", comparison.all_series()),
                ]),
        );
    }
    Ok(measures)
}
