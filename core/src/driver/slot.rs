//! Where the stream of a port is put in and taken out while its handles stay.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

use super::health::Health;
use crate::fan_in;
use crate::transport::set_gathering;

/// A byte stream to a module: a serial port, a socket, or one half of an in-memory pair.
pub trait ByteStream: AsyncRead + AsyncWrite + Send {
    /// Tells whether bytes are to gather before they are read, so that none of them need wake anybody.
    #[doc(hidden)]
    fn set_gathering(&self, gathering: bool);
}

impl<T: AsyncRead + AsyncWrite + Send + 'static> ByteStream for T {
    fn set_gathering(&self, gathering: bool) {
        set_gathering(self, gathering);
    }
}

/// Any [`ByteStream`].
pub type BoxedStream = Pin<Box<dyn ByteStream>>;

/// What is done to the stream of a port.
pub(crate) enum Change {
    /// Close it and tell.
    TakeOut(oneshot::Sender<()>),
    /// Use this one from now on, and tell.
    PutIn(BoxedStream, oneshot::Sender<()>),
    /// Another port of the module has seen that it has restarted since that was known of this one.
    Restarted(Health),
}

/// The right to change the stream of a port. While it exists the port outlives the loss of its stream: commands fail
/// with [`LinkLost`](crate::CommandError::LinkLost) until the next one is put in.
#[derive(Debug)]
pub(crate) struct PortSlot {
    changes: fan_in::Sender<Box<Change>>,
    occupied: Occupied,
}

/// Gives the slot back as long as somebody has it.
#[derive(Clone, Debug)]
pub(crate) struct WeakPortSlot {
    changes: fan_in::WeakSender<Box<Change>>,
    occupied: Occupied,
}

/// Whether there is a stream.
pub(crate) type Occupied = Arc<AtomicBool>;

impl PortSlot {
    /// The slot of a port that has a stream.
    pub(crate) fn new(occupied: Occupied) -> (Self, fan_in::Receiver<Box<Change>>) {
        let (changes, receiver) = fan_in::channel(1);
        (Self { changes, occupied }, receiver)
    }

    /// One that does not make the port outlive its stream.
    pub(crate) fn downgrade(&self) -> WeakPortSlot {
        WeakPortSlot { changes: self.changes.downgrade(), occupied: Occupied::clone(&self.occupied) }
    }

    /// Whether there is a stream that is not lost yet.
    pub(crate) fn is_occupied(&self) -> bool {
        self.occupied.load(Ordering::Relaxed)
    }

    /// Closes the stream, so that the port can be opened again. Everything under way fails as if it had been lost.
    pub(crate) async fn take_out(&self) {
        let (taken, told) = oneshot::channel();
        // A task that is gone has closed it.
        if self.changes.send(Box::new(Change::TakeOut(taken))).await.is_ok() {
            drop(told.await);
        }
    }

    /// Goes on with another stream to the module, which may be in any state. Commands that are handed over later
    /// go there.
    pub(crate) async fn put_in(&self, stream: BoxedStream) {
        let (taken, told) = oneshot::channel();
        // A task that is gone needs none.
        if self.changes.send(Box::new(Change::PutIn(stream, taken))).await.is_ok() {
            drop(told.await);
        }
    }
}

impl PortSlot {
    /// Another port of the module has seen that it has restarted, unless this one has since `known`: its settings are sent
    /// again, and a command under way is not waited for any more.
    pub(crate) async fn restarted(&self, known: Health) {
        // A task that is gone has nothing to restore.
        self.changes.send(Box::new(Change::Restarted(known))).await.unwrap_or(());
    }
}

