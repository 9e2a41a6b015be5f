//! A task with a connection over a stream in memory.

use std::sync::Arc;

use telit_core::Modem;
use telit_core::driver::MockAtChannel;
use telit_core::platform::{PlatformId, profile};
use telit_core::tls::TlsOptions;

use super::job::{End, Job};
use super::{Task, now};
use crate::backend::{Backend, Connection};
use crate::delivery::Post;
use crate::host::HostEngine;
use crate::host::tests::{Broker, flooded};
use crate::message::QoS;
use crate::options::{MqttOptions, MqttSecurity};
use crate::reconnect::{Reconnect, Reconnector};
use crate::state::LossReason;
use crate::subscription::Subscription;
use crate::topic::TopicFilter;

/// More than are taken between two requests.
const MESSAGES: u16 = 100;

struct Bench {
    task: Task,
    subscription: Subscription,
    broker: Broker,
}

impl Bench {
    /// A task that has not looked at what has come meanwhile.
    async fn start() -> Self {
        let tls = TlsOptions::builder().danger_skip_verification().build().unwrap();
        let options = MqttOptions::new("broker.example", "client-1", MqttSecurity::Tls(tls));
        let options = options.queue_capacity(1000).clean_session(false);
        let modem = Modem::from_channel(Arc::new(MockAtChannel::new()), profile(PlatformId::P37));
        let backend = Backend::Host(Box::new(HostEngine::new(modem, options).unwrap()));
        let (_requests, receiver) = telit_core::fan_in::channel(1);
        let post = Arc::new(Post::new(None));
        let events = telit_core::fan_out::channel(9).0;
        let mut task = Task::new(backend, receiver, post, Arc::default(), events);
        let filter = TopicFilter::parse("t", 100).unwrap();
        let subscription = task.registry.subscribe(filter, QoS::AtLeastOnce);
        let (connection, broker) = flooded(MESSAGES).await;
        task.connection = Some(Connection::Host(Box::new(connection)));
        task.session.connected(now(), 0);
        Self { task, subscription, broker }
    }

    /// All that the broker believes to be delivered has been, and in order.
    async fn delivered(mut self) {
        drop(self.task);
        let expected: Vec<_> = (1..=MESSAGES).map(|number| number.to_be_bytes().to_vec()).collect();
        let mut came = Vec::new();
        while let Some(message) = self.subscription.next().await {
            came.push(message.payload.to_vec());
        }
        assert_eq!(came, expected);
        let heard = self.broker.hears_the_rest().await;
        let acknowledged = heard.chunks(4).filter(|packet| packet.starts_with(b"\x40\x02")).count();
        assert_eq!(acknowledged, expected.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_loss_delivers_what_was_acknowledged() {
    for reason in [LossReason::ModuleRestarted, LossReason::ModuleSilent, LossReason::LinkLost] {
        for reconnects in [true, false] {
            let mut bench = Bench::start().await;
            bench.task.reconnector = reconnects.then(|| Reconnector::new(Reconnect::default()));
            bench.task.lost(reason).await;
            assert!(!bench.task.session.is_connected());
            bench.delivered().await;
        }
    }
}

/// The port was away, and the module has restarted meanwhile.
#[tokio::test(start_paused = true)]
async fn a_connection_that_was_not_kept_delivers_what_was_acknowledged() {
    let mut bench = Bench::start().await;
    let Some(Connection::Host(mut connection)) = bench.task.connection.take() else {
        panic!("it has one");
    };
    connection.leave().await;
    let mut job = Job::look(Arc::clone(&bench.task.backend), Connection::Host(connection));
    let end = job.end().await;
    assert!(matches!(end, End::Gone(_)), "{end:?}");
    bench.task.job_ended(end).await;
    bench.delivered().await;
}
