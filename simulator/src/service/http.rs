//! The link of one HTTP request.

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Event, OpenFailure, Order, Reporter, WINDOW};
use crate::net::Network;
use crate::net::http::{self, Body, Request};

pub(super) async fn run(
    network: &Network,
    request: Request,
    orders: UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    let pending = match http::send(network, request).await {
        Ok(pending) => pending,
        Err(error) => return reporter.send(Event::OpenFailed(OpenFailure::Http(error))),
    };
    reporter.send(Event::HttpSent);
    let response = match pending.response().await {
        Ok(response) => response,
        Err(error) => {
            tracing::debug!(%error, "no answer to the HTTP request");
            return reporter.send(Event::HttpSilent);
        }
    };
    reporter.send(Event::HttpHead {
        status: response.status,
        content_type: response.content_type,
        length: response.content_length,
    });
    deliver(response.body, orders, reporter).await;
    reporter.send(Event::BodyEnded);
}

async fn deliver(mut body: Body, mut orders: UnboundedReceiver<Order>, reporter: &Reporter) {
    let mut credit = Some(WINDOW);
    loop {
        while credit.is_some_and(|credit| credit == 0) {
            match orders.recv().await {
                Some(Order::Credit(count)) => credit = Some(count),
                Some(_) => {}
                None => return,
            }
        }
        match body.next().await {
            Some(Ok(piece)) => {
                credit = credit.map(|credit| credit.saturating_sub(piece.len()));
                send(piece, reporter);
            }
            Some(Err(error)) => return tracing::debug!(%error, "the body is not whole"),
            None => return,
        }
        while let Ok(Order::Credit(count)) = orders.try_recv() {
            credit = credit.map(|credit| credit + count);
        }
    }
}

fn send(piece: Bytes, reporter: &Reporter) {
    reporter.send(Event::Data(piece));
}
