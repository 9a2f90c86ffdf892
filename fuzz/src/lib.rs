//! What is fuzzed: a function for each target, which takes any bytes and panics if what must hold doesn't.
//!
//! What runs them: a program for each under libFuzzer and the address sanitizer (`bin`, `make fuzz`), and
//! `torture/tests/fuzzed.rs` on a stable toolchain, over the seeds and some thousand mutations of them (`make test`).
#![forbid(unsafe_code)]

mod input;
pub mod targets;

/// A target.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its folder of seeds.
    pub name: &'static str,
    /// Runs it once. Panics if something is not as it must be.
    pub run: fn(&[u8]),
    /// Longest input that is of use, in bytes.
    pub max_len: usize,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "auth-request", run: targets::auth_request::run, max_len: 1200 },
    Target { name: "auth-reply", run: targets::auth_reply::run, max_len: 16 },
    Target { name: "auth-both", run: targets::auth_both::run, max_len: 1200 },
    Target { name: "secret", run: targets::secret::run, max_len: 300 },
    Target { name: "names", run: targets::names::run, max_len: 300 },
    Target { name: "addresses", run: targets::addresses::run, max_len: 100 },
    Target { name: "times", run: targets::times::run, max_len: 60 },
    Target { name: "admin-request", run: targets::admin_request::run, max_len: 700 },
    Target { name: "admin-answer", run: targets::admin_answer::run, max_len: 1000 },
    Target { name: "configuration", run: targets::configuration::run, max_len: 1000 },
    Target { name: "stored-row", run: targets::stored_row::run, max_len: 300 },
    Target { name: "journal", run: targets::journal::run, max_len: 1000 },
];
