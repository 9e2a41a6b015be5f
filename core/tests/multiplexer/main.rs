//! The multiplexer against scripted modules, octet by octet.

mod bounds;
mod closing;
mod flow;
mod line;
mod messages;
mod opening;
mod suspicion;