impl WeakPortSlot {
    pub(crate) fn upgrade(&self) -> Option<PortSlot> {
        let changes = self.changes.upgrade()?;
        Some(PortSlot { changes, occupied: Occupied::clone(&self.occupied) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::at::{CommandLine, Exchange, Expect, StreamEnd, StreamEnding};
    use crate::driver::{AtChannel, AtPort, DriverOptions, ModuleDown, ModuleState, Recorder, RestartSign};
    use crate::error::{CommandError, Outcome};

    fn start(restored: Vec<Exchange>) -> (AtPort, PortSlot, DuplexStream) {
        let (host, module) = duplex(4096);
        let options = DriverOptions { restored: restored.into(), ..DriverOptions::default() };
        let (port, slot) = AtPort::start_in_slot(Box::pin(host), options);
        (port, slot, module)
    }

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_transcript_tells_when_the_port_was_lost_and_when_it_was_back() {
        let sink = Sink::default();
        let recorder = Some(Recorder::new(sink.clone()));
        let options = DriverOptions { recorder, ..DriverOptions::default() };
        let (_port, slot) = AtPort::start_in_slot(Box::pin(duplex(64).0), options);
        slot.take_out().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        slot.put_in(Box::pin(duplex(64).0)).await;
        slot.take_out().await;
        let transcript = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let expected = "0.000 # the port is lost\n2.000 # the port is open again\n2.000 # the port is lost\n";
        assert_eq!(transcript, expected);
    }

    fn setting(name: &'static str) -> Exchange {
        Exchange::new(CommandLine::execute(name), Expect::result())
    }

    async fn expect(module: &mut DuplexStream, bytes: &[u8]) {
        let mut read = vec![0; bytes.len()];
        module.read_exact(&mut read).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&read), String::from_utf8_lossy(bytes));
    }

    /// The module lets itself be found and answers what is asked of it with `OK`.
    async fn answer(module: &mut DuplexStream, commands: &[&str]) {
        expect(module, b"AT+CMEE?\r").await;
        module.write_all(b"\r\n+CMEE: 2\r\n\r\nOK\r\n").await.unwrap();
        for command in commands {
            expect(module, format!("AT{command}\r").as_bytes()).await;
            module.write_all(b"\r\nOK\r\n").await.unwrap();
        }
    }

    fn spawn(port: &AtPort, name: &'static str) -> tokio::task::JoinHandle<Result<(), CommandError>> {
        let port = port.clone();
        tokio::spawn(async move { port.execute(setting(name)).await.map(drop) })
    }

    #[tokio::test(start_paused = true)]
    async fn another_stream_is_used_from_its_first_byte_and_the_settings_go_first() {
        let (port, slot, mut old) = start(vec![setting("E0")]);
        port.remember(setting("+X")).await;
        let running = spawn(&port, "+RUNNING");
        expect(&mut old, b"AT+RUNNING\r").await;
        let (host, mut module) = duplex(4096);
        slot.put_in(Box::pin(host)).await;
        let error = running.await.unwrap().unwrap_err();
        assert_eq!(error.to_string(), "the link to the module is lost: the port is opened again");
        assert_eq!(old.read_to_end(&mut Vec::new()).await.unwrap(), 0, "the old one is closed");
        let next = spawn(&port, "+NEXT");
        answer(&mut module, &["E0", "+X", "+NEXT"]).await;
        next.await.unwrap().unwrap();
        assert!(slot.is_occupied() && !port.is_closed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_waits_for_the_pause_is_not_sent_to_another_stream() {
        let (port, slot, mut module) = start(Vec::new());
        let first = spawn(&port, "+FIRST");
        expect(&mut module, b"AT+FIRST\r").await;
        module.write_all(b"\r\nOK\r\n").await.unwrap();
        first.await.unwrap().unwrap();
        let second = spawn(&port, "+SECOND");
        // Less than the pause: it has been taken, and not been sent.
        tokio::time::sleep(Duration::from_millis(5)).await;
        slot.take_out().await;
        let error = second.await.unwrap().unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotSent);
        assert_eq!(module.read_to_end(&mut Vec::new()).await.unwrap(), 0, "nothing was sent");
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_slot_fails_commands_at_once_and_keeps_what_was_told() {
        let (port, slot, _old) = start(Vec::new());
        slot.take_out().await;
        slot.take_out().await;
        assert!(!slot.is_occupied());
        assert_eq!(port.health().now().state, ModuleState::Recovering);
        assert_eq!(port.execute(setting("+X")).await.unwrap_err().outcome(), Outcome::NotSent);
        let dial = Exchange::new(CommandLine::execute("#SSLO"), Expect::stream(StreamEnding::MarkAndSilence));
        let error = port.open_stream(dial.clone()).await.unwrap_err();
        assert_eq!(error.to_string(), "the link to the module is lost: the port is opened again");
        port.remember(setting("E0")).await;
        port.set_escape_guard(Duration::from_secs(3)).await;
        port.restore(RestartSign::Caused, port.health().now()).await;
        assert!(port.execute(setting("+X")).await.is_err());
        let (host, mut module) = duplex(4096);
        slot.put_in(Box::pin(host)).await;
        assert_eq!(port.health().now().restarts, 1);
        let opening = tokio::spawn({
            let port = port.clone();
            async move { port.open_stream(dial).await }
        });
        answer(&mut module, &["E0"]).await;
        expect(&mut module, b"AT#SSLO\r").await;
        module.write_all(b"\r\nCONNECT\r\n").await.unwrap();
        let stream = opening.await.unwrap().unwrap();
        let closed = tokio::time::Instant::now();
        stream.close().await;
        expect(&mut module, b"+++").await;
        assert!(closed.elapsed() >= Duration::from_millis(3600), "{:?}", closed.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_that_is_open_ends_with_its_port() {
        let (port, slot, mut module) = start(Vec::new());
        let dial = Exchange::new(CommandLine::execute("#SSLO"), Expect::stream(StreamEnding::MarkAndSilence));
        let opening = tokio::spawn(async move { port.open_stream(dial).await });
        expect(&mut module, b"AT#SSLO\r").await;
        module.write_all(b"\r\nCONNECT\r\nlast").await.unwrap();
        let mut stream = opening.await.unwrap().unwrap();
        assert_eq!(stream.next().await.unwrap(), "last");
        slot.take_out().await;
        assert_eq!(stream.next().await, None);
        let reason = "the port is opened again".to_owned();
        assert_eq!(stream.end().await, StreamEnd::LinkLost { reason });
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_whose_port_nobody_holds_takes_nothing() {
        let (port, slot, mut module) = start(Vec::new());
        drop(port);
        assert_eq!(module.read_to_end(&mut Vec::new()).await.unwrap(), 0);
        slot.take_out().await;
        slot.put_in(Box::pin(duplex(1).0)).await;
    }

    /// The restart is counted while somebody could mend it, and then nobody can.
    #[tokio::test(start_paused = true)]
    async fn without_its_slot_nobody_waits_for_a_restart_to_be_mended() {
        let (port, slot, mut module) = start(vec![setting("E0")]);
        let running = spawn(&port, "+X");
        expect(&mut module, b"AT+X\r").await;
        module.write_all(b"AT+X\r\r\nOK\r\n").await.unwrap();
        running.await.unwrap().unwrap();
        let mut health = port.health();
        let known = health.now();
        assert_eq!((known.restarts, known.state), (1, ModuleState::Recovering));
        let waiting = tokio::spawn(async move { health.up().await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(slot);
        let waited = tokio::time::timeout(Duration::from_secs(1), waiting).await;
        assert_eq!(waited.expect("it is told").unwrap(), Err(ModuleDown));
    }

    #[tokio::test(start_paused = true)]
    async fn without_its_slot_a_port_that_is_lost_is_lost_for_good() {
        let (port, slot, module) = start(Vec::new());
        drop(slot);
        drop(module);
        let mut health = port.health();
        while health.now().state != ModuleState::Down {
            health.changed().await;
        }
        assert!(port.execute(setting("+X")).await.unwrap_err().is_link_lost());
    }
}
