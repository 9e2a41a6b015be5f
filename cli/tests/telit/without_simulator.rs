//! A build without the virtual module says so.

use crate::harness::telit;

#[test]
fn everything_virtual_is_refused_clearly() {
    for line in ["info --port sim:37", "simulate --platform 37 --link telit-no-link", "demo"] {
        let arguments: Vec<&str> = line.split(' ').collect();
        assert!(telit(&arguments).failed(2).error().contains("no virtual module"), "{line}");
    }
}
