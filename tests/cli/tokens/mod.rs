//! `jeton token`: creation, lists, inspection, verification, renewal and revocation of tokens; test
//! tokens, presets and fixtures.

mod bulk_mint;
mod bulk_revoke;
mod closed_pipe;
mod create;
mod example_services;
mod expectations;
mod file_names;
mod fixtures;
mod inspect_decode;
mod introspect;
mod list;
mod lossless;
mod mint;
mod mint_keys;
mod mint_kid;
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
mod token_file;
mod token_file_refusals;
mod variables;
mod verdicts;
mod verify;
mod verify_batch;
mod verify_batch_states;
mod verify_input;
