//! Messages of one shadow can come twice and in any order; a version that is not newer tells nothing.

/// The newest version that was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Versions {
    newest: Option<u64>,
}

impl Versions {
    /// Whether this one is newer than all before.
    pub(super) fn admit(&mut self, version: u64) -> bool {
        let newer = self.newest.is_none_or(|newest| version > newest);
        if newer {
            self.newest = Some(version);
        }
        newer
    }

    /// The shadow is gone; the next one may count from the start.
    pub(super) fn forget(&mut self) {
        self.newest = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_newer_versions_count() {
        let mut versions = Versions::default();
        let admitted: Vec<u64> =
            [7, 7, 5, 8, 8, 10, 9].into_iter().filter(|it| versions.admit(*it)).collect();
        assert_eq!(admitted, [7, 8, 10]);
        versions.forget();
        assert!(versions.admit(1));
    }
}
