//! One deadline for a whole exchange.

use crate::ffi::monotonic_ns;

const NS_PER_MS: u64 = 1_000_000;

/// A point on `CLOCK_MONOTONIC`, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(u64);

impl Deadline {
    /// `ms` milliseconds from now.
    #[must_use]
    pub fn after_ms(ms: u32) -> Self {
        Self(monotonic_ns().saturating_add(u64::from(ms) * NS_PER_MS))
    }

    /// What is left, in milliseconds, rounded up so that a wait never ends just before the
    /// deadline and spins; `None` once it has passed.
    #[must_use]
    pub fn remaining_ms(self) -> Option<u32> {
        match self.0.saturating_sub(monotonic_ns()) {
            0 => None,
            left => u32::try_from(left.div_ceil(NS_PER_MS)).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Deadline;

    #[test]
    fn what_is_left_shrinks_from_the_whole() {
        let deadline = Deadline::after_ms(60_000);
        assert!(matches!(deadline.remaining_ms(), Some(59_000..=60_000)));
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(matches!(deadline.remaining_ms(), Some(..=59_995)));
    }

    #[test]
    fn a_part_of_a_millisecond_counts_as_one() {
        let deadline = Deadline(crate::ffi::monotonic_ns() + 60_000_500_000);
        assert!(matches!(deadline.remaining_ms(), Some(59_000..=60_001)));
        assert_eq!(Deadline(u64::MAX).remaining_ms(), None, "nothing a poll could wait for");
    }

    #[test]
    fn a_deadline_that_has_passed_has_nothing_left() {
        assert_eq!(Deadline::after_ms(0).remaining_ms(), None);
    }
}
