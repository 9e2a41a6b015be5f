//! The same scenarios with every broker: mosquitto, rumqttd and Aedes. All demand a client certificate, and mosquitto's
//! own clients publish and receive at the other end.

mod aedes;
mod broker;
mod mosquitto;
mod observer;
mod relay;
mod rumqttd;
mod scenarios;
mod stress;

use bytes::Bytes;
use telit_mqtt::{Message, Subscription};
use tokio::time::timeout;

use self::aedes::Aedes;
pub(super) use self::broker::{Broker, HOST, SOON};
pub(super) use self::mosquitto::Mosquitto;
use self::rumqttd::Rumqttd;
use crate::rig::hostile_payloads;

/// The largest payload of the module. Source: M37 p1035.
const LARGEST: usize = 65536;

pub(super) fn payloads() -> Vec<Bytes> {
    let largest: Vec<u8> = (0..LARGEST).map(|n| n.to_le_bytes()[n % 2]).collect();
    hostile_payloads().into_iter().chain([Bytes::from(largest)]).collect()
}

pub(super) async fn next(subscription: &mut Subscription) -> Message {
    timeout(SOON, subscription.next()).await.expect("it arrives in time").expect("the subscription goes on")
}

/// Once with the module's own client, once with the one on this computer.
macro_rules! with_every_broker {
    ($($scenario:ident)+) => {
        with_every_broker!(mosquitto_and_module Mosquitto Module: $($scenario)+);
        with_every_broker!(mosquitto_and_host Mosquitto Host: $($scenario)+);
        with_every_broker!(rumqttd_and_module Rumqttd Module: $($scenario)+);
        with_every_broker!(rumqttd_and_host Rumqttd Host: $($scenario)+);
        with_every_broker!(aedes_and_module Aedes Module: $($scenario)+);
        with_every_broker!(aedes_and_host Aedes Host: $($scenario)+);
    };
    ($module:ident $broker:ident $engine:ident: $($scenario:ident)+) => {
        mod $module {
            use telit_mqtt::Engine;

            use super::{$broker, Broker, scenarios};

            $(
                #[tokio::test]
                async fn $scenario() {
                    let Some(broker) = <$broker as Broker>::start().await else { return };
                    scenarios::$scenario(&broker, Engine::$engine).await;
                }
            )+
        }
    };
}

with_every_broker! {
    only_who_shows_the_right_certificate_gets_in
    messages_go_up_exact_at_every_quality
    messages_come_down_exact_at_every_quality
    a_retained_message_is_kept_and_forgotten
    a_last_will_is_published_when_the_module_is_gone
    a_session_that_is_kept_gets_what_was_published_meanwhile
    a_connection_that_breaks_comes_back_with_its_subscriptions
}
