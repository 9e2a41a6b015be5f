//! Sequences of DER.

use der::asn1::AnyRef;
use der::{Decode, Reader, SliceReader, Tag, Tagged};

/// Reads a sequence to its end. `Reader::sequence` does the same, but is in the program once for each closure.
pub(super) fn sequence<'a, T>(
    reader: &mut SliceReader<'a>,
    read: impl FnOnce(&mut SliceReader<'a>) -> der::Result<T>,
) -> der::Result<T> {
    let mut fields = open(reader)?;
    let value = read(&mut fields)?;
    fields.finish()?;
    Ok(value)
}

fn open<'a>(reader: &mut SliceReader<'a>) -> der::Result<SliceReader<'a>> {
    let sequence = AnyRef::decode(reader)?;
    sequence.tag().assert_eq(Tag::Sequence)?;
    SliceReader::new(sequence.value())
}
