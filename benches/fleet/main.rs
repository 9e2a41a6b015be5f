//! What many modules in one process cost: heap and tasks of an idle session, wake-ups while nothing happens, and CPU time
//! of a message, from one module to 5,000.
//!
//! The modules are played by one thread, which answers from a script and whose CPU time is taken off. `--quick` stops at
//! 100 modules.
#![expect(clippy::print_stdout, reason = "a benchmark prints its result")]

mod atat_client;
mod bare;
mod host_stack;
mod line;
mod load;
mod responder;
mod rows;
mod script;
mod session;
mod usage;
mod world;

use std::sync::Arc;

use telit_benches::Report;

use rows::Scale;
use script::Script;

type Error = Box<dyn std::error::Error + Send + Sync>;

const METHOD: &str = "\
One process, a runtime with two threads, lines in memory with buffers of their own, and one thread that answers for all \
modules from a script: the conversation with the virtual module (platform 37), learned at the start of the run. Heap is \
what the allocator was asked for and has not got back, divided by the sessions; the lines are allocated before. CPU time \
is that of the process without the answering thread. Every module publishes 100 bytes with QoS 1 through its own MQTT \
client, TLS with a client certificate, 40 messages a second for one module and 2,000 a second for all of 100 and more. \
The bare loop is a tokio task with a 512-byte buffer that writes and reads the same bytes and waits the same pause. atat \
has an ingress buffer, a response slot and a client buffer of 1 KiB each and 8 unsolicited lines of at most 128 bytes. \
rumqttc runs in a process of its own over native TLS on a socket of this computer; its figures are resident memory, \
because OpenSSL allocates by itself, and CPU time of both, MQTT and TLS.";

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == host_stack::ROLE) {
        return host_stack::run(arguments.get(at + 1..).unwrap_or_default());
    }
    let quick = arguments.iter().any(|argument| argument == "--quick");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut report = Report::new("fleet", "Many modules in one process", METHOD);
    runtime.block_on(async {
        let script = Arc::new(Script::learn().await?);
        println!("{} steps in the conversation", script.len());
        let scale = Scale::new(quick);
        rows::idle(&mut report, &script, &scale).await?;
        rows::messages(&mut report, &script, &scale).await
    })?;
    Ok(report.finish()?)
}
