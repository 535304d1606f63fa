//! Audit target derived from the arguments, for refusals before the target is loaded.

use crate::authority::audit_context::AuditTarget;
use crate::authority::revocation::TokenSelector;
use crate::model::{Setting, Sid, UserRef};
use clap::ArgMatches;

/// Returns the target that the arguments name, even if the target does not exist. `None` if the
/// arguments name several targets or none.
pub(super) fn from_matches(matches: &ArgMatches) -> Option<AuditTarget> {
    let mut innermost = matches;
    while let Some((_, submatches)) = innermost.subcommand() {
        innermost = submatches;
    }
    let user = || single_value::<UserRef>(innermost, "user").map(AuditTarget::User);
    let key =
        || ["kid", "private", "key"].iter().find_map(|id| single_value::<String>(innermost, id));
    let key = || key().map(AuditTarget::Key);
    let session = || single_value::<Sid>(innermost, "sids").map(AuditTarget::Session);
    let setting = || {
        single_value::<Setting>(innermost, "name")
            .map(|setting| AuditTarget::Setting(setting.name()))
    };
    let token = || ["tokens", "token"].iter().find_map(|id| single_value::<String>(innermost, id));
    let token =
        || token().and_then(|word| TokenSelector::parse(&word).ok()).map(AuditTarget::Token);
    user().or_else(key).or_else(token).or_else(session).or_else(setting)
}

/// Returns the value of an argument of type `T`; `None` unless the argument has exactly one value.
fn single_value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    let mut values = matches.try_get_many::<T>(id).ok()??;
    values.next().filter(|_| values.next().is_none()).cloned()
}
