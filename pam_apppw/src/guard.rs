//! No panic leaves the module, and none speaks.

use crate::ffi::Argv;
use pam::constants::PamResultCode;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

static SILENCED: AtomicBool = AtomicBool::new(false);

/// Runs a hook; if it panics, the answer is `fallback`.
pub fn guarded(
    argv: Argv<'_>,
    fallback: PamResultCode,
    hook: impl FnOnce() -> PamResultCode,
) -> PamResultCode {
    silence_panics();
    let caught = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(feature = "fault-injection")]
        crate::fault::arm(argv);
        #[cfg(not(feature = "fault-injection"))]
        let _ = argv;
        hook()
    }));
    match caught {
        Ok(code) => code,
        Err(payload) => {
            // Dropping it could run code that panics again, outside of any guard.
            std::mem::forget(payload);
            fallback
        }
    }
}

/// Replaces the hook that would print to the host's stderr and read `RUST_BACKTRACE`. `std` is
/// private to this library, so a host written in Rust keeps its own hook.
///
/// An atomic, not a `Once`: a child forked by another thread in the middle of a `Once` would
/// wait for ever. Boxing a closure without captures allocates nothing.
fn silence_panics() {
    // Unit tests share one process and want to be heard when they fail.
    if !cfg!(test) && !SILENCED.load(Ordering::Relaxed) && !SILENCED.swap(true, Ordering::Relaxed) {
        std::panic::set_hook(Box::new(|_| {}));
    }
}

#[cfg(test)]
mod tests {
    use super::guarded;
    use crate::ffi::Argv;
    use pam::constants::PamResultCode;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a payload that panics when dropped");
        }
    }

    #[test]
    fn a_panic_becomes_the_fallback() {
        let code = guarded(Argv::default(), PamResultCode::PAM_AUTHINFO_UNAVAIL, || panic!("inside"));
        assert_eq!(code, PamResultCode::PAM_AUTHINFO_UNAVAIL);
    }

    #[test]
    fn a_payload_that_panics_is_never_dropped() {
        let code = guarded(Argv::default(), PamResultCode::PAM_PERM_DENIED, || std::panic::panic_any(Bomb));
        assert_eq!(code, PamResultCode::PAM_PERM_DENIED);
    }

    #[test]
    fn without_a_panic_the_hook_answers() {
        let code = guarded(Argv::default(), PamResultCode::PAM_PERM_DENIED, || PamResultCode::PAM_SUCCESS);
        assert_eq!(code, PamResultCode::PAM_SUCCESS);
    }
}
