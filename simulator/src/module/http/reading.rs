//! `#HTTPRCV` and `#HTTPRCVOTA`: where the body goes. Source: M37 p869-872.

use super::exchange::{Partition, Reading};
use crate::error::{AtError, cme};
use crate::module::{InstanceId, Module};
use crate::service::Order;

impl Module {
    pub(in crate::module) fn settle_http(&mut self) {
        let Some(reading) = self.http.exchange.as_ref().and_then(|exchange| exchange.reading) else { return };
        match reading {
            Reading { partition: Some(partition), .. } => self.store_more(reading, partition),
            Reading { most: Some(most), .. } => self.read_block(reading.instance, most),
            Reading { most: None, .. } => self.read_all(reading),
        }
    }

    fn read_block(&mut self, instance: InstanceId, most: usize) {
        let short = self.quirks.http_blocks_short;
        let Some(exchange) = self.http.exchange.as_mut().filter(|known| known.has_block(most, short)) else {
            return;
        };
        exchange.reading = None;
        let data = exchange.take(most);
        if data.is_empty() && self.quirks.no_empty_block {
            return self.complete(instance, Err(AtError::Cme(cme::WRONG_STATE)));
        }
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
        let over = exchange.is_over();
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

    /// Into the partition of the firmware. A body that is short is an error.
    fn store_more(&mut self, reading: Reading, mut partition: Partition) {
        let Some(exchange) = self.http.exchange.as_mut() else { return };
        let count = exchange.take(usize::MAX).len();
        let marks = partition.store(count);
        let over = exchange.is_over();
        let whole = exchange.left().is_none_or(|left| left == 0);
        exchange.reading = Some(Reading { partition: Some(partition), ..reading }).filter(|_| !over);
        exchange.end_shown |= over;
        let link = exchange.link;
        if count > 0 {
            self.order(link, Order::Credit(count));
            self.answer(reading.instance, &vec![b'#'; marks]);
        }
        if over {
            self.complete(reading.instance, if whole { Ok(()) } else { Err(AtError::Plain) });
        }
    }

    /// CR LF `<<<`, and the body right behind it.
    fn start_body(&mut self, instance: InstanceId) {
        let mark: &[u8] = if self.quirks.body_without_mark { b"\r\n" } else { b"\r\n<<<" };
        self.answer(instance, mark);
    }
}
