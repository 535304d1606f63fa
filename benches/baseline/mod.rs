//! Baselines: processes that do only the indispensable work of a command of jeton. The benchmark
//! program runs as a baseline if its first argument is [`MODE_OPTION`]; the second argument, the
//! mode, selects the baseline. The mode `create-key` only prepares the baseline `sign`.

mod hash;
#[cfg(feature = "postgres")]
mod server;
mod sign;
mod store;

pub(crate) use store::{commit_token, open_store};

use crate::home::Outcome;
use std::path::Path;

/// Option that selects a mode of the benchmark program.
pub(crate) const MODE_OPTION: &str = "--baseline";

/// Runs a mode of the benchmark program with the arguments of the mode.
pub(crate) fn run(mode: &str, args: &[String]) -> Outcome<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match (mode, args.as_slice()) {
        ("commit", [store]) => commit_token(&mut open_store(Path::new(store))?),
        ("read", [store, jti]) => store::read_token(&open_store(Path::new(store))?, jti),
        ("store-tokens", [store, count]) => store::add_tokens(Path::new(store), count.parse()?),
        ("store-users", [store, count]) => store::add_users(Path::new(store), count.parse()?),
        ("revoke", [store, owner_id]) => store::revoke_tokens(Path::new(store), owner_id.parse()?),
        ("prune", [store]) => store::prune_tokens(Path::new(store)),
        #[cfg(feature = "postgres")]
        ("commit-on-server", [address, schema]) => server::commit_token(address, schema),
        #[cfg(feature = "postgres")]
        ("read-on-server", [address, schema, jti]) => server::read_token(address, schema, jti),
        ("create-key", [algorithm, key]) => sign::create_key(algorithm, Path::new(key)),
        ("sign", [algorithm, key, sample, count]) => {
            sign::sign_tokens(algorithm, Path::new(key), sample, count.parse()?)
        }
        ("hash", []) => hash::hash_passwords(1),
        ("hash", [count]) => hash::hash_passwords(count.parse()?),
        _ => Err(format!("unknown mode `{mode}` with {} arguments", args.len()).into()),
    }
}
