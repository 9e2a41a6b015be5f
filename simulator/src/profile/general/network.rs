//! The network of each generation: contexts, technology, signal.

use std::ops::RangeInclusive;

/// Packet data contexts.
#[derive(Debug, Clone)]
pub(crate) struct Contexts {
    /// Those that `#SGACT` and the services take.
    pub(crate) ids: RangeInclusive<u32>,
    /// Those that `+CGDCONT` takes.
    pub(crate) defined: RangeInclusive<u32>,
    /// Those that `#SCFG` takes.
    pub(crate) bound: RangeInclusive<u32>,
    /// Those that exist on a new module, from 1.
    pub(crate) predefined: &'static [Predefined],
    /// So many of them, from 1, cannot be changed.
    pub(crate) fixed: u8,
    /// Those that are up since the attach, from 1. Where there are circuits, none is.
    pub(crate) attached: u8,
    /// The one of the services, where nothing else is said.
    pub(crate) internet: u8,
    pub(crate) kinds: &'static [&'static str],
    /// Behind the kind in the test answer, and behind the address in the read answer, of `+CGDCONT`.
    pub(crate) flags: (&'static str, &'static str),
    pub(crate) most_active: usize,
    /// `#SGACT` knows context 0, that of circuit-switched calls.
    pub(crate) circuit_switched: bool,
    /// `+CGCONTRDP` prints the mask and the addresses that there are not.
    pub(crate) long_parameters: bool,
    /// No two may have the same name.
    pub(crate) unique_names: bool,
    /// `#SGACT` of a dual-stack context that got IPv4 only ends in a comma.
    pub(crate) both_addresses: bool,
}

impl Contexts {
    /// Behind the address of a context in the read answer of `+CGDCONT`.
    pub(crate) fn flags_of(&self, cid: u8) -> &'static str {
        let mut predefined = (1..).zip(self.predefined);
        predefined.find(|(known, _)| *known == cid).map_or(self.flags.1, |(_, known)| known.flags)
    }
}

/// A context of a new module.
#[derive(Debug, Clone)]
pub(crate) struct Predefined {
    pub(crate) name: &'static str,
    /// As in [`Contexts::flags`], in the read answer.
    pub(crate) flags: &'static str,
}

/// Which protocols `#PROTOCOLCFG` binds to a context.
#[derive(Debug, Clone)]
pub(crate) struct Protocols {
    pub(crate) names: &'static [&'static str],
    pub(crate) contexts: RangeInclusive<u32>,
}

/// What the virtual network looks like to the platform.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    /// What `+COPS` calls it. 2G does without.
    pub(crate) technology: Option<u8>,
    /// Behind the state, when a registration report wants to know more.
    pub(crate) cell: &'static str,
    pub(crate) signal: &'static str,
    /// `+CGREG=4`
    pub(crate) packet_report_4: bool,
}

pub(super) const GSM: Network =
    Network { technology: None, cell: ",\"0001\",\"01A2\"", signal: "21,0", packet_report_4: false };
pub(super) const UTRAN: Network =
    Network { technology: Some(2), cell: ",\"0001\",\"01A2D101\",2", signal: "21,0", packet_report_4: false };
pub(super) const EUTRAN: Network =
    Network { technology: Some(7), cell: ",\"0001\",\"01A2D101\",7", signal: "21,3", packet_report_4: false };
/// Source: M37 p214-216, p689-692.
pub(super) const CAT_M1: Network =
    Network { technology: Some(8), cell: ",\"0001\",\"01A2D101\",8", signal: "21,3", packet_report_4: true };

/// Source: IPE28 p17-20, p121 (the same name twice). Two active ones are the choice here: no source has the number for 2G.
pub(super) const CONTEXTS_2G: Contexts = Contexts {
    ids: 1..=5,
    defined: 1..=5,
    bound: 1..=5,
    predefined: &[],
    fixed: 0,
    attached: 0,
    internet: 1,
    kinds: &["IP", "IPV6"],
    flags: ("(0,1),(0,1)", "0,0"),
    most_active: 2,
    circuit_switched: true,
    long_parameters: false,
    unique_names: false,
    both_addresses: false,
};

/// Source: IPE28 p18-23: three are active at once.
pub(super) const CONTEXTS_3G: Contexts =
    Contexts { kinds: &["IP", "IPV6", "IPV4V6"], most_active: 3, ..CONTEXTS_2G };

/// Source: IPE28 p35-37, p63-64 (LE910-EU V2): the attach context alone is defined, without a name.
pub(super) const CONTEXTS_20: Contexts = Contexts {
    ids: 1..=15,
    defined: 1..=15,
    bound: 0..=15,
    predefined: &[Predefined { name: "", flags: "0,0" }],
    flags: ("0,(0-4),(0,1),(0,1),(0,1),(0,1)", "0,0"),
    attached: 1,
    circuit_switched: false,
    long_parameters: true,
    ..CONTEXTS_3G
};

/// Source: IPE28 p39-40, p45, p66-67 (LE866-SV1): the network operator has the first two, IMS and ADMIN, for itself.
pub(super) const CONTEXTS_23: Contexts = Contexts {
    ids: 1..=4,
    defined: 1..=4,
    bound: 1..=4,
    predefined: &[
        Predefined { name: "vzwims", flags: "0,0,0,0,1,0" },
        Predefined { name: "vzwadmin", flags: "0,0" },
        Predefined { name: "vzwinternet", flags: "0,0" },
    ],
    fixed: 2,
    attached: 3,
    // Printed of LE910-SV1, p96, which has the same contexts.
    internet: 3,
    ..CONTEXTS_20
};

/// Source: IPE28 p41 (`+CGDCONT`), p98-99. What neither tells is as on 20.
pub(super) const CONTEXTS_25: Contexts = Contexts {
    ids: 1..=5,
    defined: 1..=24,
    bound: 1..=5,
    predefined: &[Predefined { name: "", flags: "0,0,0,0" }],
    kinds: &["IP", "PPP", "IPV6", "IPV4V6"],
    flags: ("(0-2),(0-4),(0-1),(0-1)", "0,0,0,0"),
    ..CONTEXTS_20
};

/// Source: M37 p665-668, p683, p700: six contexts, the first one is used for the attach.
pub(super) const CONTEXTS_37: Contexts = Contexts {
    ids: 1..=6,
    defined: 1..=6,
    bound: 1..=6,
    predefined: &[const { Predefined { name: "", flags: "0,0,0,0" } }; 6],
    fixed: 0,
    attached: 1,
    internet: 1,
    kinds: &["IP", "IPV6", "IPV4V6", "Non-IP"],
    flags: ("(0),(0),(0,1),(0,1)", "0,0,0,0"),
    most_active: 3,
    circuit_switched: false,
    long_parameters: false,
    unique_names: true,
    both_addresses: true,
};
