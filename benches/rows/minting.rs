//! Minting of many tokens with one command.

use super::signing::signing_run;
use crate::bench::{Bench, Comparison};
use crate::comparison::{Run, Sample, Series, measure_all_figures};
use crate::home::{Home, Outcome};
use crate::report::{Goal, Measure, list_figures, list_rates};
use std::fs::File;
use std::path::Path;
use std::process::Stdio;

const TOKENS: u32 = 1_000_000;

/// Number of runs of each program.
const ROUNDS: usize = 3;

/// Options of `token mint` for recorded tokens.
const RECORD_OPTIONS: &[&str] = &["--alg", "HS256", "--record"];

/// Mints tokens in a new home directory, and writes the tokens to a file there. The output of more
/// than a million tokens is discarded.
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
    let sample = home.measure_growth(|| measure_all_figures(&mut command))?;
    let recorded = home.query_number("SELECT count(*) FROM tokens WHERE grant_id > 1")?;
    if options.contains(&"--record") && recorded != count {
        return Err(format!("{recorded} tokens recorded, expected {count}").into());
    }
    Ok(sample)
}

/// Returns one token that `token mint` creates with the options.
pub(super) fn mint_sample(bench: &Bench, options: &[&str]) -> Outcome<String> {
    Home::new(&bench.jeton)?.output(&[&["token", "mint"], options].concat())
}

/// Returns the run of `token mint` with `count` recorded tokens.
pub(super) fn mint_run<'r>(program: &Path, count: u32) -> Run<'r> {
    let program = program.to_owned();
    Box::new(move || {
        mint(&program, &[RECORD_OPTIONS, &["--count", &count.to_string()]].concat(), count)
    })
}

/// Rows 5 and 6: recorded tokens against signing alone and storing alone; memory and store size.
pub(super) fn measure_recorded(bench: &Bench, selected_rows: &[&str]) -> Outcome<Vec<Measure>> {
    let count = bench.count(TOKENS);
    let sample = mint_sample(bench, RECORD_OPTIONS)?;
    let store_tokens = || {
        let home = Home::new(&bench.jeton)?;
        let store = home.store_path().to_string_lossy().into_owned();
        let mut command = bench.baseline("store-tokens", &[&store, &count.to_string()]);
        home.measure_growth(|| measure_all_figures(&mut command))
    };
    let baselines: Vec<(&str, Run<'_>)> = vec![
        ("signing", signing_run(bench, "HS256", &sample, count)?),
        ("storing", Box::new(store_tokens)),
    ];
    let prepare = |program: &Path| Ok(mint_run(program, count));
    let comparison = bench.compare(ROUNDS, prepare, baselines)?;
    let against = "the slower of signing and storing";
    let details = list_rates(count, "tokens", comparison.series());
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
        series.median(|sample| sample.stored_bytes) / f64::from(count)
    });
    [memory.with_unit("MiB"), bytes.with_unit("bytes")]
}

/// Row 7: tokens that are not recorded, from options, a preset and files.
pub(super) fn measure_unrecorded(bench: &Bench, _: &[&str]) -> Outcome<Vec<Measure>> {
    let count = bench.count(TOKENS);
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
    let [csv, jsonl, one_csv, one_jsonl] = files.each_ref().map(String::as_str);
    let count_text = count.to_string();
    let (all_tokens, one_token) = (["--count", &count_text], ["--count", "1"]);
    let preset = ["--preset", "rfc9068"];
    let mut measures = Vec::new();
    for (name, options, sample_options, min) in [
        ("token mint", all_tokens.to_vec(), one_token.to_vec(), 0.85),
        ("token mint --preset", [preset, all_tokens].concat(), [preset, one_token].concat(), 0.6),
        ("token mint --from CSV", vec!["--from", csv], vec!["--from", one_csv], 0.6),
        ("token mint --from JSONL", vec!["--from", jsonl], vec!["--from", one_jsonl], 0.6),
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
        let details = list_rates(count, "tokens", comparison.series());
        let measure = comparison.speed_ratio("7", name, "signing alone", min);
        measures.push(measure.with_details([details]));
    }
    Ok(measures)
}

/// Row 8: CPU time of `token mint --record` with key pairs, against signing alone.
pub(super) fn measure_key_pairs(bench: &Bench, _: &[&str]) -> Outcome<Vec<Measure>> {
    let mut measures = Vec::new();
    for (algorithm, count) in [("ES256", 200_000), ("EdDSA", 300_000), ("RS256", 15_000)] {
        let count = bench.count(count);
        let options = ["--alg", algorithm, "--record"];
        let sample = mint_sample(bench, &options)?;
        let baseline = ("signing", signing_run(bench, algorithm, &sample, count)?);
        let prepare = |program: &Path| -> Outcome<Run<'_>> {
            let home = Home::new(program)?;
            // The first token creates the key, so that the measured run does not create the key.
            home.run(&[&["token", "mint"], &options[..]].concat())?;
            Ok(Box::new(move || {
                let mint_args = ["token", "mint", "--quiet", "--count", &count.to_string()];
                measure_all_figures(
                    home.command(&[&mint_args, &options[..]].concat()).stdout(Stdio::null()),
                )
            }))
        };
        let comparison = bench.compare(ROUNDS, prepare, vec![baseline])?;
        let cpu_seconds = |series: &Series| series.median(|sample| sample.cpu_seconds);
        let baseline_cpu_seconds = comparison.baselines.first().map_or(f64::NAN, cpu_seconds);
        let name = format!("token mint --record, {algorithm}: CPU time");
        let slowest_baseline_seconds = comparison.slowest_baseline_seconds();
        let figures = list_figures(&comparison.programs, |series| {
            let seconds = series.median_seconds();
            format!(
                "{:.2} × the speed of one thread, {:.2} cores used",
                slowest_baseline_seconds / seconds,
                cpu_seconds(series) / seconds
            )
        });
        let microseconds = list_figures(comparison.series(), |series| {
            format!("{:.2} µs", cpu_seconds(series) / f64::from(count) * 1e6)
        });
        measures.push(
            comparison
                .build_measure("8", name, "signing alone", Goal::AtMost(1.15), |series| {
                    cpu_seconds(series) / baseline_cpu_seconds
                })
                .with_details([
                    figures,
                    microseconds,
                    list_rates(count, "tokens", comparison.series()),
                ]),
        );
    }
    Ok(measures)
}
