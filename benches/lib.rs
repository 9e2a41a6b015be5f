//! Measurements of the SDK on a virtual line; see the benches of this package.
