//! Fuzzes the validation of claims in tokens.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::claims(bytes));
