//! What a command is about, as its words have it: for the audit, should it be refused.

use crate::authority::{AuditTarget, TokenSelector};
use crate::model::{Setting, Sid, UserRef};
use clap::ArgMatches;

/// The one thing that the command names, whether it is there or not.
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

/// The value of that argument, if it is a single one of that type.
fn single_value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    let mut values = matches.try_get_many::<T>(id).ok()??;
    values.next().filter(|_| values.next().is_none()).cloned()
}
