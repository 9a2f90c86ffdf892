//! Faults on request, for the tests (feature `fault-injection`).

#[cfg(not(debug_assertions))]
compile_error!("fault-injection is for debug builds: a module with it must never be shipped");

use crate::ffi::Argv;
use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};

/// Frame version to write into the next first request; 0: none.
static FIRST_VERSION: AtomicU8 = AtomicU8::new(0);

thread_local! {
    /// The point of this hook's way at which to panic, counted down; 0: none.
    static PANIC_AT: Cell<u32> = const { Cell::new(0) };
}

/// A point on the way of a hook.
#[allow(clippy::panic)]
pub fn point() {
    let left = PANIC_AT.get();
    PANIC_AT.set(left.saturating_sub(1));
    if left == 1 {
        panic!("asked for by fault=panic-at");
    }
}

struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        std::panic::resume_unwind(Box::new(Self));
    }
}

/// Does what a `fault=` argument says: `panic`, `panic-at=N` (at the n-th point of this hook's way), `payload`
/// (a panic whose payload panics when it is dropped), `version` (the next first request claims frame version 200).
#[allow(clippy::panic)]
pub fn arm(argv: Argv<'_>) {
    PANIC_AT.set(0);
    for arg in argv.iter() {
        match arg.to_bytes() {
            b"fault=panic" => panic!("asked for by fault=panic"),
            b"fault=payload" => std::panic::panic_any(Bomb),
            b"fault=version" => FIRST_VERSION.store(200, Ordering::Relaxed),
            other => {
                let number = other.strip_prefix(b"fault=panic-at=").and_then(|n| std::str::from_utf8(n).ok());
                if let Some(number) = number.and_then(|number| number.parse().ok()) {
                    PANIC_AT.set(number);
                }
            }
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
