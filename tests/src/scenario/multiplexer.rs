//! Several channels on one port: transfers, MQTT and polls side by side, and one TLS for all of them.

use std::sync::Arc;
use std::time::Duration;

use telit_core::at::{CommandLine, Exchange, Expect};
use telit_core::channels::Channels;
use telit_core::commands::SignalQuality;
use telit_core::driver::{BoxedStream, ModuleState};
use telit_core::exclusive::{Holder, LeaseError, Service};
use telit_core::supervisor::{ChannelSupervisor, PortSource, SupervisorEvent, SupervisorOptions};
use telit_core::{Backoff, Category, Modem};
use telit_ftps::{FtpsClient, TransferMode};
use telit_mqtt::{Event, MqttClient, MqttOptions, MqttSecurity, QoS, Reconnect};
use telit_simulator::servers::{TestServers, pattern};
use telit_simulator::{Platform, Quirk, VirtualModule};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::rig::Rig;

const SOON: Duration = Duration::from_secs(60);

fn channel(channels: &Channels, number: u8) -> Modem {
    channels.channel(number).expect("the module has it").clone()
}

async fn raw(modem: &Modem, line: &str) {
    let line = CommandLine::verbatim(line).expect("it is a command");
    let exchange = Exchange::new(line, Expect::result()).deadline(SOON);
    modem.channel().execute(exchange).await.expect("the module takes it");
}

/// MQTT without TLS, which somebody else has.
fn plain_mqtt(client_id: &str) -> MqttOptions {
    MqttOptions::new(TestServers::BROKER_NAME, client_id, MqttSecurity::DangerPlain)
}

#[tokio::test]
async fn each_channel_is_an_instance_of_its_own() {
    let (_rig, channels) = Rig::multiplexed(|module| module).await;
    assert_eq!(channels.len(), 3);
    for (number, modem) in channels.iter() {
        assert_eq!(modem.profile().id.as_str(), "37", "channel {number}");
        modem.run(SignalQuality).await.expect("it answers");
    }
}

/// On platforms 10, 13 and 16 `AT+CMUX` has two fields and frames of 31 bytes, elsewhere more.
#[tokio::test]
async fn every_platform_is_told_as_much_as_it_takes() {
    for platform in Platform::ALL {
        let module = VirtualModule::builder(platform).build().expect("the module starts");
        let builder = Modem::builder().line_rate(115_200).multiplexed().expect("the options are good");
        let channels = builder.open(module.attach_duplex()).await.expect("it multiplexes");
        for (number, modem) in channels.iter() {
            let answer = modem.run(SignalQuality).await;
            answer.unwrap_or_else(|error| panic!("{} on channel {number}: {error}", platform.id()));
        }
    }
}

/// A module that wants what real ones want.
#[tokio::test]
async fn modules_that_are_particular_are_served() {
    for quirk in [Quirk::MultiplexerSticks, Quirk::MultiplexerWantsCommands] {
        let (_rig, channels) = Rig::multiplexed(|module| module.quirk(quirk)).await;
        channel(&channels, 2).run(SignalQuality).await.expect("it answers");
    }
}

#[tokio::test]
async fn a_transfer_in_online_mode_mqtt_and_polls_run_side_by_side() {
    let (rig, channels) = Rig::multiplexed(|module| module.baud(Some(921_600))).await;
    let content = pattern(400_000);
    rig.servers.ftps().put_file("firmware.bin", &content).expect("it is stored");
    let two = channel(&channels, 2);
    let client = MqttClient::connect(&two, plain_mqtt("side-by-side")).await.expect("it connects");
    let mut files = FtpsClient::connect(&channel(&channels, 1), rig.ftps()).await.expect("it logs in");
    let mut download = files.download("firmware.bin").mode(TransferMode::Online).await.expect("it begins");
    let mut data = Vec::new();
    let polls = channel(&channels, 3);
    let (mut polled, mut published) = (0, 0);
    while let Some(piece) = download.next().await {
        data.extend_from_slice(&piece.expect("it goes on"));
        if data.len() > (polled + 1) * 40_000 {
            // Between two pieces of the transfer, which goes on meanwhile.
            polls.run(SignalQuality).await.expect("it answers");
            polled += 1;
            let payload = format!("{polled}");
            client.publish("progress", payload, QoS::AtLeastOnce).await.expect("it is published");
            published += 1;
        }
    }
    drop(download);
    assert!(data == content, "the file is damaged");
    assert!(polled >= 8, "{polled} polls");
    let messages = timeout(SOON, rig.servers.broker().wait_for_messages(published)).await.expect("in time");
    let payloads: Vec<_> = messages.iter().map(|message| message.payload.clone()).collect();
    assert_eq!(payloads, (1..=published).map(|number| format!("{number}")).collect::<Vec<_>>());
    files.close().await.expect("it closes");
    client.disconnect().await.expect("it ends");
}

