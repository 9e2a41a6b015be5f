//! What goes wrong, and when.

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// It is away for a moment.
    Network,
    Reboot,
    Unplug,
    /// Of the process that downloads.
    Kill,
    /// The connection is closed in the middle of a body.
    Server,
}

impl Cut {
    pub(super) const ALL: [Self; 5] = [Self::Network, Self::Reboot, Self::Unplug, Self::Kill, Self::Server];
}

/// So many cuts behind random numbers of bytes, every kind as often as the others.
pub(super) fn plan(size: usize, cuts: usize, kinds: &[Cut], random: &mut fastrand::Rng) -> Vec<(u64, Cut)> {
    let mut kinds: Vec<_> = kinds.iter().copied().cycle().take(cuts).collect();
    random.shuffle(&mut kinds);
    // Behind the last one something has to be left.
    let slice = size as u64 * 9 / 10 / cuts as u64;
    let at = |number: usize, random: &mut fastrand::Rng| number as u64 * slice + random.u64(0..slice);
    kinds.into_iter().enumerate().map(|(number, cut)| (at(number, random), cut)).collect()
}
