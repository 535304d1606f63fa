//! Tokens: made, looked at, judged, taken back; the keys that verifiers get.

mod batch;
mod bulk;
mod create;
mod expectations;
mod fixtures;
mod foreign;
mod introspect;
mod list;
mod look;
mod mint;
mod presets;
mod renew;
mod renewal_bounds;
mod revoke;
mod revoke_many;
mod seeds;
mod standards;
mod verify;