#[tokio::test]
async fn services_on_different_channels_take_turns() {
    let (rig, channels) = Rig::multiplexed(|module| module).await;
    let (one, two) = (channel(&channels, 1), channel(&channels, 2));
    let client = MqttClient::connect(&two, rig.mqtt("turns")).await.expect("it connects");
    let error = one.try_acquire_tls(Service::Ftp).await.expect_err("it is held");
    let LeaseError::Busy(busy) = &error else { panic!("{error}") };
    assert_eq!(busy.holder, Holder::Here(Service::Mqtt), "by this program, not by another port");
    assert_eq!((one.tls_holder(), two.tls_holder()), (Some(Service::Mqtt), Some(Service::Mqtt)));
    let waiting = tokio::spawn({
        let (one, options) = (one.clone(), rig.ftps().tls_wait(SOON));
        async move { FtpsClient::connect(&one, options).await }
    });
    tokio::task::yield_now().await;
    client.disconnect().await.expect("it ends");
    let files = timeout(SOON, waiting).await.expect("its turn comes").expect("it runs").expect("it logs in");
    assert_eq!(two.tls_holder(), Some(Service::Ftp));
    files.close().await.expect("it closes");
}

#[tokio::test]
async fn what_a_channel_has_left_is_cleaned_on_that_channel() {
    let (rig, channels) = Rig::multiplexed(|module| module).await;
    let (one, two) = (channel(&channels, 1), channel(&channels, 2));
    raw(&two, "AT#SSLEN=1,1").await;
    assert_eq!(one.tls_owner().await.expect("it answers"), Some(Service::Socket));
    let client = MqttClient::connect(&one, rig.mqtt("cleaned")).await.expect("it connects");
    client.disconnect().await.expect("it ends");
}

/// Which of the other channels has left it shows only there, and one of them may be gone.
#[tokio::test]
async fn a_channel_that_is_lost_does_not_keep_another_one_from_being_cleaned() {
    let rig = Rig::start().await;
    let Rig { module, modem, servers, .. } = &rig;
    let (line, mut cut) = tokio::io::duplex(4096);
    let mut plug = module.attach_duplex();
    let relay = tokio::spawn(async move { tokio::io::copy_bidirectional(&mut cut, &mut plug).await });
    let ports: Vec<BoxedStream> = vec![Box::pin(line), Box::pin(module.attach_duplex())];
    let channels = Modem::builder().apn("iot.test").open_ports(ports).await.expect("they are of one module");
    raw(modem, "AT#SSLEN=1,1").await;
    relay.abort();
    let lost = channel(&channels, 1);
    let mut health = lost.health();
    while health.now().state != ModuleState::Down {
        health.changed().await;
    }
    let error = channel(&channels, 2).acquire_tls(Service::Mqtt).await.expect_err("a foreign port has it");
    assert_eq!(error.category(), Category::Busy, "{error}");
    raw(modem, "AT#SSLEN=1,0").await;
    channel(&channels, 2).acquire_tls(Service::Mqtt).await.expect("now it is free").release();
    let _servers = servers;
}

#[tokio::test]
async fn two_mqtt_clients_on_two_channels_get_an_instance_each() {
    let (rig, channels) = Rig::multiplexed(|module| module).await;
    let one = MqttClient::connect(&channel(&channels, 1), plain_mqtt("one")).await.expect("it connects");
    let two = MqttClient::connect(&channel(&channels, 2), plain_mqtt("two")).await.expect("it connects");
    let mut heard = two.subscribe("between", QoS::AtLeastOnce).await.expect("it subscribes");
    one.publish("between", "us", QoS::AtLeastOnce).await.expect("it is published");
    let message = timeout(SOON, heard.next()).await.expect("in time").expect("it goes on");
    assert_eq!(message.payload, "us");
    let _servers = rig.servers;
}

