//! What the engine costs: instructions and time for a line of text and for a byte of a body, by the size of the reads.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

mod bodies;
mod callgrind;
mod check;
mod delivered;
mod floors;
mod measurement;
mod peer;
mod reader;
mod rows;
mod text;
mod value;
mod why;

use std::sync::Arc;

use measurement::{Measurement, Traffic};
use value::Value;

/// The sizes of the reads, in bytes.
const READ_SIZES: [usize; 3] = [64, 512, 4096];

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What was understood. `None` is what was not.
#[derive(Debug, Clone, Copy)]
enum Found<'a> {
    /// A code that nobody asked for.
    Code(Option<Value<'a>>),
    /// An information line of an answer.
    Answer(Option<Value<'a>>),
    /// The body of an answer.
    Body(&'a [u8]),
}

/// Takes what tasks have understood.
type Sink = Arc<dyn Fn(Found<'_>) + Send + Sync>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--measure", measurement, read_size] = arguments[..] {
        return Measurement::named(measurement)?.run(&Traffic::new(), read_size.parse()?);
    }
    let traffic = Traffic::new();
    let checked = check::everything(&traffic)?;
    if arguments.contains(&"--quick") {
        println!("what the engine hands on is exact at reads of {READ_SIZES:?} bytes");
        return Ok(());
    }
    rows::report(&traffic, &checked)?.finish()?;
    Ok(())
}
