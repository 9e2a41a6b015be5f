//! The link of an MQTT session.

use tokio::sync::mpsc::UnboundedReceiver;

use super::{Event, OpenFailure, Order, Reporter};
use crate::net::Network;
use crate::net::mqtt::{self, Options, Qos, RequestError, Session};

pub(super) async fn run(
    network: &Network,
    options: Options,
    mut orders: UnboundedReceiver<Order>,
    reporter: &Reporter,
) {
    let (session, mut events) = match Session::connect(network, options).await {
        Ok(open) => open,
        Err(error) => return reporter.send(Event::OpenFailed(OpenFailure::Mqtt(error))),
    };
    reporter.send(Event::Opened { suite: None });
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                Some(order) => begin(&session, order, reporter),
                None => return,
            },
            event = events.recv() => match event {
                Some(mqtt::Event::Message { topic, payload, .. }) => {
                    reporter.send(Event::MqttMessage { topic, payload });
                }
                Some(mqtt::Event::Closed(reason)) => return reporter.send(Event::MqttClosed(reason)),
                None => return,
            },
        }
    }
}

/// Messages go on to arrive while the broker's answer is awaited.
fn begin(session: &Session, order: Order, reporter: &Reporter) {
    let (session, reporter) = (session.clone(), reporter.clone());
    tokio::spawn(async move {
        let result = carry_out(&session, order).await;
        reporter.send(Event::MqttDone(result));
    });
}

async fn carry_out(session: &Session, order: Order) -> Result<(), RequestError> {
    match order {
        Order::Publish { topic, payload, qos, retain } => {
            session.publish(&topic, payload, quality(qos), retain).await
        }
        Order::Subscribe { filter, qos } => session.subscribe(&filter, quality(qos)).await.map(drop),
        Order::Unsubscribe { filter } => session.unsubscribe(&filter).await,
        Order::Disconnect => session.disconnect().await,
        _ => Ok(()),
    }
}

fn quality(number: u8) -> Qos {
    Qos::from_number(number).unwrap_or(Qos::ExactlyOnce)
}
