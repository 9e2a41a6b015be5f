//! Scenarios with servers and clients that nobody here wrote.
//!
//! A program that is not installed is noted and its test passes; with the environment variable `CI` set the test
//! fails and names the Debian package. Every test starts servers of its own, on free ports of loopback, in a
//! temporary directory, with fresh certificates; what they logged is shown when the test fails.

mod aws;
mod client;
mod credentials;
mod device;
mod ftp;
mod gateway;
mod gnutls;
mod https;
mod matrix;
mod mosquitto;
mod mqtt;
mod multiplexer;
mod nginx;
mod program;
mod refusals;
mod serial_line;
mod server;
mod socket;
