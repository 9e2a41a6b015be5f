//! From the words a module says of itself to its platform. The only place that compares names.
//!
//! The model tells first, the firmware decides where the model leaves a choice or is not known.
//! Source: SSL guide 1 (products), M37 p11, p78; the strings of 25 and 37 without a number from public logs.

use super::id::PlatformId;

/// What the names tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identification {
    /// It is this platform.
    Platform(PlatformId),
    /// It is one of these; only a probe tells, see [`tell_le910cx_apart`].
    NeedsProbe(&'static [PlatformId]),
    /// No supported platform has these names.
    Unknown,
}

/// Tells the platform from the answers to `AT+CGMM` (model) and `AT#SWPKGV` or `AT+CGMR` (firmware).
///
/// `firmware` may be empty where it is not known, or the first line of `#SWPKGV`, such as `37.00.217-P0C.210001`.
#[must_use]
pub fn identify(model: &str, firmware: &str) -> Identification {
    let by_model = by_model(model);
    match (by_model, by_firmware(firmware)) {
        ([], Firmware::Platforms(platforms)) => conclude(platforms),
        ([], _) | (_, Firmware::Unsupported) => Identification::Unknown,
        (platforms, Firmware::Silent) => conclude(platforms),
        (platforms, Firmware::Platforms(confirmed)) => match confirmed {
            [one] if platforms.contains(one) => Identification::Platform(*one),
            _ if platforms.iter().all(|platform| confirmed.contains(platform)) => conclude(platforms),
            _ => Identification::Unknown,
        },
    }
}

/// Tells the two stacks of `LE910Cx` apart by the answer to `AT#SSLSECCFG2=?`.
///
/// The third field is unused with Linux, so that its range is `(0)`, and switches SNI with ThreadX. `None` if the
/// answer has no third field, or none that says so. Source: SSL guide 6.3.2, 6.3.4; that the ranges differ so is
/// an expectation until a module has confirmed it.
#[must_use]
pub fn tell_le910cx_apart(test_answer: &str) -> Option<PlatformId> {
    let ranges = test_answer.split_once(':').map_or(test_answer, |(_, ranges)| ranges);
    let range = ranges.split('(').nth(3)?.split(')').next()?.trim();
    match range {
        "0" => Some(PlatformId::P25Linux),
        "0,1" | "0-1" => Some(PlatformId::P25ThreadX),
        _ => None,
    }
}

/// Tells the two stacks of `LE910Cx` apart by the number of fields in the answer to `AT#SSLCFG=?`.
///
/// Source: SSL guide 6.7.2 (nine with Linux), 6.7.3 (twelve with ThreadX).
#[must_use]
pub fn tell_le910cx_apart_by_fields(socket_fields: usize) -> Option<PlatformId> {
    match socket_fields {
        9 => Some(PlatformId::P25Linux),
        12 => Some(PlatformId::P25ThreadX),
        _ => None,
    }
}

const LE910CX: &[PlatformId] = &[PlatformId::P25Linux, PlatformId::P25ThreadX];

/// Starts of model names. The first that fits counts, so longer ones stand above their own beginnings.
///
/// Models whose third version is another platform are printed with or without the `V3`, hence the choices.
const MODELS: &[(&str, &[PlatformId])] = &[
    ("GE910-QUAD-V3", &[PlatformId::P16]),
    ("GE910-QUAD", &[PlatformId::P13, PlatformId::P16]),
    ("GE910", &[PlatformId::P13]),
    ("GE866", &[PlatformId::P16]),
    ("GL865-DUAL-V3", &[PlatformId::P16]),
    ("GL865-QUAD-V3", &[PlatformId::P16]),
    ("GL865-V3", &[PlatformId::P16]),
    ("GL865", &[PlatformId::P10, PlatformId::P16]),
    ("GL868-DUAL-V3", &[PlatformId::P16]),
    ("GL868-DUAL", &[PlatformId::P10, PlatformId::P16]),
    ("GE865", &[PlatformId::P10]),
    ("GE864", &[PlatformId::P10]),
    ("HE910", &[PlatformId::P12]),
    ("UE910", &[PlatformId::P12]),
    ("UL865", &[PlatformId::P12]),
    ("UE866", &[PlatformId::P12]),
    ("LE910Q1", &[PlatformId::P52]),
    ("LE910C", LE910CX),
    // Not LE910R1, which the guide does not list. Source of B1 and B4: IPE28 p94.
    ("LE910B1", &[PlatformId::P20]),
    ("LE910B4", &[PlatformId::P20]),
    ("LE910", &[PlatformId::P20]),
    ("LE866", &[PlatformId::P23]),
    ("ME866A1", &[PlatformId::P23]),
    ("ME910C1", &[PlatformId::P30]),
    ("ML865C1", &[PlatformId::P30]),
    ("NE910C1", &[PlatformId::P30]),
    ("ME310G1", &[PlatformId::P37]),
    ("ME910G1", &[PlatformId::P37]),
    ("ML865G1", &[PlatformId::P37]),
    ("ELS63", &[PlatformId::P52]),
];

