//! What is done for channels is done in the span of whoever has opened them.

use std::collections::BTreeSet;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use telit_core::Modem;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tracing::{Instrument, Span, info_span};
use tracing_subscriber::registry::Registry;

use crate::module::Module;

/// Notes the names of the spans in which it is written to.
struct Witness {
    line: DuplexStream,
    spans: Arc<Mutex<BTreeSet<Option<&'static str>>>>,
}

impl AsyncRead for Witness {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_read(context, buffer)
    }
}

impl AsyncWrite for Witness {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.spans.lock().unwrap().insert(Span::current().metadata().map(|metadata| metadata.name()));
        Pin::new(&mut self.line).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.line).poll_shutdown(context)
    }
}

#[tokio::test(start_paused = true)]
async fn a_multiplexer_lives_in_the_span_of_whoever_has_opened_it() {
    let _listening = tracing::subscriber::set_default(Registry::default());
    let (line, mut module) = Module::new();
    let spans = Arc::default();
    let port = Witness { line, spans: Arc::clone(&spans) };
    let builder = Modem::builder().line_rate(115_200).multiplexed().unwrap().channels(1);
    let opening = tokio::spawn(builder.open(port).instrument(info_span!("opening")));
    module.identify().await;
    let script = [
        ("AT+CMUX?", "\r\n+CMUX: 0,0,5,122\r\n\r\nOK\r\n"),
        ("AT+CMUX=?", "\r\n+CMUX: (0),(0),(1-6),(1-1500)\r\n\r\nOK\r\n"),
        ("AT+CMUX=0,0,5,512", "\r\nOK\r\n"),
    ];
    module.converse(&script).await;
    module.open(1).await;
    module.greet(1).await;
    assert_eq!(opening.await.unwrap().unwrap().len(), 1);
    assert_eq!(*spans.lock().unwrap(), BTreeSet::from([Some("opening")]));
}
