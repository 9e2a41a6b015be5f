//! The engine under any operations: what its documentation promises holds, and it finds the line again.

mod exchanges;
mod module;
mod operation;
mod rig;

use operation::Operation;
use rig::{Feeding, Rig};

/// Runs the operations that the input encodes (see `Operation::decode`) on two engines, one of which gets the
/// module's bytes one by one.
///
/// # Panics
/// The engine broke its contract, the two engines differ, or a well-behaved module cannot get it back in step.
pub fn engine(input: &[u8]) {
    let (settings, rest) = exchanges::settings(input);
    let operations = Operation::decode(rest);
    let [mut whole, mut single] = [Feeding::Whole, Feeding::SingleBytes].map(|feeding| {
        let mut rig = Rig::new(settings.clone(), feeding);
        operations.iter().for_each(|operation| rig.perform(operation));
        rig.recover();
        rig
    });
    whole.take_record().assert_same_as(&single.take_record());
}
