//! Which run shows that a public future can be dropped, and at how many moments at least.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Runs, and the least number of moments after which each is dropped.
const RUNS: &[(&str, usize)] = &[
    ("open", 12),
    ("bring_up", 13),
    ("provision", 45),
    ("acquire_tls", 9),
    ("acquire_tls in turn", 1),
    ("execute", 3),
    ("TlsConnector::turn", 9),
    ("TlsConnector::try_turn", 9),
    ("registration", 3),
    ("test_form", 3),
    ("tls_owner", 9),
    ("try_acquire_tls", 9),
    ("ensure_clock", 6),
    ("Examination::run", 150),
    ("inventory", 15),
    ("remove", 11),
    ("Supervisor::start", 26),
    ("Supervisor::recover", 9),
    ("Channels by the multiplexer", 60),
    ("Channels by ports", 28),
    ("Channels::bring_up", 16),
    ("Channels::close", 4),
    ("Multiplexer::start", 15),
    ("Multiplexer::open", 7),
    ("Multiplexer::close", 4),
    ("ChannelSupervisor::start_multiplexed", 75),
    ("ChannelSupervisor::start_ports", 44),
    ("ChannelSupervisor::recover", 11),
    ("ChannelSupervisor::close", 4),
    ("ModulePool::remove", 3),
    ("ModulePool::shutdown", 3),
    ("stored_profile", 3),
    ("start in few lines", 23),
    ("start with a stored profile", 20),
    ("MqttClient::connect in few lines", 37),
    ("HealthWatch::up", 10),
    ("HealthWatch::lost", 3),
    ("FtpsClient::connect", 89),
    ("upload", 19),
    ("size", 3),
    ("list", 14),
    ("pwd", 3),
    ("cwd", 3),
    ("last_message", 3),
    ("append", 18),
    ("FtpsClient::remove", 14),
    ("rename", 20),
    ("directories", 6),
    ("download_to_file", 18),
    ("download_to_file by the module", 90),
    ("download_to_file over a socket", 120),
    ("FtpsClient::close", 4),
    ("download in command mode", 6),
    ("download online", 11),
    ("Download::next in command mode", 3),
    ("Download::next online", 2),
    ("MqttClient::connect", 68),
    ("subscribe", 3),
    ("publish", 3),
    ("Subscription::next", 3),
    ("publish_retained", 3),
    ("MqttClient::flush", 3),
    ("MqttClient::send", 3),
    ("unsubscribe", 4),
    ("unmatched", 1),
    ("Events::next", 3),
    ("capabilities", 11),
    ("EngineChoice::of", 11),
    ("pause", 3),
    ("resume", 23),
    ("while_paused", 26),
    ("disconnect", 3),
    ("Shadow::get", 14),
    ("Shadow::report", 14),
    ("Shadow::desire", 14),
    ("Shadow::update", 14),
    ("Shadow::delete", 14),
    ("Shadow::deltas", 3),
    ("Deltas::next", 3),
    ("Shadow::changes", 3),
    ("Changes::next", 3),
    ("Shadow::watch", 3),
    ("Watch::next", 12),
    ("Jobs::pending", 14),
    ("Jobs::describe_next", 14),
    ("Jobs::describe", 14),
    ("Jobs::start_next", 14),
    ("Jobs::update", 14),
    ("Jobs::announcements", 3),
    ("NextJobs::next", 3),
    ("Jobs::work", 70),
    ("Assignment::progress", 14),
    ("AwsIot::connect", 105),
    ("FleetProvisioning::enrol", 150),
    ("NewIdentity::activate", 50),
    ("head", 65),
    ("delete", 65),
    ("put", 66),
    ("send", 65),
    ("Body::text", 71),
    ("release_tls", 3),
    ("get", 65),
    ("get over a socket", 60),
    ("post over a socket", 60),
    ("Body::bytes over a socket", 60),
    ("post", 66),
    ("Body::next", 3),
    ("Body::bytes", 9),
    ("TlsConnector::connect", 87),
    ("TlsConnector::connect online", 91),
    ("write", 5),
    ("write online", 3),
    ("read", 3),
    ("read online", 2),
    ("shutdown", 5),
    ("shutdown online", 3),
    ("TlsSocket::close", 3),
    ("TlsSocket::close online", 7),
    ("suspend", 3),
    ("resume of a socket", 4),
    ("TlsSocket::status", 3),
    ("TlsSocket::counters", 3),
    ("SuspendedSocket::status", 4),
    ("SuspendedSocket::counters", 4),
    ("SuspendedSocket::close", 6),
    ("Modem::open_stream", 6),
    ("DataStream::next", 3),
    ("DataStreamWriter::write", 1),
    ("DataStreamWriter::flush", 1),
    ("DataStream::close", 3),
    ("DataStream::end", 3),
];

