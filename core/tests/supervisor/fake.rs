//! A module by script: it restarts, goes silent, refuses its context; its port is pulled and put back.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use telit_core::driver::BoxedStream;
use telit_core::platform::PlatformId;
use telit_core::{Modem, modem::ModemBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::AbortHandle;

/// What a module is like at the moment.
pub(crate) struct State {
    pub(crate) echo: bool,
    /// `+CMEE`
    pub(crate) errors: u8,
    pub(crate) context_active: bool,
    /// What the user profile says about the echo.
    pub(crate) stored_echo: bool,
    pub(crate) model: &'static str,
    /// Answers nothing.
    pub(crate) silent: bool,
    /// So many activations of the context are refused.
    pub(crate) refused_activations: u32,
    /// The radio has to be switched off and on before the context can be activated.
    pub(crate) needs_radio_cycle: bool,
    /// The module has to be restarted before the context can be activated.
    pub(crate) needs_restart: bool,
    /// The plug is pulled when this line arrives, once.
    pub(crate) unplug_at: Option<&'static str>,
    /// The module restarts when this line arrives, once, and answers it then.
    pub(crate) restart_at: Option<&'static str>,
    /// What it sends when it has started.
    pub(crate) start_up_line: Option<&'static str>,
    /// The SIM asks for this PIN, and the module does not tell how many attempts are left.
    pub(crate) pin: Option<&'static str>,
    /// There is no port: opening it fails.
    pub(crate) port_missing: bool,
    /// Command lines so far.
    pub(crate) log: Vec<String>,
    pub(crate) openings: u32,
    plug: Option<AbortHandle>,
    lines: Option<tokio::sync::mpsc::UnboundedSender<Vec<u8>>>,
}

/// Clones are the same module.
#[derive(Clone)]
pub(crate) struct Fake(Arc<Mutex<State>>);

impl State {
    fn restart(&mut self) {
        self.echo = self.stored_echo;
        self.errors = 0;
        self.context_active = false;
        self.needs_restart = false;
    }

    fn start_up(&self) -> String {
        self.start_up_line.map(|line| format!("\r\n{line}\r\n")).unwrap_or_default()
    }
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            echo: true,
            errors: 0,
            context_active: false,
            stored_echo: true,
            model: "ME310G1-WW",
            silent: false,
            refused_activations: 0,
            needs_radio_cycle: false,
            needs_restart: false,
            unplug_at: None,
            restart_at: None,
            start_up_line: None,
            pin: None,
            port_missing: false,
            log: Vec::new(),
            openings: 0,
            plug: None,
            lines: None,
        })))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    /// Opens its port; the source of a supervisor.
    pub(crate) async fn open(self) -> io::Result<BoxedStream> {
        if self.state().port_missing {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no port /dev/fake"));
        }
        let (host, module) = tokio::io::duplex(4096);
        let task = tokio::spawn(serve(self.clone(), module)).abort_handle();
        let mut state = self.state();
        state.openings += 1;
        state.plug = Some(task);
        Ok(Box::pin(host))
    }

    /// Everything is as after power-on.
    pub(crate) fn restart(&self) {
        self.state().restart();
    }

    /// Pulls the plug.
    pub(crate) fn unplug(&self) {
        let mut state = self.state();
        state.lines = None;
        if let Some(task) = state.plug.take() {
            task.abort();
        }
    }

    /// Sends a line that nobody asked for.
    pub(crate) fn unsolicited(&self, line: &str) {
        let state = self.state();
        let lines = state.lines.as_ref().expect("it is plugged in");
        lines.send(format!("\r\n{line}\r\n").into_bytes()).expect("it runs");
    }

    pub(crate) fn times(&self, line: &str) -> usize {
        self.state().log.iter().filter(|sent| *sent == line).count()
    }

    /// How the tests open it: its platform is given.
    pub(crate) fn builder() -> ModemBuilder {
        Modem::builder().platform(PlatformId::P37).apn("iot.test")
    }
}

