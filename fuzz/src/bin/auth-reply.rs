//! The target `auth-reply` under libFuzzer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| apppw_fuzz::targets::auth_reply::run(data));
