//! Medians, quantiles, ratios.

use std::time::Duration;

/// The value below which a share `q` (0 to 1) of the sorted values lies.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = (q * last as f64).round() as usize;
    sorted.get(index.min(last)).copied().unwrap_or(f64::NAN)
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The median.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    quantile(&sorted(values), 0.5)
}

/// What one contestant did in one round. Times are in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub p50: f64,
    pub p99: f64,
    /// Operations a second.
    pub rate: f64,
}

impl Sample {
    /// Of the times that the operations took, one after the other.
    pub fn of(times: &[Duration]) -> Self {
        let total: Duration = times.iter().sum();
        Self::within(times, total)
    }

    /// Of operations that ran beside each other for `total`.
    pub fn within(times: &[Duration], total: Duration) -> Self {
        let times = sorted(times.iter().map(|time| time.as_secs_f64() * 1e6));
        let rate = times.len() as f64 / total.as_secs_f64();
        Self { p50: quantile(&times, 0.5), p99: quantile(&times, 0.99), rate }
    }
}

/// Ratios to a reference of the same round: the median and its quartiles.
#[derive(Debug, Clone, Copy)]
pub struct Ratio {
    pub median: f64,
    pub quartiles: (f64, f64),
}

impl Ratio {
    /// Of one figure of two contestants, round by round.
    pub fn of(these: &[Sample], those: &[Sample], figure: fn(&Sample) -> f64) -> Self {
        let ratios = sorted(these.iter().zip(those).map(|(this, that)| figure(this) / figure(that)));
        Self { median: quantile(&ratios, 0.5), quartiles: (quantile(&ratios, 0.25), quantile(&ratios, 0.75)) }
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (low, high) = self.quartiles;
        write!(f, "{} ({} to {})", times(self.median), figures(low), figures(high))
    }
}

/// `1.05×`.
pub fn times(ratio: f64) -> String {
    format!("{}×", figures(ratio))
}

/// Three figures.
pub fn figures(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(p50: f64) -> Sample {
        Sample { p50, p99: p50, rate: 1.0 }
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let these = [2.0, 20.0, 200.0].map(sample);
        let those = [1.0, 10.0, 50.0].map(sample);
        let ratio = Ratio::of(&these, &those, |sample| sample.p50);
        assert_eq!((ratio.median, ratio.quartiles), (2.0, (2.0, 4.0)));
        assert_eq!(ratio.to_string(), "2.00× (2.00 to 4.00)");
    }

    #[test]
    fn a_sample_has_its_quantiles() {
        let times: Vec<Duration> = (1..=101).map(Duration::from_micros).collect();
        let Sample { p50, p99, rate } = Sample::of(&times);
        assert_eq!((p50.round(), p99.round()), (51.0, 100.0));
        assert!((rate - 1e6 / 51.0).abs() < 1.0, "{rate}");
    }
}
