//! Fuzzes the strict JSON reader, the readers of rows, the TOML reader, password hashes, claims in
//! the format `name=JSON`, and settings.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::input_formats(bytes));
