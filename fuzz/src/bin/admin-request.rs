//! The target `admin-request` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apppw_fuzz::targets::admin_request::run(data));
