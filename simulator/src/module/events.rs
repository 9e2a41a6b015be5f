//! Brings what happens on the links to the service that the link belongs to.

use bytes::Bytes;

use super::{Effect, Module};
use crate::service::{Event, LinkId};

impl Module {
    pub(super) fn handle_event(&mut self, link: LinkId, event: Event) {
        let event = match event {
            Event::Data(bytes) => match self.metered(link, bytes) {
                Some(bytes) => Event::Data(bytes),
                None => return,
            },
            Event::Written(count) => {
                self.meter(count);
                Event::Written(count)
            }
            event => event,
        };
        if let Some(socket) = self.tls.socket_of(link) {
            self.tls_event(socket, event);
        } else if let Some(socket) = self.plain.socket_of(link) {
            self.plain_event(socket, event);
        } else if self.plain.is_query(link) {
            self.name_event(&event);
        } else if let Some(client) = self.mqtt.client_of(link) {
            self.mqtt_event(client, event);
        } else if self.http.link() == Some(link) {
            self.http_event(event);
        } else if self.ftp.link() == Some(link) {
            self.ftp_event(event);
        } else if self.time_request.is_some_and(|request| request.link == link) {
            self.time_event(&event);
        }
    }

    /// What the faults leave of data from the network.
    fn metered(&mut self, link: LinkId, mut bytes: Bytes) -> Option<Bytes> {
        if self.faults.is_cut(link) {
            return None;
        }
        let kept = self.meter(bytes.len());
        bytes.truncate(kept);
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Counts traffic, and cuts the network when a fault wants it. Returns how much still gets through.
    fn meter(&mut self, count: usize) -> usize {
        let Some(kept) = self.faults.on_traffic(count) else { return count };
        self.faults.cut_links(LinkId(self.next_link));
        self.effects.push(Effect::Network(false));
        self.effects.push(Effect::Network(true));
        kept
    }
}