#[tokio::test]
async fn closing_leaves_a_module_in_plain_at() {
    let (rig, channels) = Rig::multiplexed(|module| module).await;
    // The same line, before and after.
    let (host, mut line) = tokio::io::duplex(4096);
    let Rig { module, modem, .. } = rig;
    drop(modem);
    channels.close().await;
    let mut plug = module.attach_duplex();
    tokio::spawn(async move { tokio::io::copy_bidirectional(&mut line, &mut plug).await });
    let builder = Modem::builder().multiplexed().expect("the options are good").channels(2);
    let channels = builder.open(host).await.expect("it multiplexes again");
    assert_eq!(channels.len(), 2);
}

/// The module goes on multiplexing, as behind a computer that was switched off, and the next process finds it so.
#[tokio::test]
async fn a_process_that_was_killed_leaves_a_line_that_the_next_one_finds() {
    let module = VirtualModule::builder(Platform::P37).build().expect("the module starts");
    let hosts = relay(module.attach_duplex());
    let open = async || {
        let (host, line) = tokio::io::duplex(4096);
        hosts.send(line).await.expect("the relay is there");
        let builder = Modem::builder().multiplexed().expect("the options are good");
        builder.channels(1).open(host).await.expect("it multiplexes")
    };
    let killed = open().await;
    let channels = open().await;
    channel(&channels, 1).run(SignalQuality).await.expect("it answers");
    assert!(channel(&killed, 1).run(SignalQuality).await.expect_err("it is dead").is_link_lost());
}

/// A line to a module that stays plugged in while one host after the other holds its end.
fn relay(mut plug: DuplexStream) -> mpsc::Sender<DuplexStream> {
    let (sender, mut hosts) = mpsc::channel::<DuplexStream>(1);
    tokio::spawn(async move {
        let mut next = hosts.recv().await;
        while let Some(mut host) = next {
            next = tokio::select! {
                next = hosts.recv() => next,
                _ = tokio::io::copy_bidirectional(&mut host, &mut plug) => hosts.recv().await,
            };
        }
    });
    sender
}

#[tokio::test]
async fn a_second_multiplexer_within_the_first_is_refused() {
    let (_rig, channels) = Rig::multiplexed(|module| module).await;
    let line = CommandLine::verbatim("AT+CMUX=0").expect("it is a command");
    let refused = channel(&channels, 1).channel().execute(Exchange::new(line, Expect::result())).await;
    assert_eq!(refused.expect_err("it is within").category(), Category::Refused);
    channel(&channels, 1).run(SignalQuality).await.expect("and nothing is lost");
}

/// A module that loses everything but its flash.
async fn supervised() -> (Rig, ChannelSupervisor) {
    let mut started = None;
    let rig = Rig::assemble(async |module: &Arc<VirtualModule>| {
        let plug = Arc::clone(module);
        let source = move || {
            let stream: BoxedStream = Box::pin(plug.attach_duplex());
            async { Ok(stream) }
        };
        let options = SupervisorOptions::default()
            .heartbeat(Some(Duration::from_millis(200)))
            .max_attempts(10_000)
            .backoff(Backoff::new(Duration::from_millis(5), Duration::from_millis(50)));
        let builder = Modem::builder().apn("iot.test").multiplexed().expect("the options are good");
        let starting = ChannelSupervisor::start_multiplexed(builder.channels(2), source, options);
        let supervisor = started.insert(starting.await.expect("the module comes on line"));
        supervisor.channel(1).expect("it is there").clone()
    });
    (rig.await, started.expect("it was started"))
}

#[tokio::test]
async fn after_a_restart_or_a_lost_port_each_channel_comes_back_with_its_sessions() {
    let (rig, module) = supervised().await;
    let (one, two) =
        (module.channel(1).expect("it is there").clone(), module.channel(2).expect("it is there"));
    let quick = Backoff::new(Duration::from_millis(5), Duration::from_millis(100));
    let options = rig.mqtt("comes-back").reconnect(Reconnect::default().backoff(quick));
    let client = MqttClient::connect(two, options).await.expect("it connects");
    let mut events = client.events();
    let mut commands = client.subscribe("commands", QoS::AtLeastOnce).await.expect("it subscribes");
    for trouble in [VirtualModule::reboot, VirtualModule::unplug] {
        trouble(&rig.module);
        timeout(SOON, async {
            while !matches!(events.next().await.expect("the client is there"), Event::Resumed { .. }) {}
        })
        .await
        .expect("it is back in time");
        rig.servers.broker().publish("commands", "again");
        let message = timeout(SOON, commands.next()).await.expect("in time").expect("it goes on");
        assert_eq!(message.payload, "again");
        one.health().up().await.expect("the first channel is up, too");
        one.run(SignalQuality).await.expect("it answers");
    }
    module.close().await;
}

