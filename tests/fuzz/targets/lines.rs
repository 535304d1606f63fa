//! Fuzzes the strict reader of JSON and the settings.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::lines(bytes));
