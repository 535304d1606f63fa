//! Fuzzes the parsers of times, durations, names, passwords and ids.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::typed_values(bytes));
