//! What must hold for any claims at any time.

use crate::authority::{Checks, Reason, Wanted, judge_alone};
use crate::model::{Lifetime, Permission, Timestamp, strict_object};
use serde_json::{Map, Value};

/// The rules for claims, of our tokens and those of others. The first line is the time, the leeway
/// and what is asked for, as `name=value` words; the rest is the claims.
pub fn claims(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Some((first, rest)) = text.split_once('\n') else { return };
    let Ok(claims) = strict_object(rest.as_bytes()) else { return };
    let Some(mut checks) = checks(first) else { return };
    let [ours, foreign] = judge_alone(&claims, &checks);
    assert!(
        !ours.is_empty() || foreign.is_empty(),
        "ours are judged no less strictly: {foreign:?}"
    );
    if foreign.is_empty() {
        let named = |name: &str| claims.get(name).and_then(Value::as_str);
        assert!(checks.issuer.as_deref().is_none_or(|wanted| named("iss") == Some(wanted)));
        assert!(checks.required.iter().all(|(name, _)| claims.contains_key(name)));
    }
    let [end, begin] = [date(&claims, "exp", f64::floor), begin(&claims)];
    let moments = [end, begin].into_iter().flatten().flat_map(|time| {
        [
            time - checks.leeway - 1,
            time - checks.leeway,
            time + checks.leeway - 1,
            time + checks.leeway,
        ]
    });
    let moments: Vec<_> = moments.chain([0, i64::MAX]).filter_map(Timestamp::from_unix).collect();
    for at in [checks.at].into_iter().chain(moments) {
        checks.at = at;
        for reasons in judge_alone(&claims, &checks) {
            if reasons.contains(&Reason::BadClaim) {
                continue;
            }
            let now = at.unix();
            let expired = end.is_some_and(|end| now >= end + checks.leeway);
            let early = begin.is_some_and(|begin| begin > now + checks.leeway);
            let short = checks.min_ttl.zip(end).is_some_and(|(ttl, end)| end < now + ttl.seconds());
            assert_eq!(reasons.contains(&Reason::Expired), expired, "at {at}");
            assert_eq!(reasons.contains(&Reason::NotYetValid), early, "at {at}");
            assert_eq!(reasons.contains(&Reason::MinTtl), short, "at {at}");
        }
    }
}

/// `1900000000 60 aud=me role=admin`
fn checks(line: &str) -> Option<Checks> {
    let mut words = line.split(' ');
    let now = words.next()?.parse().ok().and_then(Timestamp::from_unix)?;
    let leeway: u32 = words.next()?.parse().ok()?;
    // Whether `exp` must be there is decided by the row of an own token, and rows are not tried here.
    let mut checks =
        Checks { leeway: leeway.into(), allow_no_expiry: true, ..Checks::only(Wanted::Any, now) };
    for (name, value) in words.filter_map(|word| word.split_once('=')) {
        match name {
            "iss" => checks.issuer = Some(value.to_owned()),
            "aud" => checks.audience = Some(value.to_owned()),
            "permission" => checks.permissions.extend(Permission::parse_any(value)),
            "min_ttl" => checks.min_ttl = Lifetime::parse(value).ok(),
            _ => checks.required.push((name.to_owned(), value.to_owned())),
        }
    }
    Some(checks)
}

/// The last of the times that must have come.
fn begin(claims: &Map<String, Value>) -> Option<i64> {
    date(claims, "nbf", f64::ceil).max(date(claims, "iat", f64::floor))
}

/// A date in the calendar, by another way than the rules go.
fn date(claims: &Map<String, Value>, name: &str, round: fn(f64) -> f64) -> Option<i64> {
    let value = claims.get(name)?;
    let rounded = || value.as_f64().and_then(|value| format!("{:.0}", round(value)).parse().ok());
    value.as_i64().or_else(rounded).and_then(Timestamp::from_unix).map(Timestamp::unix)
}
