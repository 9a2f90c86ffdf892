//! The target `admin-answer` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apppw_fuzz::targets::admin_answer::run(data));
