//! The tasks that hold network connections for the module, and what they and the module tell each other.
//!
//! The module never waits for the network: it starts a link, sends orders to it, and takes its events. A link that
//! delivers data stops reading when its credit is used up, so that nothing grows while the host does not read.

mod ftp;
mod http;
mod mqtt;
mod name;
mod ntp;
mod tls;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;

use crate::net::{self, NetError, Network, StreamEnd, TlsSettings};

/// How many bytes a link delivers ahead of what the module has used.
pub(crate) const WINDOW: usize = 64 * 1024;
/// The largest piece of data.
const PIECE: usize = 16 * 1024;

/// Names one link for its whole life; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LinkId(pub(crate) u64);

/// What to open.
#[derive(Debug)]
pub(crate) enum Start {
    Tls {
        host: String,
        port: u16,
        settings: TlsSettings,
        limit: Duration,
    },
    /// TCP without TLS.
    Plain {
        host: String,
        port: u16,
        limit: Duration,
    },
    /// Asks for the address of a name.
    Name {
        host: String,
    },
    Mqtt(net::mqtt::Options),
    Http(net::http::Request),
    /// Connects, and sends the request when its body has been ordered.
    HttpUpload(net::http::Request),
    Ftp(net::ftp::Options),
    /// Asks a time server.
    Ntp {
        host: String,
        port: u16,
        limit: Duration,
    },
}

/// What to do with an open link.
#[derive(Debug)]
pub(crate) enum Order {
    /// More bytes may be delivered.
    Credit(usize),
    /// Socket, FTP upload, body of an HTTP request: send these.
    Write(Bytes),
    /// Socket, FTP session: close in an orderly way.
    Close,
    Publish {
        topic: String,
        payload: Bytes,
        qos: u8,
        retain: bool,
    },
    Subscribe {
        filter: String,
        qos: u8,
    },
    Unsubscribe {
        filter: String,
    },
    Disconnect,
    Ftp(FtpOrder),
}

/// A command of an FTP session.
#[derive(Debug)]
pub(crate) enum FtpOrder {
    Type {
        ascii: bool,
    },
    WorkingDirectory,
    ChangeDirectory(String),
    Delete(String),
    /// Does not wait for the reply.
    DeleteUnawaited(String),
    Size(String),
    Command {
        line: String,
        expected: u8,
    },
    LastMessage,
    Retrieve {
        path: String,
        start: u64,
    },
    List(Option<String>),
    Store {
        path: String,
        append: bool,
    },
    /// Ends an upload.
    Finish,
    /// Breaks a transfer off.
    Abandon,
}

/// What happened on a link.
#[derive(Debug)]
pub(crate) enum Event {
    /// The link is open. The suite of a TLS socket.
    Opened {
        suite: Option<u16>,
    },
    OpenFailed(OpenFailure),
    Data(Bytes),
    /// So many bytes of a [`Order::Write`] are on their way.
    Written(usize),
    /// A socket ended.
    Ended(StreamEnd),
    /// An MQTT request ended.
    MqttDone(Result<(), net::mqtt::RequestError>),
    MqttMessage {
        topic: String,
        payload: Bytes,
    },
    MqttClosed(net::mqtt::CloseReason),
    /// The HTTP request is on its way.
    HttpSent,
    HttpHead {
        status: u16,
        content_type: Option<String>,
        length: Option<u64>,
    },
    /// No answer, or none that can be read.
    HttpSilent,
    /// The body of an HTTP answer is over, whole or not.
    BodyEnded,
    FtpDone(Result<FtpAnswer, net::ftp::FtpError>),
    /// A data connection is open.
    FtpTransfer(Result<(), net::ftp::FtpError>),
    /// A transfer ended.
    FtpTransferEnded(Result<(), net::ftp::FtpError>),
    Time(SystemTime),
    /// The address of a name.
    Address(IpAddr),
}

/// What an FTP command brought.
#[derive(Debug)]
pub(crate) enum FtpAnswer {
    Nothing,
    Size(u64),
    /// Reply lines of the server.
    Lines(Vec<String>),
}

/// Why a link could not be opened.
#[derive(Debug)]
pub(crate) enum OpenFailure {
    Network(NetError),
    Mqtt(net::mqtt::ConnectError),
    Http(net::http::HttpError),
    Ftp(net::ftp::FtpError),
}

/// An event and the link it happened on.
pub(crate) type Report = (LinkId, Event);

/// Where a link reports to.
#[derive(Debug, Clone)]
struct Reporter {
    id: LinkId,
    sender: UnboundedSender<Report>,
}

impl Reporter {
    fn send(&self, event: Event) {
        // The module may be gone: then nobody is interested.
        self.sender.send((self.id, event)).unwrap_or_default();
    }
}

/// All links of a module.
#[derive(Debug)]
pub(crate) struct Links {
    network: Network,
    reports: UnboundedSender<Report>,
    open: BTreeMap<LinkId, (UnboundedSender<Order>, AbortHandle)>,
}

impl Links {
    pub(crate) fn new(network: Network, reports: UnboundedSender<Report>) -> Self {
        Self { network, reports, open: BTreeMap::new() }
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Opens a link.
    pub(crate) fn start(&mut self, id: LinkId, start: Start) {
        let (orders, incoming) = unbounded_channel();
        let reporter = Reporter { id, sender: self.reports.clone() };
        let task = tokio::spawn(run(self.network.clone(), start, incoming, reporter));
        self.open.insert(id, (orders, task.abort_handle()));
    }

    /// Gives an order to a link; one that is gone has reported its end already.
    pub(crate) fn order(&self, id: LinkId, order: Order) {
        if let Some((orders, _)) = self.open.get(&id) {
            orders.send(order).unwrap_or_default();
        }
    }

    /// Cuts a link off.
    pub(crate) fn abandon(&mut self, id: LinkId) {
        if let Some((_, task)) = self.open.remove(&id) {
            task.abort();
        }
    }

    /// Forgets a link that may still finish what it was told.
    pub(crate) fn release(&mut self, id: LinkId) {
        self.open.remove(&id);
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        for (_, task) in self.open.values() {
            task.abort();
        }
    }
}

async fn run(network: Network, start: Start, orders: UnboundedReceiver<Order>, reporter: Reporter) {
    match start {
        Start::Tls { host, port, settings, limit } => {
            tls::run(&network, (&host, port), Some(&settings), limit, orders, &reporter).await;
        }
        Start::Plain { host, port, limit } => {
            tls::run(&network, (&host, port), None, limit, orders, &reporter).await;
        }
        Start::Name { host } => name::run(&network, &host, &reporter).await,
        Start::Mqtt(options) => mqtt::run(&network, options, orders, &reporter).await,
        Start::Http(request) => http::run(&network, request, orders, &reporter).await,
        Start::HttpUpload(request) => http::run_upload(&network, request, orders, &reporter).await,
        Start::Ftp(options) => ftp::run(&network, options, orders, &reporter).await,
        Start::Ntp { host, port, limit } => ntp::run(&network, (&host, port), limit, &reporter).await,
    }
}
