//! Fuzzes the readers of keys.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::keys(bytes));
