//! What the state file beside a part file says.

use super::digest::{Sha256Digest, hash_text};

const HEADER: &str = "telit part file 3";
const DIGEST: &str = "digest ";

/// What a part file belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) source: String,
    pub(super) size: u64,
    /// What the server calls this state of the file, if it calls it anything.
    pub(super) version: Option<String>,
    pub(super) sha256: Option<Sha256Digest>,
}

/// What a part file belongs to, and how much of it is on the disk for sure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartState {
    pub(super) identity: Identity,
    /// So many bytes at its beginning were flushed. Those behind them may be anything after a power cut.
    pub(super) safe: u64,
}

impl Identity {
    /// Whether a part file of this identity can become the wanted file. What is known on one side only decides
    /// nothing. Two files with the same hash are the same one, wherever they come from.
    fn fits(&self, wanted: &Self) -> bool {
        let same_file = match (self.sha256, wanted.sha256) {
            (Some(held), Some(wanted)) => held == wanted,
            _ => self.source == wanted.source && !differ(&self.version, &wanted.version),
        };
        same_file && self.size == wanted.size
    }
}

fn differ(held: &Option<String>, wanted: &Option<String>) -> bool {
    held.is_some() && wanted.is_some() && held != wanted
}

impl PartState {
    /// Whether it is worth asking the server about.
    pub(super) fn may_belong_to(&self, source: &str, sha256: Option<Sha256Digest>) -> bool {
        match (self.identity.sha256, sha256) {
            (Some(held), Some(wanted)) => held == wanted,
            _ => self.identity.source == source,
        }
    }

    /// How much of the wanted file the part file holds.
    pub(super) fn safe_for(&self, wanted: &Identity) -> Option<u64> {
        (self.identity.fits(wanted) && self.safe <= wanted.size).then_some(self.safe)
    }

    /// The lines, closed by their own digest: a file system may lose or damage any of them.
    pub(super) fn to_text(&self) -> String {
        let Identity { source, size, version, sha256 } = &self.identity;
        let version = version.as_deref().unwrap_or_default();
        let hash = sha256.map(|hash| hash.to_string()).unwrap_or_default();
        let safe = self.safe;
        let lines = format!(
            "{HEADER}\nsource {source}\nsize {size}\nversion {version}\nsha256 {hash}\nsafe {safe}\n"
        );
        let digest = hash_text(&lines);
        format!("{lines}{DIGEST}{digest}\n")
    }

    /// `None` if it is damaged.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (lines, claimed) = text.strip_suffix('\n')?.rsplit_once(DIGEST)?;
        if hash_text(lines).to_string() != claimed {
            return None;
        }
        let mut lines = lines.lines();
        if lines.next() != Some(HEADER) {
            return None;
        }
        let source = lines.next()?.strip_prefix("source ")?.to_owned();
        let size = lines.next()?.strip_prefix("size ")?.parse().ok()?;
        let version = lines.next()?.strip_prefix("version ")?;
        let version = (!version.is_empty()).then(|| version.to_owned());
        let sha256 = match lines.next()?.strip_prefix("sha256 ")? {
            "" => None,
            hash => Some(hash.parse().ok()?),
        };
        let safe = lines.next()?.strip_prefix("safe ")?.parse().ok()?;
        Some(Self { identity: Identity { source, size, version, sha256 }, safe })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        let version = Some("\"1\"".into());
        Identity { source: "h:21  fw.bin".into(), size: 10, version, sha256: Some([7; 32].into()) }
    }

    fn state() -> PartState {
        PartState { identity: identity(), safe: 10 }
    }

    #[test]
    fn states_survive_the_disk() {
        let without = PartState { identity: Identity { version: None, sha256: None, ..identity() }, safe: 0 };
        let odd = Identity { source: "h:21  digest \u{e9}".into(), ..identity() };
        for state in [state(), without, PartState { identity: odd, safe: 3 }] {
            assert_eq!(PartState::parse(&state.to_text()), Some(state));
        }
    }

    #[test]
    fn every_damage_is_noticed() {
        let text = state().to_text();
        for length in 0..text.len() {
            assert_eq!(PartState::parse(&text[..length]), None, "{length} bytes");
            let zeros = format!("{}{}", &text[..length], "\0".repeat(text.len() - length));
            assert_eq!(PartState::parse(&zeros), None, "{length} bytes, then zeros");
        }
        assert_eq!(PartState::parse(&text.replace("safe 10", "safe 11")), None);
        assert_eq!(PartState::parse(&format!("{text}\n")), None);
    }

    #[test]
    fn another_file_does_not_fit() {
        assert_eq!(state().safe_for(&identity()), Some(10));
        assert_eq!(state().safe_for(&Identity { sha256: None, ..identity() }), Some(10));
        assert_eq!(state().safe_for(&Identity { size: 11, ..identity() }), None);
        assert_eq!(state().safe_for(&Identity { sha256: Some([8; 32].into()), ..identity() }), None);
        assert_eq!(PartState { safe: 11, ..state() }.safe_for(&identity()), None);
    }

    #[test]
    fn source_and_version_decide_where_no_hash_does() {
        let another = |sha256| Identity { source: "h:21  other".into(), sha256, ..identity() };
        assert_eq!(state().safe_for(&another(identity().sha256)), Some(10));
        assert_eq!(state().safe_for(&another(None)), None);
        let changed = |version: Option<&str>, sha256| {
            let version = version.map(str::to_owned);
            state().safe_for(&Identity { version, sha256, ..identity() })
        };
        assert_eq!(changed(Some("\"2\""), identity().sha256), Some(10));
        assert_eq!(changed(Some("\"2\""), None), None);
        assert_eq!(changed(None, None), Some(10));
    }
}
