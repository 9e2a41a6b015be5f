//! Many measurements of the same.

use std::time::Duration;

/// Many durations of the same thing.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds one.
    pub fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// How long it took at most in this share of all cases, in microseconds: 0.5 is the median. Nothing took no time.
    #[must_use]
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        // The index is below the length, which memory bounds.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let index = (share.clamp(0.0, 1.0) * sorted.len() as f64) as usize;
        let last = sorted.len().saturating_sub(1);
        sorted.get(index.min(last)).map_or(0.0, |sample| 1e6 * sample.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_in_microseconds() {
        let mut samples = Samples::default();
        assert_eq!(samples.quantile(0.5), 0.0);
        (1..=100).rev().for_each(|n| samples.push(Duration::from_micros(n)));
        assert_eq!(
            [0.0, 0.5, 0.99, 1.0].map(|share| samples.quantile(share).round()),
            [1.0, 51.0, 100.0, 100.0]
        );
    }
}
