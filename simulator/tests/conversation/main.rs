//! Conversations with the virtual module, byte by byte, as the manuals print them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bring_up;
mod contexts;
mod each;
mod entry;
mod escape;
mod exclusive;
mod fault;
mod general;
mod guide;
mod instances;
mod life;
mod mqtt_firmware;
mod mqtt_setup;
mod network;
mod platforms;
mod port;
mod pseudo_terminal;
mod service_setup;
mod sim;
mod tls_platforms;
mod tls_setup;
