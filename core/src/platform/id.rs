//! Names of the platforms.

use std::fmt;
use std::str::FromStr;

/// A platform of the vendor's guide, told by the platform version of its firmware.
///
/// Source: SSL guide 1 (applicability table); the split of 25 in SSL guide 6.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PlatformId {
    /// GL865, GE865-QUAD, GE864 V2, GL868-DUAL.
    P10,
    /// GE910.
    P13,
    /// GE910-QUAD V3, GE866-QUAD, GL865 V3, GL868-DUAL V3.
    P16,
    /// HE910, UE910, UL865, UE866.
    P12,
    /// LE910 Cat1, LE910 V2.
    P20,
    /// LE866, ME866A1.
    P23,
    /// `LE910Cx` with Linux.
    P25Linux,
    /// `LE910Cx` with ThreadX.
    P25ThreadX,
    /// ME910C1, ML865C1.
    P30,
    /// ME310G1, ME910G1, ML865G1.
    P37,
    /// ELS63, LE910Q1.
    P52,
}

impl PlatformId {
    /// All platforms, in the order of the guide.
    pub const ALL: [Self; 11] = [
        Self::P10,
        Self::P13,
        Self::P16,
        Self::P12,
        Self::P20,
        Self::P23,
        Self::P25Linux,
        Self::P25ThreadX,
        Self::P30,
        Self::P37,
        Self::P52,
    ];

    /// The name that [`Display`](fmt::Display) writes and [`FromStr`] reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P10 => "10",
            Self::P13 => "13",
            Self::P16 => "16",
            Self::P12 => "12",
            Self::P20 => "20",
            Self::P23 => "23",
            Self::P25Linux => "25-linux",
            Self::P25ThreadX => "25-threadx",
            Self::P30 => "30",
            Self::P37 => "37",
            Self::P52 => "52",
        }
    }
}

impl fmt::Display for PlatformId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for PlatformId {
    type Err = ParsePlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|id| id.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| ParsePlatformError { text: text.to_owned() })
    }
}

/// The text names no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no platform is named {text:?}; use one of 10, 13, 16, 12, 20, 23, 25-linux, 25-threadx, 30, 37, 52")]
pub struct ParsePlatformError {
    text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for id in PlatformId::ALL {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        assert_eq!("25-ThreadX".parse(), Ok(PlatformId::P25ThreadX));
    }

    #[test]
    fn other_names_are_refused_with_the_choices() {
        let error = "25".parse::<PlatformId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "no platform is named \"25\"; \
             use one of 10, 13, 16, 12, 20, 23, 25-linux, 25-threadx, 30, 37, 52"
        );
    }
}
