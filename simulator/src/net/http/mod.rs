//! An HTTP/1.1 client that makes one request per connection (`Connection: close`).

mod body;
mod client;
mod head;
mod request;
#[cfg(test)]
mod tests;

pub(crate) use body::{Body, BodyError};
pub(crate) use client::{HttpError, Pending, Response, connect, request, send, send_on};
pub(crate) use request::{Method, Request};
