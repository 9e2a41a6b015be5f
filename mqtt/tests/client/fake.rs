//! A module of a few lines: it remembers what it was told, answers in the manual's words, and can be told to
//! answer otherwise. Source: M37 p1008-1036.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use telit_core::Modem;
use telit_core::driver::{AtPort, BoxedStream, DriverOptions};
use telit_core::platform::{PlatformId, profile};
use telit_core::supervisor::{Supervisor, SupervisorOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, watch};

pub(crate) const OK: &str = "\r\nOK\r\n";
pub(crate) const ERROR: &str = "\r\nERROR\r\n";

/// How the result after the payload of a publish is named in [`Fake::answer`].
pub(crate) const PAYLOAD: &str = "<payload>";

#[derive(Clone)]
pub(crate) struct Fake {
    state: Arc<Mutex<State>>,
    count: watch::Sender<usize>,
}

#[derive(Default)]
struct State {
    /// Where lines go that nobody asked for.
    plug: Option<mpsc::UnboundedSender<Vec<u8>>>,
    port_missing: bool,
    echo: bool,
    context_lost: bool,
    clients: [Client; 2],
    lines: Vec<String>,
    payloads: Vec<Vec<u8>>,
    answers: Vec<(String, VecDeque<String>)>,
    /// By slot: the client, the topic and the payload.
    slots: BTreeMap<u8, (u8, String, Vec<u8>)>,
    /// Whether escapes in strings are taken.
    escapes: bool,
    /// Bytes of a payload that are still to come.
    due: Option<usize>,
}

/// One of the module's clients.
#[derive(Default)]
struct Client {
    /// What `#MQCFG` was told last.
    broker: String,
    enabled: bool,
    connection: u8,
}

impl Fake {
    pub(crate) fn start() -> (Modem, Self) {
        let fake = Self::new();
        let port = AtPort::start(fake.plug_in(), DriverOptions::default());
        (Modem::from_channel(Arc::new(port), profile(PlatformId::P37)), fake)
    }

    /// A module under supervision, which opens its port as often as it takes.
    pub(crate) async fn supervised(options: SupervisorOptions) -> (Supervisor, Self) {
        let fake = Self::new();
        let module = fake.clone();
        let source = move || {
            let stream = module.open();
            async { stream }
        };
        let builder = Modem::builder().platform(PlatformId::P37).apn("iot.test");
        (Supervisor::start(builder, source, options).await.unwrap(), fake)
    }

    /// A module of this name, without a port.
    pub(crate) fn named(model: &str, firmware: &str) -> Self {
        let fake = Self::new();
        fake.answer("AT+CGMM", format!("\r\n{model}\r\n\r\nOK\r\n"));
        fake.answer("AT+CGMR", format!("\r\n{firmware}\r\n\r\nOK\r\n"));
        fake
    }

    fn new() -> Self {
        Self { state: Arc::default(), count: watch::Sender::new(0) }
    }

    fn open(&self) -> io::Result<BoxedStream> {
        if self.lock().port_missing {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no port"));
        }
        Ok(Box::pin(self.plug_in()))
    }

    pub(crate) fn plug_in(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (plug, lines) = mpsc::unbounded_channel();
        self.lock().plug = Some(plug);
        tokio::spawn(self.clone().run(ours, lines));
        theirs
    }

    /// From now on there is a port, or none.
    pub(crate) fn set_port(&self, there: bool) {
        self.lock().port_missing = !there;
    }

    pub(crate) fn unplug(&self) {
        self.send("<unplug>");
    }

