//! What the shadow service sends.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A shadow as it is at AWS.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Document<S> {
    /// What is desired of the device.
    pub desired: Option<S>,
    /// What the device has reported.
    pub reported: Option<S>,
    /// What is desired and not reported.
    pub delta: Option<S>,
    /// When each value was written, in the shape of the states.
    pub metadata: Value,
    /// One more with every update.
    pub version: u64,
    /// When AWS sent it, in seconds since 1970.
    pub timestamp: u64,
}

/// What is desired and not reported.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Delta<S> {
    /// The values that differ, as they are desired.
    pub state: S,
    /// The version of the shadow.
    pub version: u64,
    /// When AWS sent it, in seconds since 1970.
    pub timestamp: u64,
}

/// An accepted update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Updated {
    /// The version of the shadow since then; of a deleted shadow its last one.
    #[serde(default)]
    pub version: u64,
    /// When AWS accepted it, in seconds since 1970.
    #[serde(default)]
    pub timestamp: u64,
}

/// A shadow before and after an update.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Change<S> {
    /// Before; `None` for the first update.
    pub previous: Option<Snapshot<S>>,
    /// After.
    pub current: Snapshot<S>,
    /// When AWS sent it, in seconds since 1970.
    pub timestamp: u64,
}

/// A shadow at one version.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Snapshot<S> {
    /// What was desired of the device.
    pub desired: Option<S>,
    /// What the device had reported.
    pub reported: Option<S>,
    /// The version.
    pub version: u64,
}

/// The answer to `get`.
#[derive(Deserialize)]
#[serde(bound = "S: DeserializeOwned")]
pub(super) struct DocumentWire<S> {
    state: StateWire<S>,
    #[serde(default)]
    metadata: Value,
    version: u64,
    #[serde(default)]
    timestamp: u64,
}

#[derive(Deserialize)]
#[serde(bound = "S: DeserializeOwned")]
struct StateWire<S> {
    #[serde(default = "nothing")]
    desired: Option<S>,
    #[serde(default = "nothing")]
    reported: Option<S>,
    #[serde(default = "nothing")]
    delta: Option<S>,
}

/// A message on `update/delta`.
#[derive(Deserialize)]
#[serde(bound = "S: DeserializeOwned")]
pub(super) struct DeltaWire<S> {
    state: S,
    version: u64,
    #[serde(default)]
    timestamp: u64,
}

/// A message on `update/documents`.
#[derive(Deserialize)]
#[serde(bound = "S: DeserializeOwned")]
pub(super) struct ChangeWire<S> {
    #[serde(default = "nothing")]
    previous: Option<SnapshotWire<S>>,
    current: SnapshotWire<S>,
    #[serde(default)]
    timestamp: u64,
}

#[derive(Deserialize)]
#[serde(bound = "S: DeserializeOwned")]
struct SnapshotWire<S> {
    state: StateWire<S>,
    #[serde(default)]
    version: u64,
}

/// `#[serde(default)]` would ask the state for a default.
fn nothing<S>() -> Option<S> {
    None
}

impl<S> From<DocumentWire<S>> for Document<S> {
    fn from(wire: DocumentWire<S>) -> Self {
        let StateWire { desired, reported, delta } = wire.state;
        let DocumentWire { metadata, version, timestamp, .. } = wire;
        Self { desired, reported, delta, metadata, version, timestamp }
    }
}

impl<S> From<DeltaWire<S>> for Delta<S> {
    fn from(DeltaWire { state, version, timestamp }: DeltaWire<S>) -> Self {
        Self { state, version, timestamp }
    }
}

impl<S> From<ChangeWire<S>> for Change<S> {
    fn from(wire: ChangeWire<S>) -> Self {
        let previous = wire.previous.map(Snapshot::from);
        Self { previous, current: wire.current.into(), timestamp: wire.timestamp }
    }
}

impl<S> From<SnapshotWire<S>> for Snapshot<S> {
    fn from(SnapshotWire { state, version }: SnapshotWire<S>) -> Self {
        Self { desired: state.desired, reported: state.reported, version }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Deserialize)]
    struct Light {
        on: Option<bool>,
        colour: Option<String>,
    }

    fn light(on: Option<bool>, colour: Option<&str>) -> Light {
        Light { on, colour: colour.map(str::to_owned) }
    }

    #[test]
    fn the_documents_of_the_service() {
        let text = r#"{"state":{"desired":{"on":true,"colour":"red"},"reported":{"on":true},"delta":{"colour":"red"}},
            "metadata":{"desired":{"on":{"timestamp":1}}},"version":10,"timestamp":1700000000,"clientToken":"t"}"#;
        let document: Document<Light> = serde_json::from_str::<DocumentWire<Light>>(text).unwrap().into();
        assert_eq!(document.desired, Some(light(Some(true), Some("red"))));
        assert_eq!(document.reported, Some(light(Some(true), None)));
        assert_eq!(document.delta, Some(light(None, Some("red"))));
        assert_eq!((document.version, document.timestamp), (10, 1_700_000_000));
        assert_eq!(document.metadata["desired"]["on"]["timestamp"], 1);

        let text = r#"{"version":11,"timestamp":5,"state":{"on":false},"metadata":{"on":{"timestamp":5}}}"#;
        let delta: Delta<Light> = serde_json::from_str::<DeltaWire<Light>>(text).unwrap().into();
        assert_eq!(delta, Delta { state: light(Some(false), None), version: 11, timestamp: 5 });

        let text = r#"{"previous":{"state":{"reported":{"on":true}},"metadata":{},"version":3},
            "current":{"state":{"desired":null,"reported":{"on":false}},"metadata":{},"version":4},"timestamp":9}"#;
        let change: Change<Light> = serde_json::from_str::<ChangeWire<Light>>(text).unwrap().into();
        let off = Snapshot { desired: None, reported: Some(light(Some(false), None)), version: 4 };
        assert_eq!((change.current, change.timestamp), (off, 9));
        assert_eq!(change.previous.unwrap().version, 3);
    }

    #[test]
    fn an_empty_shadow_is_one() {
        let document: Document<Light> =
            serde_json::from_str::<DocumentWire<Light>>(r#"{"state":{},"version":1}"#).unwrap().into();
        assert_eq!((document.desired, document.reported, document.delta), (None, None, None));
    }
}