enum Shown {
    By(&'static [&'static str]),
    /// Why there is no run.
    Not(&'static str),
}

use Shown::{By, Not};

const WAITS_FOR_NOBODY: &str = "it hands over to the task that owns the port, and waits for nothing else";
const PLAYS_THE_MODULE: &str = "the other end of a stream, for tests with a mocked channel";
const ONLY_RECEIVES: &str = "it receives from a channel, which nothing else depends on";
const ONLY_WAITS: &str = "it waits for a word that stays said";
const PARTS: &str = "every connection of a client and of a socket consists of it";

/// Every `pub async fn` of the SDK.
const FUTURES: &[(&str, &str, Shown)] = &[
    ("core/src/channels/builder.rs", "open", By(&["Channels by the multiplexer"])),
    ("core/src/channels/builder.rs", "open_ports", By(&["Channels by ports"])),
    ("core/src/channels/builder.rs", "open_serial", By(&["Channels by the multiplexer"])),
    ("core/src/channels/builder.rs", "open_serial_ports", By(&["Channels by ports"])),
    ("core/src/channels/mod.rs", "bring_up", By(&["Channels::bring_up"])),
    ("core/src/channels/mod.rs", "close", By(&["Channels::close"])),
    ("core/src/channels/multiplexer.rs", "close", By(&["Multiplexer::close"])),
    ("core/src/channels/multiplexer.rs", "open", By(&["Multiplexer::open"])),
    ("core/src/channels/multiplexer.rs", "start", By(&["Multiplexer::start"])),
    ("core/src/diagnosis/examination.rs", "run", By(&["Examination::run"])),
    ("core/src/driver/health.rs", "changed", Not(ONLY_RECEIVES)),
    ("core/src/driver/health.rs", "lost", By(&["HealthWatch::lost"])),
    ("core/src/driver/health.rs", "up", By(&["HealthWatch::up"])),
    ("core/src/driver/stream.rs", "close", By(&["DataStream::close"])),
    ("core/src/driver/stream.rs", "end", By(&["DataStream::end"])),
    ("core/src/driver/stream.rs", "flush", By(&["DataStreamWriter::flush"])),
    ("core/src/driver/stream.rs", "next", By(&["DataStream::next"])),
    ("core/src/driver/stream.rs", "send", Not(PLAYS_THE_MODULE)),
    ("core/src/driver/stream.rs", "set_send_timeout", Not(WAITS_FOR_NOBODY)),
    ("core/src/driver/stream.rs", "write", By(&["DataStreamWriter::write"])),
    ("core/src/driver/stream.rs", "written", Not(PLAYS_THE_MODULE)),
    ("core/src/driver/unsolicited.rs", "next", Not(ONLY_RECEIVES)),
    ("core/src/fan_in.rs", "receive", Not(ONLY_RECEIVES)),
    ("core/src/fan_in.rs", "send", By(&["subscribe"])),
    ("core/src/fan_out.rs", "receive", Not(ONLY_RECEIVES)),
    (
        "core/src/modem/ahead.rs",
        "look_ahead",
        By(&["start in few lines", "MqttClient::connect in few lines"]),
    ),
    ("core/src/modem/ahead.rs", "run_and_read", By(&["MqttClient::connect in few lines"])),
    ("core/src/modem/ahead.rs", "together", By(&["start in few lines", "MqttClient::connect in few lines"])),
    ("core/src/modem/basis.rs", "ask_for_loss", By(&["execute"])),
    ("core/src/modem/basis.rs", "lost", By(&["HealthWatch::lost"])),
    ("core/src/modem/bring_up.rs", "bring_up", By(&["bring_up"])),
    ("core/src/modem/bring_up.rs", "registration", By(&["registration"])),
    ("core/src/modem/builder.rs", "open", By(&["open"])),
    ("core/src/modem/builder.rs", "open_serial", By(&["open"])),
    ("core/src/modem/clock.rs", "ensure_clock", By(&["ensure_clock"])),
    ("core/src/modem/escape.rs", "open_stream", By(&["Modem::open_stream"])),
    ("core/src/modem/mod.rs", "acquire_tls", By(&["acquire_tls", "acquire_tls in turn"])),
    ("core/src/modem/mod.rs", "run", By(&["execute"])),
    ("core/src/modem/mod.rs", "stored_profile", By(&["stored_profile"])),
    ("core/src/modem/mod.rs", "test_form", By(&["test_form"])),
    ("core/src/modem/mod.rs", "tls_owner", By(&["tls_owner"])),
    ("core/src/modem/mod.rs", "try_acquire_tls", By(&["try_acquire_tls"])),
    ("core/src/modem/service_event.rs", "next", Not(ONLY_RECEIVES)),
    ("core/src/pool/event.rs", "next", Not(ONLY_RECEIVES)),
    ("core/src/pool/mod.rs", "remove", By(&["ModulePool::remove"])),
    ("core/src/pool/mod.rs", "shutdown", By(&["ModulePool::shutdown"])),
    ("core/src/pool/module.rs", "leaving", Not(ONLY_WAITS)),
    (
        "core/src/socket/connector.rs",
        "connect",
        By(&["TlsConnector::connect", "TlsConnector::connect online"]),
    ),
    ("core/src/socket/connector.rs", "try_turn", By(&["TlsConnector::try_turn"])),
    ("core/src/socket/connector.rs", "turn", By(&["TlsConnector::turn"])),
    ("core/src/socket/suspended.rs", "close", By(&["SuspendedSocket::close"])),
    ("core/src/socket/suspended.rs", "counters", By(&["SuspendedSocket::counters"])),
    ("core/src/socket/suspended.rs", "resume", By(&["resume of a socket"])),
    ("core/src/socket/suspended.rs", "status", By(&["SuspendedSocket::status"])),
    ("core/src/socket/tls_socket.rs", "close", By(&["TlsSocket::close", "TlsSocket::close online"])),
    ("core/src/socket/tls_socket.rs", "counters", By(&["TlsSocket::counters"])),
    ("core/src/socket/tls_socket.rs", "status", By(&["TlsSocket::status"])),
    ("core/src/socket/tls_socket.rs", "suspend", By(&["suspend"])),
    ("core/src/supervisor/channels.rs", "close", By(&["ChannelSupervisor::close"])),
    ("core/src/supervisor/channels.rs", "recover", By(&["ChannelSupervisor::recover"])),
    ("core/src/supervisor/channels.rs", "start_multiplexed", By(&["ChannelSupervisor::start_multiplexed"])),
    ("core/src/supervisor/channels.rs", "start_ports", By(&["ChannelSupervisor::start_ports"])),
    ("core/src/supervisor/event.rs", "next", Not(ONLY_RECEIVES)),
    ("core/src/supervisor/mod.rs", "recover", By(&["Supervisor::recover"])),
    ("core/src/supervisor/mod.rs", "start", By(&["Supervisor::start"])),
    ("core/src/tls/setup/mod.rs", "apply", Not(PARTS)),
    ("core/src/tls/setup/mod.rs", "apply_with", Not(PARTS)),
    ("core/src/tls/setup/mod.rs", "prepare", Not(PARTS)),
    ("core/src/tls/setup/mod.rs", "reads_of_apply", By(&["MqttClient::connect in few lines"])),
    ("core/src/tls/store/inventory.rs", "inventory", By(&["inventory"])),
    ("core/src/tls/store/inventory.rs", "remove", By(&["remove"])),
    ("core/src/tls/store/provision.rs", "provision", By(&["provision"])),
    ("core/src/tls/store/provision.rs", "provision_with", By(&["provision"])),
    ("ftps/src/client.rs", "close", By(&["FtpsClient::close"])),
    ("ftps/src/client.rs", "connect", By(&["FtpsClient::connect"])),
    ("ftps/src/client.rs", "cwd", By(&["cwd"])),
    ("ftps/src/client.rs", "last_message", By(&["last_message"])),
    ("ftps/src/client.rs", "list", By(&["list"])),
    ("ftps/src/client.rs", "make_directory", By(&["directories"])),
    ("ftps/src/client.rs", "pwd", By(&["pwd"])),
    ("ftps/src/client.rs", "remove", By(&["FtpsClient::remove"])),
    ("ftps/src/client.rs", "remove_directory", By(&["directories"])),
    ("ftps/src/client.rs", "rename", By(&["rename"])),
    ("ftps/src/client.rs", "size", By(&["size"])),
    ("ftps/src/download.rs", "next", By(&["Download::next in command mode", "Download::next online"])),
    ("https/src/body.rs", "bytes", By(&["Body::bytes", "Body::bytes over a socket"])),
    ("https/src/body.rs", "json", By(&["Body::bytes"])),
    ("https/src/body.rs", "next", By(&["Body::next"])),
    ("https/src/body.rs", "text", By(&["Body::text"])),
    ("https/src/client.rs", "release_tls", By(&["release_tls"])),
    ("https/src/client.rs", "send", By(&["send"])),
    (
        "https/src/request_builder.rs",
        "send",
        By(&["delete", "get", "head", "post", "put", "get over a socket", "post over a socket"]),
    ),
    ("mqtt/src/aws/iot.rs", "connect", By(&["AwsIot::connect"])),
    ("mqtt/src/aws/jobs/mod.rs", "announcements", By(&["Jobs::announcements"])),
    ("mqtt/src/aws/jobs/mod.rs", "describe", By(&["Jobs::describe"])),
    ("mqtt/src/aws/jobs/mod.rs", "describe_next", By(&["Jobs::describe_next"])),
    ("mqtt/src/aws/jobs/mod.rs", "pending", By(&["Jobs::pending"])),
    ("mqtt/src/aws/jobs/mod.rs", "start_next", By(&["Jobs::start_next"])),
    ("mqtt/src/aws/jobs/mod.rs", "update", By(&["Jobs::update"])),
    ("mqtt/src/aws/jobs/mod.rs", "work", By(&["Jobs::work"])),
    ("mqtt/src/aws/jobs/mod.rs", "next", By(&["NextJobs::next"])),
    ("mqtt/src/aws/jobs/worker.rs", "progress", By(&["Assignment::progress"])),
    ("mqtt/src/aws/provisioning/mod.rs", "enrol", By(&["FleetProvisioning::enrol"])),
    ("mqtt/src/aws/provisioning/new_identity.rs", "activate", By(&["NewIdentity::activate"])),
    ("mqtt/src/aws/shadow/mod.rs", "changes", By(&["Shadow::changes"])),
    ("mqtt/src/aws/shadow/mod.rs", "delete", By(&["Shadow::delete"])),
    ("mqtt/src/aws/shadow/mod.rs", "deltas", By(&["Shadow::deltas"])),
    ("mqtt/src/aws/shadow/mod.rs", "desire", By(&["Shadow::desire"])),
    ("mqtt/src/aws/shadow/mod.rs", "get", By(&["Shadow::get"])),
    ("mqtt/src/aws/shadow/mod.rs", "report", By(&["Shadow::report"])),
    ("mqtt/src/aws/shadow/mod.rs", "update", By(&["Shadow::update"])),
    ("mqtt/src/aws/shadow/mod.rs", "watch", By(&["Shadow::watch"])),
    ("mqtt/src/aws/shadow/watch.rs", "next", By(&["Watch::next"])),
    ("mqtt/src/aws/shadow/streams.rs", "next", By(&["Deltas::next", "Changes::next"])),
    ("mqtt/src/backend/choose.rs", "of", By(&["EngineChoice::of"])),
    ("mqtt/src/client/events.rs", "next", By(&["Events::next"])),
    ("mqtt/src/client/mod.rs", "capabilities", By(&["capabilities"])),
    ("mqtt/src/client/mod.rs", "connect", By(&["MqttClient::connect"])),
    ("mqtt/src/client/mod.rs", "disconnect", By(&["disconnect"])),
    ("mqtt/src/client/mod.rs", "flush", By(&["MqttClient::flush"])),
    ("mqtt/src/client/mod.rs", "pause", By(&["pause"])),
    ("mqtt/src/client/mod.rs", "publish", By(&["publish"])),
    ("mqtt/src/client/mod.rs", "publish_retained", By(&["publish_retained"])),
    ("mqtt/src/client/mod.rs", "resume", By(&["resume"])),
    ("mqtt/src/client/mod.rs", "send", By(&["MqttClient::send"])),
    ("mqtt/src/client/mod.rs", "subscribe", By(&["subscribe"])),
    ("mqtt/src/client/mod.rs", "unmatched", By(&["unmatched"])),
    ("mqtt/src/client/mod.rs", "unsubscribe", By(&["unsubscribe"])),
    ("mqtt/src/client/while_paused.rs", "while_paused", By(&["while_paused"])),
    ("mqtt/src/subscription.rs", "next", By(&["Subscription::next"])),
];

