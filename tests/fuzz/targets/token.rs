//! Fuzzes the parsing and verification of tokens.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| jeton::fuzzing::token(bytes));
