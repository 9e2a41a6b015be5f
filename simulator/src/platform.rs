//! The eleven platforms of the SSL guide, by their identifiers.

use std::fmt;
use std::str::FromStr;

/// A family of modules that share their firmware's behaviour. Source: SSL guide 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// ID 10: GL865, GE865-QUAD, GE864 V2, GL868-DUAL.
    P10,
    /// ID 13: GE910.
    P13,
    /// ID 16: GE910-QUAD V3, GE866, GL865 V3, GL868-DUAL V3.
    P16,
    /// ID 12: HE910, UE910, UL865, UE866.
    P12,
    /// ID 20: LE910 Cat1, LE910 V2.
    P20,
    /// ID 23: LE866, ME866A1.
    P23,
    /// ID 25 with the Linux firmware: `LE910Cx` Linux.
    P25Linux,
    /// ID 25 with the ThreadX firmware: `LE910Cx` ThreadX.
    P25ThreadX,
    /// ID 30: ME910C1, ML865C1.
    P30,
    /// ID 37: ME310G1, ME910G1, ML865G1.
    P37,
    /// ID 52: ELS63, LE910Q1.
    P52,
}

impl Platform {
    /// Every platform, in the guide's order.
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

    /// The identifier as written on a command line: `"37"`, `"25-linux"`.
    #[must_use]
    pub fn id(self) -> &'static str {
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

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The text names none of the eleven platforms.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown platform `{0}`; known are 10, 13, 16, 12, 20, 23, 25-linux, 25-threadx, 30, 37 and 52")]
pub struct UnknownPlatform(String);

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim();
        Self::ALL
            .into_iter()
            .find(|platform| platform.id().eq_ignore_ascii_case(wanted))
            .ok_or_else(|| UnknownPlatform(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_reads_back() {
        for platform in Platform::ALL {
            assert_eq!(platform.id().parse(), Ok(platform));
        }
        assert!("38".parse::<Platform>().is_err());
    }
}
