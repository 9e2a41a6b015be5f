//! The HTTP client. Source: IPE28 p100-110, M37 p857-870.

mod exchange;

use std::time::Duration;

use bytes::Bytes;

use super::tls_events::dial_error;
use super::{InstanceId, Module};
use crate::command::{Flow, Outcome};
use crate::entry::Purpose;
use crate::error::{AtError, cme};
use crate::net::http::{HttpError, Method, Request};
use crate::service::{Event, LinkId, OpenFailure, Order, Start};
use exchange::{Exchange, Reading};

/// How long dialling and sending may take. No document bounds it.
const SEND_LIMIT: Duration = Duration::from_secs(120);

/// The client's one request at a time.
#[derive(Debug, Default)]
pub(crate) struct Http {
    exchange: Option<Exchange>,
}

/// What a request is made of, besides its profile.
pub(crate) struct RequestParts {
    pub(crate) method: Method,
    pub(crate) resource: String,
    pub(crate) headers: Vec<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

impl Http {
    pub(super) fn link(&self) -> Option<LinkId> {
        self.exchange.as_ref().map(|exchange| exchange.link)
    }

    /// Whether a request of another instance is going on.
    pub(crate) fn is_used_by_other(&self, instance: InstanceId) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| {
            exchange.instance != instance && (exchange.sending || exchange.status.is_none())
        })
    }
}

impl Module {
    /// Sends a request over a profile.
    pub(crate) fn send_request(&mut self, instance: InstanceId, profile: u8, parts: RequestParts) -> Outcome {
        if let Some(earlier) = self.http.exchange.take() {
            self.abandon(earlier.link);
        }
        let settings = self.http_settings(profile);
        let request = Request {
            host: settings.host.clone(),
            port: settings.port,
            tls: if settings.tls { Some(self.handshake_settings(1, &settings.host)?) } else { None },
            method: parts.method,
            resource: parts.resource,
            headers: parts.headers,
            basic_auth: (settings.authentication == 1)
                .then(|| (settings.user.clone(), String::from_utf8_lossy(&settings.password.0).into_owned())),
            content_type: parts.content_type,
            body: parts.body,
            connect_timeout: SEND_LIMIT,
            timeout: Duration::from_secs(u64::from(settings.timeout)),
        };
        let link = self.start_link(Start::Http(request));
        self.http.exchange = Some(Exchange::new(profile, instance, link));
        Ok(Flow::Waiting)
    }

    /// The body of `#HTTPSND` has been entered.
    pub(super) fn send_body(&mut self, instance: InstanceId, purpose: Purpose, body: Bytes) -> Outcome {
        let Purpose::HttpBody { profile, method, resource, content_type, headers } = purpose else {
            return Err(AtError::Plain);
        };
        let method = if method == 0 { Method::Post } else { Method::Put };
        self.send_request(instance, profile, RequestParts { method, resource, headers, content_type, body })
    }

    /// `#HTTPRCV`
    pub(crate) fn read_body(&mut self, instance: InstanceId, profile: u8, most: Option<usize>) -> Outcome {
        let hidden = self.quirks.error_bodies_hidden;
        let wrong_state = AtError::Cme(cme::WRONG_STATE);
        let exchange = self.http.exchange.as_mut().filter(|exchange| exchange.profile == profile);
        let exchange = exchange.ok_or(wrong_state)?;
        let status = exchange.status.filter(|status| *status != 0).ok_or(wrong_state)?;
        if exchange.reading.is_some() || (hidden && !is_success(status)) || exchange.is_exhausted() {
            return Err(wrong_state);
        }
        exchange.reading = Some(Reading { instance, most, started: false });
        Ok(Flow::Waiting)
    }

    pub(super) fn http_event(&mut self, event: Event) {
        let Some(exchange) = self.http.exchange.as_mut() else { return };
        match event {
            Event::HttpSent => {
                exchange.sending = false;
                let instance = exchange.instance;
                self.complete(instance, Ok(()));
            }
            Event::OpenFailed(failure) => {
                let instance = exchange.instance;
                self.end_exchange();
                self.complete(instance, Err(send_error(&failure)));
            }
            Event::HttpHead { status, content_type, length } => {
                self.head_arrived(status, content_type, length)
            }
            Event::HttpSilent => {
                exchange.ended = true;
                self.head_arrived(0, None, None);
            }
            Event::Data(bytes) => {
                exchange.available += bytes.len();
                exchange.inbox.push_back(bytes);
            }
            Event::BodyEnded => exchange.ended = true,
            _ => {}
        }
    }