/// Starts of firmware names up to the first dot. Numbers are the platform version.
const FIRMWARE: &[(&str, &[PlatformId])] = &[
    ("10", &[PlatformId::P10]),
    ("12", &[PlatformId::P12]),
    ("13", &[PlatformId::P13]),
    ("16", &[PlatformId::P16]),
    ("20", &[PlatformId::P20]),
    ("23", &[PlatformId::P23]),
    ("25", LE910CX),
    ("M0F", LE910CX),
    ("30", &[PlatformId::P30]),
    ("37", &[PlatformId::P37]),
    ("M0C", &[PlatformId::P37]),
    ("52", &[PlatformId::P52]),
];

/// Platforms that share model names with supported ones: HE910 V2 and UE910 V2 (SSL guide, revisions 5 to 7), the
/// first LE910, LE910R1.
const UNSUPPORTED_FIRMWARE: &[&str] = &["14", "19", "17", "M0Q"];

enum Firmware {
    Platforms(&'static [PlatformId]),
    Unsupported,
    Silent,
}

fn by_model(model: &str) -> &'static [PlatformId] {
    let model = model.trim().to_ascii_uppercase().replace([' ', '_'], "-");
    let model = model.strip_prefix("TELIT-").unwrap_or(&model);
    MODELS
        .iter()
        .find(|(start, _)| model.strip_prefix(start).is_some_and(|rest| ends_a_name(start, rest)))
        .map_or(&[], |(_, platforms)| platforms)
}

/// Whether `rest` begins a new word, so that `LE910` is not found in `LE910R1`. The C of LE910C is not the end of
/// its word: a number follows.
fn ends_a_name(start: &str, rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('-') || start == "LE910C"
}

fn by_firmware(firmware: &str) -> Firmware {
    let Some((start, _)) = firmware.trim().split_once('.') else {
        return Firmware::Silent;
    };
    if UNSUPPORTED_FIRMWARE.contains(&start) {
        return Firmware::Unsupported;
    }
    FIRMWARE
        .iter()
        .find_map(|(known, platforms)| (*known == start).then_some(Firmware::Platforms(platforms)))
        .unwrap_or(Firmware::Silent)
}

fn conclude(platforms: &'static [PlatformId]) -> Identification {
    match platforms {
        [one] => Identification::Platform(*one),
        several => Identification::NeedsProbe(several),
    }
}

#[cfg(test)]
mod tests {
    use super::Identification::{NeedsProbe, Platform, Unknown};
    use super::*;