/// How many moments a run has at least.
pub(super) fn least_moments(name: &str) -> usize {
    let run = RUNS.iter().find(|(run, _)| *run == name);
    run.map_or_else(|| panic!("{name} is not in the table of runs"), |(_, least)| *least)
}

#[test]
fn every_public_future_is_in_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut found = BTreeSet::new();
    for package in ["core", "mqtt", "https", "ftps"] {
        for file in sources(&root.join(package).join("src")) {
            let text = std::fs::read_to_string(&file).expect("it can be read");
            let path = file.strip_prefix(root).expect("it is inside").to_string_lossy().into_owned();
            let names = text.lines().filter_map(|line| future(line.trim_start()));
            let end = |name: &str| name.find(['(', '<']).unwrap_or(name.len());
            found.extend(names.map(|name| (path.clone(), name[..end(name)].to_owned())));
        }
    }
    let listed = FUTURES.iter().map(|(file, name, _)| ((*file).to_owned(), (*name).to_owned()));
    assert_eq!(found, listed.collect::<BTreeSet<_>>());
}

/// What follows the `fn` of a public one that gives a future.
fn future(line: &str) -> Option<&str> {
    let by_hand = || line.strip_prefix("pub fn ").filter(|rest| rest.contains(" -> impl Future<"));
    line.strip_prefix("pub async fn ").or_else(by_hand)
}

#[test]
fn every_run_of_the_table_exists() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/faults/cancellation");
    let files = sources(&here).into_iter().filter(|file| !file.ends_with("table.rs"));
    let text: String = files.map(|file| std::fs::read_to_string(file).expect("it can be read")).collect();
    for (run, least) in RUNS {
        assert!(text.contains(&format!("\"{run}\"")), "nobody runs {run}");
        assert!(*least > 0, "{run} may prove nothing");
    }
    for (file, name, shown) in FUTURES {
        match shown {
            By(runs) => runs.iter().for_each(|run| assert!(least_moments(run) > 0, "{file} {name}: {run}")),
            Not(reason) => assert!(!reason.is_empty(), "{file} {name}"),
        }
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is a folder") {
        let path = entry.expect("it can be read").path();
        match path.is_dir() {
            true => all.extend(sources(&path)),
            false if path.extension().is_some_and(|extension| extension == "rs") => all.push(path),
            false => {}
        }
    }
    all
}