    /// `#HTTPRING`
    fn head_arrived(&mut self, status: u16, content_type: Option<String>, length: Option<u64>) {
        let all_shown = self.profile.http.as_ref().is_some_and(|http| !http.failures_without_size);
        let Some(exchange) = self.http.exchange.as_mut() else { return };
        exchange.status = Some(status);
        let shown = all_shown || is_success(status);
        let content_type = content_type.filter(|_| shown).unwrap_or_default();
        exchange.length = length.filter(|length| shown && *length > 0);
        let size = exchange.length.unwrap_or(0);
        let (profile, instance) = (exchange.profile, exchange.instance);
        self.unsolicited(instance, &format!("#HTTPRING: {profile},{status},\"{content_type}\",{size}"));
    }

    fn end_exchange(&mut self) {
        if let Some(exchange) = self.http.exchange.take() {
            self.release(exchange.link);
        }
    }

    pub(super) fn settle_http(&mut self) {
        let Some(reading) = self.http.exchange.as_ref().and_then(|exchange| exchange.reading) else { return };
        match reading.most {
            Some(most) => self.read_block(reading.instance, most),
            None => self.read_all(reading),
        }
    }

    fn read_block(&mut self, instance: InstanceId, most: usize) {
        let Some(exchange) = self.http.exchange.as_mut().filter(|exchange| exchange.has_block(most)) else {
            return;
        };
        exchange.reading = None;
        let data = exchange.take(most);
        if data.is_empty() {
            exchange.end_shown = true;
        }
        let link = exchange.link;
        self.order(link, Order::Credit(data.len()));
        self.start_body(instance);
        self.answer(instance, &data);
        self.complete(instance, Ok(()));
    }

    /// Everything, as it comes and as the host takes it.
    fn read_all(&mut self, reading: Reading) {
        let room = self.room(reading.instance);
        if !reading.started {
            self.start_body(reading.instance);
        }
        let Some(exchange) = self.http.exchange.as_mut() else { return };
        exchange.reading = Some(Reading { started: true, ..reading });
        let data = exchange.take(room);
        let over = (exchange.ended && exchange.available == 0) || exchange.left() == Some(0);
        if over {
            exchange.reading = None;
            exchange.end_shown = true;
        }
        let link = exchange.link;
        if !data.is_empty() {
            self.order(link, Order::Credit(data.len()));
            self.answer(reading.instance, &data);
        }
        if over {
            self.complete(reading.instance, Ok(()));
        }
    }

    /// CR LF `<<<`, and the body right behind it.
    fn start_body(&mut self, instance: InstanceId) {
        let mark: &[u8] = if self.quirks.body_without_mark { b"\r\n" } else { b"\r\n<<<" };
        self.answer(instance, mark);
    }

    /// The network is gone.
    pub(super) fn break_http(&mut self) {
        let Some(exchange) = self.http.exchange.as_mut() else { return };
        let link = exchange.link;
        exchange.ended = true;
        let (sending, unanswered, instance) =
            (exchange.sending, exchange.status.is_none(), exchange.instance);
        self.abandon(link);
        if sending {
            self.end_exchange();
            self.complete(instance, Err(AtError::Cme(cme::CONTEXT_NOT_OPENED)));
        } else if unanswered {
            self.head_arrived(0, None, None);
        }
    }

    pub(crate) fn http_settings(&self, profile: u8) -> &crate::nvm::HttpSettings {
        self.nvm.http.get(usize::from(profile)).expect("the range of the profile has been checked")
    }
}

fn is_success(status: u16) -> bool {
    (200..=206).contains(&status)
}

fn send_error(failure: &OpenFailure) -> AtError {
    match failure {
        OpenFailure::Http(HttpError::Sending(error)) => dial_error(error),
        _ => AtError::Plain,
    }
}