    #[test]
    fn names_lead_to_platforms() {
        for (model, firmware, expected) in [
            ("ME310G1-WW", "37.00.217-P0C.210001", Platform(PlatformId::P37)),
            ("ME910G1-WW", "M0C.200006", Platform(PlatformId::P37)),
            ("ML865G1-WW", "", Platform(PlatformId::P37)),
            ("ME910C1-E1", "30.00.009", Platform(PlatformId::P30)),
            ("NE910C1", "", Platform(PlatformId::P30)),
            ("LE910C4-WWXD", "M0F.603003", NeedsProbe(LE910CX)),
            ("LE910C1-NF", "25.20.009", NeedsProbe(LE910CX)),
            ("LE910-NA V2", "20.00.526", Platform(PlatformId::P20)),
            ("LE910-SVL", "", Platform(PlatformId::P20)),
            ("LE910B1-NA", "", Platform(PlatformId::P20)),
            ("LE910B4-NA", "20.00.402", Platform(PlatformId::P20)),
            ("ME866A1-NA", "23.00.103", Platform(PlatformId::P23)),
            ("ELS63-I", "52.00.001", Platform(PlatformId::P52)),
            ("LE910Q1-EU", "52.00.001", Platform(PlatformId::P52)),
            ("UL865-EUR", "12.00.504", Platform(PlatformId::P12)),
            ("UE866-EU", "", Platform(PlatformId::P12)),
            ("ML865C1-EA", "30.01.800", Platform(PlatformId::P30)),
            ("GE864-QUAD V2", "10.00.144", Platform(PlatformId::P10)),
            ("GE865-QUAD", "", Platform(PlatformId::P10)),
            ("GE866-QUAD", "16.01.150", Platform(PlatformId::P16)),
            ("GL868-DUAL", "10.00.003", Platform(PlatformId::P10)),
            ("GL868-DUAL V3", "", Platform(PlatformId::P16)),
            ("GE910-QUAD", "13.00.007", Platform(PlatformId::P13)),
            ("GE910-QUAD", "16.00.302", Platform(PlatformId::P16)),
            ("GE910-QUAD", "", NeedsProbe(&[PlatformId::P13, PlatformId::P16])),
            ("GL868-DUAL", "x", NeedsProbe(&[PlatformId::P10, PlatformId::P16])),
            ("LE910Q1-WW", "", Platform(PlatformId::P52)),
            ("ELS63-E", "01.000", Platform(PlatformId::P52)),
            ("LE866-SV1", "23.00.006", Platform(PlatformId::P23)),
            ("HE910", "12.00.024", Platform(PlatformId::P12)),
            ("he910-eud\r", " 12.00.024", Platform(PlatformId::P12)),
            ("GL865-QUAD V3", "", Platform(PlatformId::P16)),
            ("GL865-QUAD", "16.00.153", Platform(PlatformId::P16)),
            ("GL865-QUAD", "10.00.177", Platform(PlatformId::P10)),
            ("GL865-QUAD", "", NeedsProbe(&[PlatformId::P10, PlatformId::P16])),
            ("GE910-GNSS", "13.00.004", Platform(PlatformId::P13)),
            ("GE910-QUAD-V3", "", Platform(PlatformId::P16)),
            ("Telit ME310G1-W1", "", Platform(PlatformId::P37)),
        ] {
            assert_eq!(identify(model, firmware), expected, "{model} {firmware}");
        }
    }

    #[test]
    fn the_firmware_alone_is_enough() {
        assert_eq!(identify("", "37.00.217"), Platform(PlatformId::P37));
        assert_eq!(identify("SOMETHING-NEW", "M0C.200006"), Platform(PlatformId::P37));
        assert_eq!(identify("", "M0F.603003"), NeedsProbe(LE910CX));
    }

    #[test]
    fn relatives_and_contradictions_are_not_taken_for_a_platform() {
        for (model, firmware) in [
            ("", ""),
            ("LE910R1-EU", "M0Q.010001"),
            ("LE910R1-EU", ""),
            ("LE910-EUG", "17.00.503"),
            ("HE910", "14.20.001"),
            ("UE910", "19.10.021"),
            ("ME310G1-WW", "30.00.009"),
            ("EHS5", "02.000"),
        ] {
            assert_eq!(identify(model, firmware), Unknown, "{model} {firmware}");
        }
    }

    #[test]
    fn every_platform_can_be_found_by_its_model() {
        for id in PlatformId::ALL {
            assert!(MODELS.iter().any(|(_, platforms)| platforms.contains(&id)), "{id}");
        }
    }

    #[test]
    fn no_model_hides_a_later_one() {
        for (index, (model, _)) in MODELS.iter().enumerate() {
            let first = MODELS.iter().position(|(start, _)| {
                model.strip_prefix(start).is_some_and(|rest| ends_a_name(start, rest))
            });
            assert_eq!(first, Some(index), "{model}");
        }
    }

    #[test]
    fn the_number_of_fields_tells_the_two_stacks_apart() {
        assert_eq!(tell_le910cx_apart_by_fields(9), Some(PlatformId::P25Linux));
        assert_eq!(tell_le910cx_apart_by_fields(12), Some(PlatformId::P25ThreadX));
        assert_eq!(tell_le910cx_apart_by_fields(0), None);
    }

    #[test]
    fn the_probe_tells_the_two_stacks_apart() {
        for (answer, expected) in [
            ("#SSLSECCFG2: (1),(0-3),(0),(0),(0),(0)", Some(PlatformId::P25Linux)),
            ("#SSLSECCFG2: (1-6),(0-4),(0-1),(0-15),(0-7),(1-4)", Some(PlatformId::P25ThreadX)),
            ("#SSLSECCFG2:(1-6),(0,1,2,3),(0,1),(0-15),(0-7),(1-4)", Some(PlatformId::P25ThreadX)),
            ("#SSLSECCFG2: (1),(0-3)", None),
            ("ERROR", None),
        ] {
            assert_eq!(tell_le910cx_apart(answer), expected, "{answer}");
        }
    }
}