    /// Everything is as after power-on.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        (state.echo, state.context_lost, state.escapes, state.due) = (true, true, false, None);
        state.clients = Default::default();
        state.slots.clear();
    }

    /// The next time a line starts with `start`, this is the answer. An empty one is silence.
    pub(crate) fn answer(&self, start: &str, answer: impl Into<String>) {
        let mut state = self.lock();
        match state.answers.iter_mut().find(|(known, _)| known == start) {
            Some((_, answers)) => answers.push_back(answer.into()),
            None => state.answers.push((start.to_owned(), VecDeque::from([answer.into()]))),
        }
    }

    /// What was sent since the last call.
    pub(crate) fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().lines)
    }

    /// What was sent of `#MQ...` since the last call.
    pub(crate) fn mqtt_lines(&self) -> Vec<String> {
        self.lines().into_iter().filter(|line| line.starts_with("AT#MQ")).collect()
    }

    pub(crate) fn payloads(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.lock().payloads)
    }

    /// Waits until a line has arrived that starts with `start`.
    pub(crate) async fn saw(&self, start: &str) {
        let mut count = self.count.subscribe();
        let seen = async {
            while !self.lock().lines.iter().any(|line| line.starts_with(start)) {
                count.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(600), seen).await.unwrap_or_else(|_| panic!("no {start}"));
    }

    /// Sends bytes that nobody asked for.
    pub(crate) fn send(&self, bytes: impl Into<Vec<u8>>) {
        self.lock().plug.as_ref().unwrap().send(bytes.into()).unwrap();
    }

    /// Puts a message into a slot without a word.
    pub(crate) fn store(&self, slot: u8, topic: &str, payload: &[u8]) {
        self.store_for(1, slot, topic, payload);
    }

    fn store_for(&self, client: u8, slot: u8, topic: &str, payload: &[u8]) {
        self.lock().slots.insert(slot, (client, topic.to_owned(), payload.to_vec()));
    }

    /// A message arrives.
    pub(crate) fn publish(&self, slot: u8, topic: &str, payload: &[u8]) {
        self.publish_for(1, slot, topic, payload);
    }

    /// A message arrives for one of the clients.
    pub(crate) fn publish_for(&self, client: u8, slot: u8, topic: &str, payload: &[u8]) {
        self.store_for(client, slot, topic, payload);
        self.send(format!("\r\n#MQRING: {client},{slot},{topic},{}\r\n", payload.len()));
    }

    /// The state of the first client's connection.
    pub(crate) fn set_connection(&self, connection: u8) {
        self.lock().client(1).connection = connection;
    }

    pub(crate) fn set_enabled(&self, enabled: bool) {
        self.lock().client(1).enabled = enabled;
    }

    /// Whether escapes in strings are taken.
    pub(crate) fn takes_escapes(&self) -> bool {
        self.lock().escapes
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.lock().client(1).enabled
    }

    pub(crate) fn filled_slots(&self) -> usize {
        self.lock().slots.len()
    }

    /// The packet data context is active, or not.
    pub(crate) fn set_context(&self, active: bool) {
        self.lock().context_lost = !active;
    }

    fn step(&self, input: &mut Vec<u8>) -> Option<Vec<u8>> {
        self.lock().step(input)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    async fn run(self, mut port: DuplexStream, mut unsolicited: mpsc::UnboundedReceiver<Vec<u8>>) {
        let mut input = Vec::new();
        loop {
            tokio::select! {
                read = port.read_buf(&mut input) => {
                    if read.unwrap_or(0) == 0 {
                        return;
                    }
                    while let Some(answer) = self.step(&mut input) {
                        self.count.send_modify(|count| *count += 1);
                        if answer == b"<unplug>" {
                            return;
                        }
                        port.write_all(&answer).await.unwrap();
                    }
                }
                Some(bytes) = unsolicited.recv() => {
                    if bytes == b"<unplug>" {
                        return;
                    }
                    port.write_all(&bytes).await.unwrap();
                }
            }
        }
    }
}

impl State {
    fn step(&mut self, input: &mut Vec<u8>) -> Option<Vec<u8>> {
        if let Some(due) = self.due {
            let payload: Vec<u8> = (input.len() >= due).then(|| input.drain(..due).collect())?;
            self.due = None;
            self.payloads.push(payload);
            return Some(self.prepared(PAYLOAD).unwrap_or_else(|| OK.into()).into());
        }
        let end = input.iter().position(|&byte| byte == b'\r')?;
        let line = String::from_utf8(input.drain(..=end).collect()).unwrap();
        let line = line.trim_end().to_owned();
        let answer = match self.prepared(&line) {
            Some(answer) => answer.into(),
            None => self.usual(&line),
        };
        let echo = if self.echo { format!("{line}\r").into_bytes() } else { Vec::new() };
        self.echo &= !line.starts_with("ATE0");
        self.lines.push(line);
        Some(if answer == b"<unplug>" { answer } else { [echo, answer].concat() })
    }

    fn prepared(&mut self, line: &str) -> Option<String> {
        self.answers
            .iter_mut()
            .find(|(start, answers)| line.starts_with(start) && !answers.is_empty())?
            .1
            .pop_front()
    }

    fn usual(&mut self, line: &str) -> Vec<u8> {
        let information = |text: &str| format!("\r\n{text}\r\n\r\nOK\r\n").into_bytes();
        let refuse = |text: &str| format!("\r\n+CME ERROR: {text}\r\n").into_bytes();
        let of_client = |command: &str| line.starts_with(&format!("AT#{command}="));
        // Every command for a client begins with its number.
        let number = line.split_once('=').and_then(|(_, rest)| rest.get(..1)?.parse::<u8>().ok());
        let number = number.unwrap_or(1);
        match line {
            "AT+CMEE?" => information("+CMEE: 2"),
            "AT+CGMM" => information("ME310G1-WW"),
            "AT+CGMR" => information("37.00.217"),
            "AT+CPIN?" => information("+CPIN: READY"),
            "AT+CGDCONT?" => information("+CGDCONT: 1,\"IP\",\"iot.test\",\"\",0,0"),
            "AT+CEREG?" => information("+CEREG: 0,1"),
            "AT#SGACT?" => information(&format!("#SGACT: 1,{}", u8::from(!self.context_lost))),
            "AT#SGACT=1,1" => {
                self.context_lost = false;
                information("#SGACT: 10.0.0.1")
            }
            "AT#MQEN?" => self.each("#MQEN", |client| u8::from(client.enabled).to_string()),
            "AT#MQCFG=?" => {
                information("#MQCFG: (1-maxClients),512,(1-65535),(1-6),(0-1),(1-maxSSLInstance)")
            }
            "AT#MQCFG2=?" => information("#MQCFG2: (1-maxClients),(60-3600),(0-1)"),
            "AT#MQTCFG=?" => information("#MQTCFG: (1-maxClients),(1-60)"),
            "AT#MQSUB=?" => information("#MQSUB: (1-maxClients),256,(0-2)"),
            "AT#MQPUBSEXT=?" => information("#MQPUBSEXT: (1-maxClients),256,(0-1),(0-2),(0-65536)"),
            "AT#MQPUBS=?" => information("#MQPUBS: (1-maxClients),256,(0-1),(0-2),65536"),
            "AT#MQWCFG=?" => information("#MQWCFG: (1-maxClients),(0-1),(0-1),(0-2),256,1024"),
            "AT#SETHEXSTR=?" => information("#SETHEXSTR: (0,2)"),
            "AT#SETHEXSTR?" => information(&format!("#SETHEXSTR: {}", 2 * u8::from(self.escapes))),
            "AT#SETHEXSTR=0" | "AT#SETHEXSTR=2" => {
                self.escapes = line.ends_with('2');
                OK.into()
            }
            _ if of_client("MQWCFG") && line.contains('\\') && !self.escapes => ERROR.into(),
            "AT#SSLSECCS=?" => ERROR.into(),
            "AT#MQCONN?" if self.clients.iter().any(|client| client.enabled) => {
                self.each("#MQCONN", |client| client.connection.to_string())
            }
            "AT#MQCFG?" => self.each("#MQCFG", |client| client.broker.replace('"', "")),
            "AT#MQREAD?" => {
                let unread = |id| self.slots.values().filter(|(client, ..)| *client == id).count();
                information(&format!("#MQREAD: 1,{}\r\n#MQREAD: 2,{}", unread(1), unread(2)))
            }
            _ if of_client("MQEN") && line.ends_with(",1") && self.client(number).enabled => {
                refuse("MQTT Initialization Fail")
            }
            _ if of_client("MQEN") => {
                self.client(number).enabled = line.ends_with(",1");
                OK.into()
            }
            _ if of_client("MQDISC") => {
                self.client(number).connection = 0;
                OK.into()
            }
            _ if of_client("MQCFG") && self.context_lost => refuse("context not opened"),
            _ if of_client("MQCFG") => {
                line["AT#MQCFG=1,".len()..].clone_into(&mut self.client(number).broker);
                OK.into()
            }
            _ if (of_client("MQPUBS") || of_client("MQPUBSEXT")) && !self.client(number).enabled => {
                ERROR.into()
            }
            // A message on the command line, whose end decides as the end of a payload does.
            _ if of_client("MQPUBS") => {
                let text = line.splitn(5, ',').last().unwrap().trim_matches('"');
                self.payloads.push(text.as_bytes().to_vec());
                self.prepared(PAYLOAD).unwrap_or_else(|| OK.into()).into()
            }
            _ if of_client("MQCONN") => {
                self.client(number).connection = 1;
                OK.into()
            }
            _ if of_client("MQREAD") => self.read(line),
            _ if of_client("MQPUBSEXT") => {
                let length: usize = line.rsplit(',').next().unwrap().parse().unwrap();
                if length > 0 {
                    self.due = Some(length);
                    return b"\r\n>>>".to_vec();
                }
                self.payloads.push(Vec::new());
                b"\r\n>>>\r\nOK\r\n".to_vec()
            }
            _ => OK.into(),
        }
    }

    fn client(&mut self, number: u8) -> &mut Client {
        let [first, second] = &mut self.clients;
        if number == 2 { second } else { first }
    }

    /// One line a client.
    fn each(&self, name: &str, value: impl Fn(&Client) -> String) -> Vec<u8> {
        let [first, second] = self.clients.each_ref().map(value);
        format!("\r\n{name}: 1,{first}\r\n{name}: 2,{second}\r\n\r\nOK\r\n").into_bytes()
    }

    fn read(&mut self, line: &str) -> Vec<u8> {
        let (client, slot) = line["AT#MQREAD=".len()..].split_once(',').unwrap();
        let (client, slot): (u8, u8) = (client.parse().unwrap(), slot.parse().unwrap());
        if self.slots.get(&slot).is_none_or(|(owner, ..)| *owner != client) {
            return b"\r\n+CME ERROR: operation not allowed\r\n".to_vec();
        }
        let (_, topic, payload) = self.slots.remove(&slot).unwrap();
        let header = format!("\r\n#MQREAD: {client},{topic},{}\r\n<<<\r\n", payload.len());
        [header.as_bytes(), &payload, b"\r\n\r\nOK\r\n"].concat()
    }
}
