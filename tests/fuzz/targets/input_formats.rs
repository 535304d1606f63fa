//! Fuzzes the strict JSON reader, row readers, the TOML reader, password hashes and settings.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::input_formats(bytes));
