//! What a command is about, as its words have it: for the audit, should it be refused.

use crate::authority::{About, Target};
use crate::model::{Setting, Sid, UserRef};
use clap::ArgMatches;

/// The one thing that the command names, whether it is there or not.
pub(super) fn about(matches: &ArgMatches) -> Option<About> {
    let mut here = matches;
    while let Some((_, below)) = here.subcommand() {
        here = below;
    }
    let user = || one::<UserRef>(here, "user").map(About::User);
    let key = || ["kid", "private", "key"].iter().find_map(|id| one::<String>(here, id));
    let key = || key().map(About::Key);
    let session = || one::<Sid>(here, "sids").map(About::Session);
    let setting = || one::<Setting>(here, "name").map(|setting| About::Setting(setting.name()));
    let token = || ["tokens", "token"].iter().find_map(|id| one::<String>(here, id));
    let token = || token().and_then(|word| Target::parse(&word).ok()).map(About::Token);
    user().or_else(key).or_else(token).or_else(session).or_else(setting)
}

/// The value of that argument, if it is a single one of that type.
fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, id: &str) -> Option<T> {
    let mut values = matches.try_get_many::<T>(id).ok()??;
    values.next().filter(|_| values.next().is_none()).cloned()
}
