//! The target `names` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apppw_fuzz::targets::names::run(data));
