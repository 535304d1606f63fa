//! `jeton token`: creation, inspection, verification, revocation, test tokens and fixtures.

mod bulk_mint;
mod bulk_revoke;
mod create;
mod example_services;
mod expectations;
mod fixtures;
mod inspect_decode;
mod introspect;
mod list;
mod lossless;
mod mint;
mod mint_keys;
mod pasted_text;
mod preset_parameters;
mod presets;
mod renew;
mod renewal_bounds;
mod revoke;
mod standards;
mod third_party;
mod third_party_keys;
mod times;
mod verdicts;
mod verify;
mod verify_batch;
mod verify_input;
