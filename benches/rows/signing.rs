//! The baseline "signing alone" for the tokens of a command.

use crate::bench::Bench;
use crate::comparison::Run;
use crate::home::Outcome;

/// Returns the run of one thread that signs `count` tokens with the header and claims of `sample`.
pub(super) fn signing_run(
    bench: &Bench,
    algorithm: &str,
    sample: &str,
    count: u32,
) -> Outcome<Run<'static>> {
    let key = bench.file(algorithm);
    if !bench.baseline("create-key", &[algorithm, &key]).status()?.success() {
        return Err(format!("no key for `{algorithm}`").into());
    }
    Ok(bench.measured_baseline("sign", &[algorithm, &key, sample, &count.to_string()]))
}
