//! The HTTP client. Source: IPE28 p100-110, M37 p857-870.

mod exchange;
mod reading;

use std::time::Duration;

use bytes::Bytes;

use super::tls_events::dial_error;
use super::{InstanceId, Module};
use crate::command::http::upload_method;
use crate::command::{Flow, Outcome};
use crate::entry::{Ending, Entry, Prompt, Purpose};
use crate::error::{AtError, cme};
use crate::instance::Mode;
use crate::net::http::{HttpError, Method, Request};
use crate::service::{Event, LinkId, OpenFailure, Order, Start};
use exchange::{Exchange, Partition, Reading};

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

    /// Whether the connection of another instance is open: until then a request is refused (IPE28 p187). It is open from
    /// the request until its answer has come as a whole, since every answer ends with `Connection: close` (M37 p863,
    /// p867). What the other instance has not read of it by then, a new request loses.
    pub(crate) fn is_used_by_other(&self, instance: InstanceId) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| exchange.instance != instance && !exchange.ended)
    }

    /// Whether a body has arrived that was not read to its end.
    pub(crate) fn has_unread_body(&self) -> bool {
        let arrived = |exchange: &Exchange| exchange.status.is_some_and(|status| status != 0);
        self.exchange.as_ref().is_some_and(|exchange| arrived(exchange) && !exchange.is_exhausted())
    }
}

impl Module {
    /// Sends a request over a profile.
    pub(crate) fn send_request(&mut self, instance: InstanceId, profile: u8, parts: RequestParts) -> Outcome {
        let request = self.request(profile, parts)?;
        self.begin_exchange(instance, profile, Start::Http(request));
        Ok(Flow::Waiting)
    }

    /// Connects over a profile, and asks for the body when that is done.
    pub(crate) fn connect_for_body(
        &mut self,
        instance: InstanceId,
        profile: u8,
        parts: RequestParts,
        length: usize,
    ) -> Outcome {
        let request = self.request(profile, parts)?;
        self.begin_exchange(instance, profile, Start::HttpUpload(request)).upload = Some(length);
        Ok(Flow::Waiting)
    }

    fn begin_exchange(&mut self, instance: InstanceId, profile: u8, start: Start) -> &mut Exchange {
        if let Some(earlier) = self.http.exchange.take() {
            self.abandon(earlier.link);
        }
        let link = self.start_link(start);
        self.http.exchange.insert(Exchange::new(profile, instance, link))
    }

    fn request(&self, profile: u8, parts: RequestParts) -> Result<Request, AtError> {
        let settings = self.http_settings(profile);
        Ok(Request {
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
            chunks_as_they_come: self.quirks.chunks_as_they_come,
            timeout: Duration::from_secs(u64::from(settings.timeout)),
        })
    }

    /// The body of `#HTTPSND` has been entered.
    pub(super) fn send_body(&mut self, instance: InstanceId, purpose: Purpose, body: Bytes) -> Outcome {
        let Purpose::HttpBody { profile, method, resource, content_type, headers } = purpose else {
            return Err(AtError::Plain);
        };
        let method = upload_method(method);
        self.send_request(instance, profile, RequestParts { method, resource, headers, content_type, body })
    }

    /// The body of a `#HTTPSND` that has connected before it asked for it.
    pub(super) fn upload_body(&mut self, body: Bytes) -> Outcome {
        let Some(exchange) = self.http.exchange.as_mut() else {
            return Err(AtError::Cme(cme::CONTEXT_NOT_OPENED));
        };
        exchange.upload = None;
        let link = exchange.link;
        self.order(link, Order::Write(body));
        Ok(Flow::Waiting)
    }

    /// `#HTTPRCV`
    pub(crate) fn read_body(&mut self, instance: InstanceId, profile: u8, most: Option<usize>) -> Outcome {
        self.begin_reading(profile, Reading { instance, most, started: false, partition: None })
    }

    /// `#HTTPRCVOTA`
    pub(crate) fn store_body(&mut self, instance: InstanceId, profile: u8, verbose: bool) -> Outcome {
        let partition = Some(Partition { verbose, written: 0 });
        self.begin_reading(profile, Reading { instance, most: None, started: false, partition })
    }

    /// Whether another instance may read the answer is told nowhere; here it may not.
    fn begin_reading(&mut self, profile: u8, reading: Reading) -> Outcome {
        if self.http.is_used_by_other(reading.instance) {
            return Err(AtError::Cme(cme::RESOURCE_USED));
        }
        let hidden = self.quirks.error_bodies_hidden;
        let wrong_state = AtError::Cme(cme::WRONG_STATE);
        let exchange = self.http.exchange.as_mut().filter(|exchange| exchange.profile == profile);
        let exchange = exchange.ok_or(wrong_state)?;
        let status = exchange.status.filter(|status| *status != 0).ok_or(wrong_state)?;
        let over = exchange.is_exhausted() || (self.quirks.no_empty_block && exchange.is_empty());
        if exchange.reading.is_some() || (hidden && !is_success(status)) || over {
            return Err(wrong_state);
        }
        exchange.reading = Some(reading);
        Ok(Flow::Waiting)
    }

    pub(super) fn http_event(&mut self, event: Event) {
        let Some(exchange) = self.http.exchange.as_mut() else { return };
        match event {
            Event::Opened { .. } => {
                let (instance, length) = (exchange.instance, exchange.upload.unwrap_or_default());
                let entry = Entry::new(Prompt::Triple, Ending::Counted { length }, Purpose::HttpUpload);
                self.continue_line(instance, Ok(Flow::Entry(entry)));
            }
            Event::HttpSent => {
                exchange.sending = false;
                let instance = exchange.instance;
                self.complete(instance, Ok(()));
            }
            Event::OpenFailed(_) if self.quirks.http_failures_ring => {
                (exchange.sending, exchange.ended) = (false, true);
                let instance = exchange.instance;
                self.complete(instance, Ok(()));
                self.head_arrived(0, None, None);
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
        let blanks = if status == 0 && self.quirks.httpring_two_blanks { "  " } else { " " };
        let quote = if self.quirks.httpring_without_quotes { "" } else { "\"" };
        let told = shown && status != 0;
        let tail = match self.quirks.httpring_without_tail && !told {
            true => String::new(),
            false => format!(",{quote}{content_type}{quote},{size}"),
        };
        self.unsolicited(instance, &format!("#HTTPRING:{blanks}{profile},{status}{tail}"));
    }

    /// What a profile that is reset makes of the answer that was left unread, where that stands in the way.
    pub(crate) fn forget_unread_body(&mut self, profile: u8) {
        let unread = |exchange: &Exchange| exchange.profile == profile && exchange.status.is_some();
        if self.quirks.unread_body_blocks && self.http.exchange.as_ref().is_some_and(unread) {
            self.http.link().into_iter().for_each(|link| self.abandon(link));
            self.http.exchange = None;
        }
    }

    fn end_exchange(&mut self) {
        if let Some(exchange) = self.http.exchange.take() {
            self.release(exchange.link);
        }
    }

    /// The network is gone.
    pub(super) fn break_http(&mut self) {
        let Some(exchange) = self.http.exchange.as_mut() else { return };
        let link = exchange.link;
        exchange.ended = true;
        let (sending, unanswered, instance) =
            (exchange.sending, exchange.status.is_none(), exchange.instance);
        let in_entry = exchange.upload.is_some() && matches!(self.peek(instance).mode, Mode::Entry(_));
        self.abandon(link);
        if in_entry {
            // The host learns it when it has entered everything.
            self.http.exchange = None;
        } else if sending {
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
