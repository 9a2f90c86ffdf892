//! Faults on request, for the tests (feature `fault-injection`).

#[cfg(not(debug_assertions))]
compile_error!("fault-injection is for debug builds: a module with it must never be shipped");

use std::ffi::CStr;
use std::sync::atomic::{AtomicU8, Ordering};

/// Frame version to write into the next first request; 0: none.
static FIRST_VERSION: AtomicU8 = AtomicU8::new(0);

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new(Self));
    }
}

/// Does what a `fault=` argument says: `panic`, `payload` (a panic whose payload panics when it
/// is dropped), `version` (the next first request claims frame version 200).
#[allow(clippy::panic)]
pub fn arm(args: &[&CStr]) {
    for arg in args {
        match arg.to_bytes() {
            b"fault=panic" => panic!("asked for by fault=panic"),
            b"fault=payload" => std::panic::panic_any(Bomb),
            b"fault=version" => FIRST_VERSION.store(200, Ordering::Relaxed),
            _ => {}
        }
    }
}

/// Puts the version asked for into a frame, once.
pub fn disguise(frame: &mut [u8]) {
    let version = FIRST_VERSION.swap(0, Ordering::Relaxed);
    if let Some(byte) = frame.get_mut(4)
        && version != 0
    {
        *byte = version;
    }
}
