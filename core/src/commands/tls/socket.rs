//! TLS sockets: dial, send, receive, ask, hang up.

use std::time::Duration;

use bytes::Bytes;

use crate::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, StreamEnding,
    UnexpectedReply,
};
use crate::commands::{malformed, query, setting, value};

/// The words in the place of data. Source: SSL guide 7.1.2.2; M37 p904.
const DISCONNECTED: &str = "DISCONNECTED";
const NO_DATA: [&str; 2] = ["TIMEOUT", DISCONNECTED];

/// Who moves the bytes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionMode {
    /// The port itself carries them.
    Online,
    /// Commands carry them.
    Command,
}

impl ConnectionMode {
    fn number(self) -> u8 {
        match self {
            Self::Online => 0,
            Self::Command => 1,
        }
    }

    /// Examples print `OK` in front of `CONNECT`. Source: M37 p897.
    fn expect(self, end: StreamEnding) -> Expect {
        match self {
            Self::Online => Expect::stream(end),
            Self::Command => Expect::result(),
        }
    }
}

/// `AT#SSLD=<id>,<port>,"<host>",<closure>,<mode>,<timeout>`. Source: M37 p895-897.
///
/// In [`ConnectionMode::Online`] it opens a data stream, so it is run by
/// [`AtChannel::open_stream`](crate::driver::AtChannel::open_stream).
#[derive(Clone, Debug)]
pub struct DialSocket {
    /// The TLS socket.
    pub socket: u8,
    /// Name or address of the server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the session is kept for a [`RedialSocket`] (2G only).
    pub keep_session: bool,
    /// Who moves the bytes.
    pub mode: ConnectionMode,
    /// How the data stream of online mode ends.
    pub end: StreamEnding,
    /// How long the module waits for each packet of the handshake, in units of 100 ms.
    pub timeout: u16,
    /// How long the host waits for all of it.
    pub deadline: Duration,
}

