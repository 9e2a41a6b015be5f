//! The link of one HTTP request.

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Event, OpenFailure, Order, Reporter, WINDOW};
use crate::net::Network;
use crate::net::http::{self, Body, HttpError, Pending, Request};

pub(super) async fn run(
    network: &Network,
    request: Request,
    orders: UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    let sent = http::send(network, request).await;
    answer(sent, orders, reporter).await;
}

/// Connects first, and sends when the body has been ordered.
pub(super) async fn run_upload(
    network: &Network,
    mut request: Request,
    mut orders: UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    let connection = match http::connect(network, &request).await {
        Ok(connection) => connection,
        Err(error) => return failed(error, reporter),
    };
    reporter.send(Event::Opened { suite: None });
    if let Some(Order::Write(body)) = orders.recv().await {
        request.body = body;
        let sent = http::send_on(connection, request).await;
        answer(sent, orders, reporter).await;
    }
}

fn failed(error: HttpError, reporter: &Reporter) {
    reporter.send(Event::OpenFailed(OpenFailure::Http(error)));
}

async fn answer(sent: Result<Pending, HttpError>, orders: UnboundedReceiver<Order>, reporter: &Reporter) {
    let pending = match sent {
        Ok(pending) => pending,
        Err(error) => return failed(error, reporter),
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
