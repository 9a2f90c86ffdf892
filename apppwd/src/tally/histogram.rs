//! How long things take, in buckets.

use apppw_admin::verbs::Histogram as Message;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds in microseconds: from a warm login to the longest deadline.
const BOUNDS: [u64; 16] = [
    50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 8_000_000,
];

/// Durations, counted from any thread.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each bound, not cumulative; what is longer is in `count` only.
    buckets: [AtomicU64; BOUNDS.len()],
    count: AtomicU64,
    sum: AtomicU64,
}

impl Histogram {
    /// Counts one.
    pub fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let index = BOUNDS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(index) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum.fetch_add(micros, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// As it is told: cumulative.
    #[must_use]
    pub fn message(&self) -> Message {
        let mut so_far = 0;
        let buckets = BOUNDS.iter().zip(&self.buckets).map(|(bound, bucket)| {
            so_far += bucket.load(Ordering::Relaxed);
            (*bound, so_far)
        });
        let buckets: Vec<(u64, u64)> = buckets.collect();
        // Another thread may have counted between the two: never less than its buckets.
        let count = self.count.load(Ordering::Relaxed).max(so_far);
        Message { buckets, count, sum: self.sum.load(Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_its_bucket_and_all_above() {
        let histogram = Histogram::default();
        for micros in [0, 50, 51, 100, 7_999_999, 8_000_001] {
            histogram.add(Duration::from_micros(micros));
        }
        let Message { buckets, count, sum } = histogram.message();
        assert_eq!(buckets[..3], [(50, 2), (100, 4), (250, 4)]);
        assert_eq!(buckets.last(), Some(&(8_000_000, 5)));
        assert_eq!((count, sum), (6, 16_000_201));
    }
}
