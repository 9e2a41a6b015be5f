//! `gnutls-serv`.

mod server;

pub(in crate::interop) use server::{Described, GnutlsServ};
