//! The line and the module of one measurement.

use std::time::Duration;

use super::is_quick;

/// A line, the module's turnaround and the SDK's pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Bits a second; `None`: the line takes no time.
    pub baud: Option<u32>,
    /// How long the module takes before it executes a command.
    pub turnaround: Duration,
    /// How long the host waits behind an answer before the next command. Source: M37 p34.
    pub pause: Duration,
}

impl Setting {
    /// The rates that are measured.
    pub const RATES: [Option<u32>; 4] = [Some(115_200), Some(921_600), Some(3_000_000), None];
    /// The pause of the manual.
    pub const MANUAL_PAUSE: Duration = Duration::from_millis(20);

    /// All rates with all turnarounds; in a quick run one rate and two of them.
    pub fn all() -> impl Iterator<Item = Self> {
        let (rates, turnarounds): (&[_], &[_]) =
            if is_quick() { (&[Some(921_600)], &[0, 5]) } else { (&Self::RATES, &[0, 5, 20]) };
        rates.iter().flat_map(|baud| {
            turnarounds.iter().map(|milliseconds| Self {
                baud: *baud,
                turnaround: Duration::from_millis(*milliseconds),
                pause: Self::MANUAL_PAUSE,
            })
        })
    }

    /// The same, and without the pause where the module needs no time either.
    pub fn all_with_pauses() -> impl Iterator<Item = Self> {
        Self::all().flat_map(|setting| {
            let hurried = Self { pause: Duration::ZERO, ..setting };
            std::iter::once(setting).chain(setting.turnaround.is_zero().then_some(hurried))
        })
    }

    /// Whether nothing but the line and the module's turnaround takes time.
    #[must_use]
    pub fn has_pause(&self) -> bool {
        !self.pause.is_zero()
    }

    /// Time that so many bytes take on the line (8N1).
    #[must_use]
    pub fn crossing(&self, bytes: usize) -> Duration {
        let bits = 10 * bytes as u64;
        self.baud.map_or(Duration::ZERO, |baud| {
            Duration::from_nanos(bits.saturating_mul(1_000_000_000) / u64::from(baud))
        })
    }

    /// The least time for bytes that come as they are.
    pub fn least_online(self) -> impl Fn(usize, usize) -> Duration {
        move |bytes, _| self.crossing(bytes)
    }

    /// The least time for blocks of `block` bytes, for each of which `crossed` bytes cross the line.
    pub fn least_in_blocks(self, block: usize, crossed: usize) -> impl Fn(usize, usize) -> Duration {
        let rest = self.turnaround + self.pause;
        move |bytes, _| {
            let blocks = u32::try_from(bytes / block).unwrap_or(u32::MAX);
            self.crossing(crossed) * blocks + rest * blocks
        }
    }

    /// The rate and the turnaround, as rows name them.
    #[must_use]
    pub fn name(&self) -> String {
        let line = self.baud.map_or_else(|| "unthrottled".to_owned(), |baud| format!("{baud} baud"));
        format!("{line}, turnaround {} ms", self.turnaround.as_millis())
    }

    /// As [`name`](Self::name), with the pause, which counts where there are commands.
    #[must_use]
    pub fn name_with_pause(&self) -> String {
        format!("{}, pause {} ms", self.name(), self.pause.as_millis())
    }

    /// What so many bytes in so long are of what the line carries, in percent; without a rate, megabytes a second.
    #[must_use]
    pub fn figure(&self, bytes: usize, took: Duration) -> f64 {
        let each_second = bytes as f64 / took.as_secs_f64();
        self.baud.map_or(each_second / 1e6, |baud| 1000.0 * each_second / f64::from(baud))
    }

    /// What [`figure`](Self::figure) is.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        if self.baud.is_some() { "% of the line" } else { "MB/s" }
    }

    /// What a download in online mode is to reach.
    #[must_use]
    pub fn online_target(&self) -> Option<f64> {
        self.baud.map(|baud| if baud >= 921_600 { 99.5 } else { 97.0 })
    }

    /// What block reads are to reach of what their size and the turnaround allow.
    #[must_use]
    pub fn blocks_target(&self) -> Option<f64> {
        let fast = self.baud? >= 3_000_000;
        Some(if fast || !self.turnaround.is_zero() { 97.0 } else { 98.0 })
    }

    /// How many bytes to transfer, if the line alone takes the time.
    #[must_use]
    pub fn online_bytes(&self, quick: bool) -> usize {
        let milliseconds = if quick { 80 } else { 700 };
        self.baud
            .map_or(if quick { 500_000 } else { 8_000_000 }, |baud| (baud / 10_000 * milliseconds) as usize)
    }

    /// How many exchanges of so many bytes each to make.
    #[must_use]
    pub fn exchanges(&self, bytes: usize, quick: bool) -> usize {
        let time = if quick { Duration::from_millis(80) } else { Duration::from_millis(900) };
        let each = self.crossing(bytes) + self.turnaround + self.pause + Duration::from_micros(50);
        let count = time.as_nanos() / each.as_nanos().max(1);
        usize::try_from(count).unwrap_or(usize::MAX).clamp(4, 500)
    }
}