impl Command for DialSocket {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLD")
            .number(self.socket)
            .number(self.port)
            .text("host", &self.host)
            .number(u8::from(self.keep_session))
            .number(self.mode.number())
            .number(self.timeout)
            .build()?;
        Ok(Exchange::new(line, self.mode.expect(self.end)).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLFASTD=<id>,<mode>`: connects again with the session that was kept. Source: SSL guide 7.3, 7.4.5.
#[derive(Clone, Copy, Debug)]
pub struct RedialSocket {
    /// The TLS socket.
    pub socket: u8,
    /// Who moves the bytes.
    pub mode: ConnectionMode,
    /// How the data stream of online mode ends.
    pub end: StreamEnding,
    /// How long the host waits.
    pub deadline: Duration,
}

impl Command for RedialSocket {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLFASTD").number(self.socket).number(self.mode.number()).build()?;
        Ok(Exchange::new(line, self.mode.expect(self.end)).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLO=<id>`: back to online mode; opens a data stream. Source: M37 p899; SSL guide 7.1.1.
#[derive(Clone, Copy, Debug)]
pub struct ResumeSocket {
    /// The TLS socket.
    pub socket: u8,
    /// How the data stream ends.
    pub end: StreamEnding,
}

impl Command for ResumeSocket {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        // Nothing is sent to the peer, so it is answered at once; the rest is margin.
        let deadline = Duration::from_secs(30);
        let line = CommandLine::set("#SSLO").number(self.socket).build()?;
        Ok(Exchange::new(line, ConnectionMode::Online.expect(self.end))
            .deadline(deadline)
            .effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLH=<id>,<closure>`: closes the connection. Source: M37 p900; SSL guide 7.2.
#[derive(Clone, Copy, Debug)]
pub struct HangUpSocket {
    /// The TLS socket.
    pub socket: u8,
    /// Whether the session is kept for a [`RedialSocket`] (2G only).
    pub keep_session: bool,
    /// How long the host waits.
    pub deadline: Duration,
}

impl Command for HangUpSocket {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line =
            CommandLine::set("#SSLH").number(self.socket).number(u8::from(self.keep_session)).build()?;
        Ok(setting(line).deadline(self.deadline))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLSENDEXT=<id>,<length>,<timeout>`: sends a block of any bytes. Source: M37 p912-913.
#[derive(Clone, Debug)]
pub struct SendBlock {
    /// The TLS socket.
    pub socket: u8,
    /// What is sent, at least one byte.
    pub data: Bytes,
    /// How long the module tries, in units of 100 ms.
    pub timeout: u16,
    /// How long the host waits.
    pub deadline: Duration,
}

impl Command for SendBlock {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLSENDEXT")
            .number(self.socket)
            .number(self.data.len() as u64)
            .number(self.timeout)
            .build()?;
        let expect = Expect::counted_prompt(self.data.clone(), None);
        Ok(Exchange::new(line, expect).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLSEND=<id>,<timeout>`: sends a block that must not contain 08, 1A or 1B. What is over 1023 bytes the
/// module drops without an error. Source: M37 p901-902.
#[derive(Clone, Debug)]
pub struct SendTerminatedBlock {
    /// The TLS socket.
    pub socket: u8,
    /// What is sent.
    pub data: Bytes,
    /// How long the module tries, in units of 100 ms.
    pub timeout: u16,
    /// How long the host waits.
    pub deadline: Duration,
}

impl Command for SendTerminatedBlock {
    type Response = ();

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLSEND").number(self.socket).number(self.timeout).build()?;
        let expect = Expect::terminated_prompt("data", self.data.clone())?;
        Ok(Exchange::new(line, expect).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, _: &Reply) -> Result<(), UnexpectedReply> {
        Ok(())
    }
}

/// `AT#SSLRECV=<id>,<most>,<timeout>`: reads what has come. Source: M37 p903-905.
#[derive(Clone, Copy, Debug)]
pub struct ReceiveBlock {
    /// The TLS socket.
    pub socket: u8,
    /// Most bytes of the answer.
    pub most: usize,
    /// How long the module waits for the first byte, in units of 100 ms.
    pub timeout: u16,
    /// How long the host waits.
    pub deadline: Duration,
}

/// What [`ReceiveBlock`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedBlock {
    /// The bytes; none if nothing came in time.
    pub data: Bytes,
    /// The peer has closed the connection, and everything was read.
    pub disconnected: bool,
}

impl Command for ReceiveBlock {
    type Response = ReceivedBlock;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        let line = CommandLine::set("#SSLRECV")
            .number(self.socket)
            .number(self.most as u64)
            .number(self.timeout)
            .build()?;
        let expect = Expect::block("#SSLRECV", 0, &NO_DATA, self.most);
        // Data that were read are gone from the module, so it is no query.
        Ok(Exchange::new(line, expect).deadline(self.deadline).effect(Effect::Once))
    }

    fn parse(&self, reply: &Reply) -> Result<ReceivedBlock, UnexpectedReply> {
        let disconnected = reply.lines().iter().any(|line| line.text() == DISCONNECTED);
        Ok(ReceivedBlock { data: reply.body().clone(), disconnected })
    }
}

/// `AT#SSLS=<id>`: whether the socket is connected. Source: M37 p906-909.
#[derive(Clone, Copy, Debug)]
pub struct ReadSocketState {
    /// The TLS socket.
    pub socket: u8,
}

/// What [`ReadSocketState`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketStateReport {
    /// The state.
    pub state: SocketState,
    /// The cipher suite as the module writes it, while connected.
    pub suite: Option<String>,
}

/// Whether a TLS socket is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SocketState {
    /// TLS is off.
    Disabled,
    /// Not connected.
    Closed,
    /// Connected, possibly suspended.
    Open,
}

impl Command for ReadSocketState {
    type Response = SocketStateReport;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::set("#SSLS").number(self.socket).build()?, Expect::lines("#SSLS")))
    }

    fn parse(&self, reply: &Reply) -> Result<SocketStateReport, UnexpectedReply> {
        let line = value(reply, "#SSLS")?;
        let fields = Fields::parse(&line);
        let state = match fields.number::<u8>(1) {
            Some(0) => SocketState::Disabled,
            Some(1) => SocketState::Closed,
            Some(2) => SocketState::Open,
            _ => return Err(malformed("#SSLS", &line)),
        };
        Ok(SocketStateReport { state, suite: fields.text(2).map(str::to_owned) })
    }
}

/// `AT#SSLI=<id>`: what has passed since the connection was opened. Source: M37 p910-911.
#[derive(Clone, Copy, Debug)]
pub struct ReadSocketCounters {
    /// The TLS socket.
    pub socket: u8,
}

/// What [`ReadSocketCounters`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketCounters {
    /// Bytes that were sent.
    pub sent: u64,
    /// Bytes that were received.
    pub received: u64,
    /// Bytes that wait to be read, those that are still encrypted counted too: a hint, no length.
    pub pending: u64,
    /// Whether the peer has not yet acknowledged everything.
    pub unacknowledged: bool,
}

