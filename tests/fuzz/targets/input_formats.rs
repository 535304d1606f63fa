//! Fuzzes the strict JSON reader, the readers of CSV and JSON Lines, the TOML reader, and the
//! parsers of password hashes, of claims in the format `name=JSON`, and of settings.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::input_formats(bytes));