/// A module with two ports that are looked after, and whose first port is not asked anything.
async fn supervised_ports() -> (Rig, ChannelSupervisor) {
    let mut started = None;
    let rig = Rig::assemble(async |module: &Arc<VirtualModule>| {
        let source = || -> Box<dyn PortSource> {
            let plug = Arc::clone(module);
            Box::new(move || {
                let stream: BoxedStream = Box::pin(plug.attach_duplex());
                async { Ok(stream) }
            })
        };
        let options = SupervisorOptions::default()
            .heartbeat(None)
            .max_attempts(10_000)
            .backoff(Backoff::new(Duration::from_millis(5), Duration::from_millis(50)));
        let builder = Modem::builder().apn("iot.test");
        let starting = ChannelSupervisor::start_ports(builder, vec![source(), source()], options);
        let supervisor = started.insert(starting.await.expect("the module comes on line"));
        supervisor.channel(1).expect("it is there").clone()
    });
    (rig.await, started.expect("it was started"))
}

#[tokio::test]
async fn a_restart_that_shows_on_one_port_is_one_for_the_others() {
    let (rig, module) = supervised_ports().await;
    let (one, two) = (module.channel(1).expect("it is there"), module.channel(2).expect("it is there"));
    for (restarts, seen_on) in (1..).zip([two, one]) {
        let mut events = module.events();
        rig.module.reboot();
        // The echo of this command is the first sign, or of a later one: a module that starts is silent.
        while seen_on.health().now().restarts < restarts {
            drop(seen_on.run(SignalQuality).await);
        }
        let recovered = async {
            while !matches!(events.next().await, Some(SupervisorEvent::Recovered { restarted: true, .. })) {}
            while two.health().now().restarts < restarts {
                tokio::task::yield_now().await;
            }
        };
        timeout(SOON, recovered).await.expect("the first port knows at once, and then the second one");
        for modem in [one, two] {
            modem.health().up().await.expect("it is back");
            modem.run(SignalQuality).await.expect("it answers");
            assert_eq!(modem.health().now().restarts, restarts, "each restart counts once on each port");
        }
    }
}

#[tokio::test]
async fn a_port_that_is_lost_comes_back_as_the_channel_it_was() {
    let (rig, module) = supervised_ports().await;
    let (one, two) = (module.channel(1).expect("it is there"), module.channel(2).expect("it is there"));
    let client = MqttClient::connect(two, rig.mqtt("two")).await.expect("it connects");
    let mut events = client.events();
    rig.module.unplug();
    let resumed = async { while !matches!(events.next().await, Some(Event::Resumed { .. })) {} };
    timeout(SOON, resumed).await.expect("it is back in time");
    one.health().up().await.expect("the first port is back, too");
    one.run(SignalQuality).await.expect("it answers");
    client.publish("still", "there", QoS::AtLeastOnce).await.expect("it is published");
    assert_eq!((one.health().now().restarts, two.health().now().restarts), (0, 0));
}

#[tokio::test]
async fn several_ports_of_one_module_are_channels_as_well() {
    let rig = Rig::start().await;
    let ports: Vec<BoxedStream> =
        vec![Box::pin(rig.module.attach_duplex()), Box::pin(rig.module.attach_duplex())];
    let channels = Modem::builder().apn("iot.test").open_ports(ports).await.expect("they are of one module");
    let (one, two) = (channel(&channels, 1), channel(&channels, 2));
    let lease = one.acquire_tls(Service::Http).await.expect("TLS is free");
    let error = two.try_acquire_tls(Service::Mqtt).await.expect_err("it is held");
    assert_eq!(error.to_string(), "the module's TLS is held by the http service of this program");
    lease.release();
}