impl Command for ReadSocketCounters {
    type Response = SocketCounters;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(query(CommandLine::set("#SSLI").number(self.socket).build()?, Expect::lines("#SSLI")))
    }

    fn parse(&self, reply: &Reply) -> Result<SocketCounters, UnexpectedReply> {
        let line = value(reply, "#SSLI")?;
        let fields = Fields::parse(&line);
        let number = |index| fields.number::<u64>(index).ok_or_else(|| malformed("#SSLI", &line));
        Ok(SocketCounters {
            sent: number(1)?,
            received: number(2)?,
            pending: number(3)?,
            unacknowledged: number(4)? != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::line;
    use super::*;

    const DEADLINE: Duration = Duration::from_secs(5);

    #[test]
    fn exact_lines() {
        let mut dial = DialSocket {
            socket: 1,
            host: "host.example".to_owned(),
            port: 443,
            keep_session: false,
            mode: ConnectionMode::Command,
            end: StreamEnding::MarkAndSilence,
            timeout: 300,
            deadline: DEADLINE,
        };
        assert_eq!(line(&dial), "AT#SSLD=1,443,\"host.example\",0,1,300");
        dial.mode = ConnectionMode::Online;
        dial.keep_session = true;
        assert_eq!(line(&dial), "AT#SSLD=1,443,\"host.example\",1,0,300");
        dial.host = "a\"b".to_owned();
        assert!(dial.exchange().is_err());
        let end = StreamEnding::MarkAndSilence;
        let redial = RedialSocket { socket: 1, mode: ConnectionMode::Online, end, deadline: DEADLINE };
        assert_eq!(line(&redial), "AT#SSLFASTD=1,0");
        assert_eq!(line(&ResumeSocket { socket: 2, end }), "AT#SSLO=2");
        let hang_up = HangUpSocket { socket: 2, keep_session: false, deadline: DEADLINE };
        assert_eq!(line(&hang_up), "AT#SSLH=2,0");
        let data = Bytes::from_static(b"\x1a+++");
        let send = SendBlock { socket: 1, data: data.clone(), timeout: 100, deadline: DEADLINE };
        assert_eq!(line(&send), "AT#SSLSENDEXT=1,4,100");
        let send = SendTerminatedBlock { socket: 1, data, timeout: 100, deadline: DEADLINE };
        assert!(send.exchange().is_err(), "it would end the entry");
        let send = SendTerminatedBlock { data: Bytes::from_static(b"hello"), ..send };
        assert_eq!(line(&send), "AT#SSLSEND=1,100");
        let receive = ReceiveBlock { socket: 1, most: 1000, timeout: 10, deadline: DEADLINE };
        assert_eq!(line(&receive), "AT#SSLRECV=1,1000,10");
        assert_eq!(line(&ReadSocketState { socket: 1 }), "AT#SSLS=1");
        assert_eq!(line(&ReadSocketCounters { socket: 1 }), "AT#SSLI=1");
    }

    #[test]
    fn the_end_is_told_from_silence() {
        let receive = ReceiveBlock { socket: 1, most: 1000, timeout: 10, deadline: DEADLINE };
        let parse = |lines: &[&str], body: &'static [u8]| {
            receive.parse(&Reply::new(lines.iter().copied(), Bytes::from_static(body))).unwrap()
        };
        let silence = parse(&["#SSLRECV: 0", "TIMEOUT"], b"");
        assert!(silence.data.is_empty() && !silence.disconnected);
        assert!(parse(&["#SSLRECV: 0", "DISCONNECTED"], b"").disconnected);
        assert!(parse(&["DISCONNECTED"], b"").disconnected);
        assert_eq!(parse(&["#SSLRECV: 3"], b"abc").data, "abc");
    }

    #[test]
    fn states_and_counters() {
        let state = |line| ReadSocketState { socket: 1 }.parse(&Reply::new([line], ""));
        let open = state("#SSLS: 1,2,0xC02F").unwrap();
        assert_eq!((open.state, open.suite.as_deref()), (SocketState::Open, Some("0xC02F")));
        let closed = state("#SSLS:1,1").unwrap();
        assert_eq!((closed.state, closed.suite), (SocketState::Closed, None));
        assert_eq!(state("#SSLS: 1,0").unwrap().state, SocketState::Disabled);
        assert!(state("#SSLS: 1,9").is_err());
        let counters = |line| ReadSocketCounters { socket: 1 }.parse(&Reply::new([line], ""));
        let seen = counters("#SSLI: 1,5,3,400,1").unwrap();
        assert_eq!((seen.sent, seen.received, seen.pending, seen.unacknowledged), (5, 3, 400, true));
        assert!(counters("#SSLI: 1,5").is_err());
    }
}
