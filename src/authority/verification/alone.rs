//! Claims judged alone, without a signature or a row: what a fuzzer can try.

use super::super::Reason;
use super::super::claims::Registered;
use super::foreign::judge_foreign;
use super::{Checks, PERMISSIONS, Verdict, judge_claims};
use serde_json::{Map, Value};

/// What is wrong with these claims, as a token of ours and as one of others.
pub(crate) fn judge_alone(claims: &Map<String, Value>, checks: &Checks) -> [Vec<Reason>; 2] {
    let [mut ours, mut foreign] = [Verdict::default(), Verdict::default()];
    match Registered::read(claims) {
        Ok(registered) => judge_claims(&mut ours, claims, &registered, &PERMISSIONS, checks),
        Err(reason) => ours.reasons.push(reason),
    }
    judge_foreign(&mut foreign, claims, checks);
    [ours.reasons, foreign.reasons]
}