async fn serve(fake: Fake, mut port: DuplexStream) {
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    fake.state().lines = Some(sender);
    let mut line = Vec::new();
    loop {
        let byte = tokio::select! {
            byte = port.read_u8() => byte,
            Some(unsolicited) = lines.recv() => {
                port.write_all(&unsolicited).await.expect("the host reads");
                continue;
            }
        };
        let Ok(byte) = byte else { return };
        let echo = {
            let state = fake.state();
            state.echo && !state.silent
        };
        if echo && port.write_all(&[byte]).await.is_err() {
            return;
        }
        match byte {
            b'\r' => {
                let text = String::from_utf8_lossy(&line).into_owned();
                line.clear();
                if fake.state().unplug_at.take_if(|at| *at == text).is_some() {
                    // What the line did is done, and its answer is lost.
                    answer(&mut fake.state(), &text);
                    return;
                }
                let answer = started_and_answered(&mut fake.state(), &text);
                if port.write_all(answer.as_bytes()).await.is_err() {
                    return;
                }
            }
            byte => line.push(byte),
        }
    }
}

fn started_and_answered(state: &mut State, line: &str) -> String {
    let mut said = String::new();
    if state.restart_at.take_if(|at| *at == line).is_some() {
        state.restart();
        said = state.start_up();
    }
    said + &answer(state, line).unwrap_or_default()
}

fn answer(state: &mut State, line: &str) -> Option<String> {
    if state.silent {
        return None;
    }
    state.log.push(line.to_owned());
    let information = match line {
        "ATE0V1Q0" => {
            state.echo = false;
            String::new()
        }
        "AT+CMEE=2" => {
            state.errors = 2;
            String::new()
        }
        "AT+CMEE?" => format!("+CMEE: {}", state.errors),
        "AT+CGMM" => state.model.to_owned(),
        "AT+CGMR" => "37.00.217".to_owned(),
        "AT+CGSN" => "350000000000001".to_owned(),
        "AT+CPIN?" if state.pin.is_some() => "+CPIN: SIM PIN".to_owned(),
        "AT+CPIN?" => "+CPIN: READY".to_owned(),
        "AT#PCT" => return Some("\r\nERROR\r\n".to_owned()),
        line if line.starts_with("AT+CPIN=") => {
            if state.pin.is_some_and(|pin| line != format!("AT+CPIN=\"{pin}\"")) {
                return Some("\r\n+CME ERROR: incorrect password\r\n".to_owned());
            }
            state.pin = None;
            String::new()
        }
        "AT+CGDCONT?" => "+CGDCONT: 1,\"IP\",\"iot.test\",\"\",0,0".to_owned(),
        "AT+CEREG?" => "+CEREG: 0,1".to_owned(),
        "AT#SGACT?" => format!("#SGACT: 1,{}", u8::from(state.context_active)),
        "AT#SGACT=1,1" => return Some(activate(state)),
        "AT+CFUN=1" => {
            state.needs_radio_cycle = false;
            String::new()
        }
        "AT#STREAM" => return Some("\r\nCONNECT\r\n".to_owned()),
        "AT#SCFG?" => "#SCFG: 1,1,300,90,600,50".to_owned(),
        "AT#ENHRST=1,0" => {
            state.restart();
            return Some(format!("\r\nOK\r\n{}", state.start_up()));
        }
        _ => String::new(),
    };
    Some(match information.as_str() {
        "" => "\r\nOK\r\n".to_owned(),
        information => format!("\r\n{information}\r\n\r\nOK\r\n"),
    })
}

fn activate(state: &mut State) -> String {
    let refused = state.needs_radio_cycle || state.needs_restart || state.refused_activations > 0;
    if refused {
        state.refused_activations = state.refused_activations.saturating_sub(1);
        return "\r\n+CME ERROR: no network service\r\n".to_owned();
    }
    state.context_active = true;
    "\r\n#SGACT: 10.0.0.1\r\n\r\nOK\r\n".to_owned()
}
