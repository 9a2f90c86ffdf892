//! The target `addresses` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apppw_fuzz::targets::addresses::run(data));
