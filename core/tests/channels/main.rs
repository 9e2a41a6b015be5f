//! Several AT channels, against scripted modules in virtual time.

mod entry;
mod module;
mod ports;
mod streams;
