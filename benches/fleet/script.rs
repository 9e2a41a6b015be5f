//! What a module answers: the conversation of one session with the virtual module, learned at the start and played to
//! every line, so that it is always the conversation that the SDK has today.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use telit_simulator::peers::Peers;
use telit_simulator::{Platform, VirtualModule};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use crate::Error;
use crate::line::Wire;
use crate::session::{self, HOST, MESSAGE, PORT};

/// What the host writes, and what the module answers to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    sent: Vec<u8>,
    answer: Vec<u8>,
}

/// A conversation.
#[derive(Debug)]
pub(crate) struct Script {
    steps: Vec<Step>,
}

impl Script {
    /// Opens a virtual module, connects to a broker, publishes three times, and notes everything.
    pub(crate) async fn learn() -> Result<Self, Error> {
        let peers = Peers::new();
        let broker = peers.broker(HOST, PORT);
        let module = VirtualModule::builder(Platform::P37).peers(&peers).build()?;
        let (host, tap) = duplex(4096);
        let steps = Arc::new(Mutex::new(Vec::new()));
        let noting = tokio::spawn(note(tap, module.attach_duplex(), Arc::clone(&steps)));
        let modem = session::open(host).await?;
        let client = session::connect(&modem).await?;
        for _ in 0..3 {
            session::publish(&client).await?;
        }
        if broker.messages().iter().filter(|message| message.payload[..] == MESSAGE[..]).count() != 3 {
            return Err("the broker has not got the three messages".into());
        }
        noting.abort();
        module.shutdown().await;
        let steps = steps.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Ok(Self { steps })
    }

    /// How many steps it has.
    pub(crate) fn len(&self) -> usize {
        self.steps.len()
    }

    /// Everything that stands between the command of a publish and the end of its answer, for whoever plays it alone.
    pub(crate) fn publish(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let at = self.steps.iter().rposition(|step| step.sent.windows(6).any(|part| part == b"#MQPUB"));
        let from_there = at.and_then(|at| self.steps.get(at..)).unwrap_or_default();
        let steps = from_there.iter().take(2).filter(|step| !step.sent.is_empty());
        steps.map(|step| (step.sent.clone(), step.answer.clone())).collect()
    }

    /// Answers what has come on a line.
    pub(crate) fn answer(&self, wire: &mut Wire) {
        while let Some((step, next)) = self.find(&wire.to_module, wire.cursor) {
            wire.to_host.extend_from_slice(&step.answer);
            wire.to_module.drain(..step.sent.len());
            wire.cursor = next;
            wire.messages += u64::from(is_message(&step.sent));
        }
        // A command that was never heard is counted, and taken.
        if wire.to_module.ends_with(b"\r") {
            wire.unknown += 1;
            wire.to_module.clear();
            wire.to_host.extend_from_slice(b"\r\nOK\r\n");
        }
    }

    /// The next step if it fits; else the last that fits, for what is asked again; else one that is to come.
    fn find(&self, input: &[u8], cursor: usize) -> Option<(&Step, usize)> {
        let (past, coming) = self.steps.split_at_checked(cursor)?;
        let fits = |step: &Step| !step.sent.is_empty() && input.starts_with(&step.sent);
        if coming.first().is_some_and(fits) {
            return coming.first().map(|step| (step, cursor + 1));
        }
        if let Some(at) = past.iter().rposition(fits) {
            // Whoever publishes once more goes on behind the command.
            let next = if is_publish(input) { at + 1 } else { cursor };
            return past.get(at).map(|step| (step, next));
        }
        let at = coming.iter().position(fits)?;
        coming.get(at).map(|step| (step, cursor + at + 1))
    }
}

fn is_publish(input: &[u8]) -> bool {
    input.starts_with(b"AT#MQPUB")
}

fn is_message(sent: &[u8]) -> bool {
    sent.windows(MESSAGE.len()).any(|part| part == MESSAGE)
}

/// Passes everything on in both directions.
async fn note(
    mut host: DuplexStream,
    mut module: DuplexStream,
    steps: Arc<Mutex<Vec<Step>>>,
) -> io::Result<()> {
    let (mut sent, mut answered) = ([0; 4096], [0; 4096]);
    loop {
        tokio::select! {
            count = host.read(&mut sent) => {
                let bytes = sent.get(..count?).unwrap_or_default();
                module.write_all(bytes).await?;
                let step = Step { sent: bytes.to_vec(), answer: Vec::new() };
                steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
            }
            count = module.read(&mut answered) => {
                let bytes = answered.get(..count?).unwrap_or_default();
                if let Some(step) = steps.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
                    step.answer.extend_from_slice(bytes);
                }
                host.write_all(bytes).await?;
            }
        }
    }
}
