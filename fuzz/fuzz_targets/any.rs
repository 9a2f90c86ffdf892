//! libFuzzer's side: runs the target that APPPW_FUZZ_TARGET names.
#![no_main]

use apppw_fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("APPPW_FUZZ_TARGET").expect("APPPW_FUZZ_TARGET names a target");
    TARGETS.iter().find(|target| target.name == name).expect("a target of that name")
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
