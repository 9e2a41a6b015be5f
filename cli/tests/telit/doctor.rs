//! `telit doctor`: every cause with a real server that has it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use telit_simulator::servers::{
    Authority, CertificateRequest, Front, FrontOptions, Issued, KeyKind, TlsVersion,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, command, finish, run, silent_port, telit};
use crate::simulate::Simulated;

const HOST: &str = "peer.test";

/// Platforms, and what has to be waived on them.
const PLATFORMS: [(&str, &[&str]); 4] = [
    ("37", &[]),
    ("30", &["--cipher", "compatible"]),
    ("25-linux", &["--cipher", "compatible", "--no-sni"]),
    ("10", &["--cipher", "compatible", "--no-sni", "--danger-skip-host-check"]),
];

/// A server, and files for the tool.
struct World {
    _runtime: Runtime,
    _front: Option<Front>,
    folder: TempDir,
    authority: Authority,
    address: SocketAddr,
}

impl World {
    /// A server that speaks everything, with this certificate and these further demands.
    fn start(
        request: CertificateRequest,
        configure: impl FnOnce(FrontOptions, &Authority) -> FrontOptions,
    ) -> Self {
        let authority = Authority::new().unwrap();
        let issued = authority.issue(&request).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let backend = listener.local_addr().unwrap();
        // Connections are held, and nothing is said on them.
        thread::spawn(move || listener.incoming().map_while(Result::ok).collect::<Vec<_>>());
        let runtime = Runtime::new().unwrap();
        let options = configure(FrontOptions::new(&issued).danger_accept_everything(), &authority);
        let front = runtime.block_on(Front::start(&options, backend)).unwrap();
        let address = front.addr();
        Self::of(runtime, authority, Some(front), address)
    }

    /// Whatever is at this address.
    fn at(address: SocketAddr) -> Self {
        Self::of(Runtime::new().unwrap(), Authority::new().unwrap(), None, address)
    }

    fn of(runtime: Runtime, authority: Authority, front: Option<Front>, address: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), authority.certificate_pem()).unwrap();
        Self { _runtime: runtime, _front: front, folder, authority, address }
    }

    fn usual() -> Self {
        Self::start(CertificateRequest::server(HOST), |options, _| options)
    }

    /// Has the module trust somebody else.
    fn trusting(self, other: &Authority) -> Self {
        fs::write(self.folder.path().join("ca.pem"), other.certificate_pem()).unwrap();
        self
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A client certificate of this authority, small enough for every platform.
    fn identity(&self, authority: &Authority) -> Vec<String> {
        let request = CertificateRequest::client("device").key(KeyKind::Rsa(1536));
        let issued: Issued = authority.issue(&request).unwrap();
        fs::write(self.file("device.pem"), issued.certificate_pem()).unwrap();
        fs::write(self.file("device.key"), issued.key_pem()).unwrap();
        let path = |name| self.file(name).display().to_string();
        vec!["--cert".to_owned(), path("device.pem"), "--key".to_owned(), path("device.key")]
    }

    fn doctor(&self, platform: &str, words: &[&str]) -> Ran {
        self.ask(platform, HOST, &[words, &["--json"]].concat())
    }

    fn ask(&self, platform: &str, host: &str, words: &[&str]) -> Ran {
        let mut command = command(&["doctor", &format!("{host}:7777"), "--port", &format!("sim:{platform}")]);
        command.args(["--resolve", &format!("{HOST}:7777={}", self.address)]);
        command.arg("--ca").arg(self.file("ca.pem")).args(words);
        run(&mut command)
    }

    /// On each platform it comes to this cause.
    fn finds(&self, platforms: &[&str], cause: &str, words: &[&str]) -> Vec<Value> {
        let all = PLATFORMS.iter().filter(|(platform, _)| platforms.contains(platform));
        let conclusions: Vec<Value> = all
            .map(|(platform, waived)| self.concludes(platform, cause, &[waived, words].concat()))
            .collect();
        assert_eq!(conclusions.len(), platforms.len());
        conclusions
    }

    fn concludes(&self, platform: &str, cause: &str, words: &[&str]) -> Value {
        let ran = self.doctor(platform, words);
        let ran = if cause == "none" { ran.ok() } else { ran.failed(5) };
        let diagnosis = diagnosis(&ran);
        assert_eq!(diagnosis["cause"], cause, "{platform} {words:?}: {ran:#?}");
        assert_eq!(diagnosis["ok"], cause == "none", "{ran:#?}");
        assert_eq!(diagnosis["hint"].is_null(), cause == "none", "{ran:#?}");
        assert_eq!(step(&ran, "settings")["verdict"], "ok", "{ran:#?}");
        diagnosis
    }
}

fn diagnosis(ran: &Ran) -> Value {
    let last = ran.objects().pop().unwrap();
    assert_eq!(last["step"], "diagnosis", "{ran:#?}");
    last
}

/// The one line of a step.
fn step(ran: &Ran, step: &str) -> Value {
    let mut lines: Vec<Value> = ran.objects().into_iter().filter(|line| line["step"] == step).collect();
    assert_eq!(lines.len(), 1, "{step}: {ran:#?}");
    lines.remove(0)
}

const ALL: [&str; 4] = ["37", "30", "25-linux", "10"];
const CHECKING_HOSTS: [&str; 3] = ["37", "30", "25-linux"];

#[test]
fn a_healthy_server() {
    let world = World::usual();
    world.finds(&ALL, "none", &[]);
    let ran = world.doctor("37", &[]);
    let steps: Vec<Value> = ran.objects().into_iter().map(|line| line["step"].clone()).collect();
    let expected = [
        "module",
        "sim",
        "registration",
        "context",
        "clock",
        "tls-owner",
        "credentials",
        "name",
        "tcp",
        "handshake",
        "settings",
        "diagnosis",
    ];
    assert_eq!(steps, expected, "{ran:#?}");
    for (name, verdict) in
        [("sim", "ok"), ("clock", "warning"), ("name", "ok"), ("tcp", "ok"), ("handshake", "ok")]
    {
        assert_eq!(step(&ran, name)["verdict"], verdict, "{ran:#?}");
    }
    assert_eq!(step(&ran, "clock")["text"], "it was never set; it has been set now");
    assert_eq!(step(&ran, "name")["text"], "peer.test is 127.0.0.1");
}

#[test]
fn people_read_lines() {
    let world = World::usual();
    let ran = world.ask("37", HOST, &[]).ok();
    assert!(ran.stdout.contains("\nok       tcp           peer.test:7777 takes connections\n"), "{ran:#?}");
    assert!(
        ran.stdout.ends_with("\ndiagnosis: none: the module connects to peer.test:7777 as it was asked to\n"),
        "{ran:#?}"
    );
    let world = world.trusting(&Authority::new().unwrap());
    let ran = world.ask("37", HOST, &[]).failed(5);
    assert_eq!(ran.error(), "no connection to peer.test:7777 (ca)");
    let attempt =
        "ok       attempt       without verifying the server: connects; closed at once, no data were sent";
    assert!(ran.stdout.lines().any(|line| line == attempt), "{ran:#?}");
    assert!(ran.stdout.contains("\ndiagnosis: ca: "), "{ran:#?}");
}

#[test]
fn somebody_else_has_signed_it() {
    let world = World::usual().trusting(&Authority::new().unwrap());
    for diagnosis in world.finds(&ALL, "ca", &[]) {
        assert!(diagnosis["hint"].as_str().unwrap().contains("--ca"), "{diagnosis}");
    }
}

#[test]
fn a_certificate_for_another_host() {
    let request = CertificateRequest::server("other.test").dns_name("third.test");
    let world = World::start(request, |options, _| options);
    for diagnosis in world.finds(&CHECKING_HOSTS, "host-name", &[]) {
        assert_eq!(
            diagnosis["text"],
            "the server's certificate is for other.test, third.test, not for peer.test"
        );
    }
    // It is waived there, or the platform would refuse.
    world.finds(&["10"], "none", &[]);
}

#[test]
fn an_expired_certificate() {
    let world = World::start(CertificateRequest::server(HOST).expired(), |options, _| options);
    for diagnosis in world.finds(&ALL, "server-certificate", &[]) {
        assert!(diagnosis["text"].as_str().unwrap().contains("has expired on "), "{diagnosis}");
    }
}

#[test]
fn a_certificate_of_tomorrow() {
    let world = World::start(CertificateRequest::server(HOST).not_yet_valid(), |options, _| options);
    for diagnosis in world.finds(&["37", "10"], "server-certificate", &[]) {
        assert!(diagnosis["text"].as_str().unwrap().contains("is valid only from "), "{diagnosis}");
    }
}

#[test]
fn a_server_with_tls_1_3_alone() {
    let only = |options: FrontOptions, _: &Authority| options.versions(TlsVersion::Tls13, TlsVersion::Tls13);
    let world = World::start(CertificateRequest::server(HOST), only);
    world.finds(&["37"], "none", &[]);
    for diagnosis in world.finds(&["30", "25-linux", "10"], "tls-version", &[]) {
        assert!(
            diagnosis["text"].as_str().unwrap().starts_with("the server refuses TLS 1.2, "),
            "{diagnosis}"
        );
    }
}

/// The module has it: what the greeting of TLS 1.2 is refused for is not what the handshake fails at.
#[test]
fn trust_in_a_server_with_tls_1_3_alone() {
    let only = |options: FrontOptions, _: &Authority| options.versions(TlsVersion::Tls13, TlsVersion::Tls13);
    let world = World::start(CertificateRequest::server(HOST), only).trusting(&Authority::new().unwrap());
    for diagnosis in world.finds(&["37"], "ca", &[]) {
        assert!(diagnosis["hint"].as_str().unwrap().contains("expired"), "{diagnosis}");
    }
    World::start(CertificateRequest::server("other.test"), only).finds(&["37"], "host-name", &[]);
}

#[test]
fn a_server_without_the_least_version() {
    let only = |options: FrontOptions, _: &Authority| options.versions(TlsVersion::Tls12, TlsVersion::Tls12);
    let world = World::start(CertificateRequest::server(HOST), only);
    let diagnosis = world.concludes("37", "tls-version", &["--min-tls", "1.3"]);
    assert!(diagnosis["hint"].as_str().unwrap().contains("--min-tls 1.2"), "{diagnosis}");
    world.finds(&["37"], "none", &[]);
    // Without TLS 1.3 the platform refuses before anything is sent.
    let ran = world.doctor("30", &["--cipher", "compatible", "--min-tls", "1.3"]).failed(2);
    assert_eq!(diagnosis_cause(&ran), "tls-version");
}

#[test]
fn an_old_server() {
    let only = |options: FrontOptions, _: &Authority| options.versions(TlsVersion::Tls10, TlsVersion::Tls11);
    let world = World::start(CertificateRequest::server(HOST), only);
    for diagnosis in world.finds(&["37"], "tls-version", &[]) {
        assert!(diagnosis["text"].as_str().unwrap().contains("TLS 1.1"), "{diagnosis}");
    }
}

#[test]
fn a_server_that_wants_a_certificate() {
    let wanting =
        |options: FrontOptions, authority: &Authority| options.require_client_certificate(authority);
    let world = World::start(CertificateRequest::server(HOST), wanting);
    world.finds(&ALL, "client-certificate", &[]);
    let stranger = Authority::new().unwrap();
    let wrong = world.identity(&stranger);
    world.finds(&ALL, "client-certificate", &wrong.iter().map(String::as_str).collect::<Vec<_>>());
    let right = world.identity(&world.authority);
    world.finds(&ALL, "none", &right.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Up to TLS 1.2 the handshake itself fails.
#[test]
fn a_server_that_wants_a_certificate_in_the_handshake() {
    let wanting = |options: FrontOptions, authority: &Authority| {
        options.require_client_certificate(authority).versions(TlsVersion::Tls12, TlsVersion::Tls12)
    };
    let world = World::start(CertificateRequest::server(HOST), wanting);
    for diagnosis in world.finds(&["37", "30"], "client-certificate", &[]) {
        assert!(diagnosis["text"].as_str().unwrap().ends_with(", and none was given"), "{diagnosis}");
    }
    let wrong = world.identity(&Authority::new().unwrap());
    for diagnosis in world.finds(
        &["37", "30"],
        "client-certificate",
        &wrong.iter().map(String::as_str).collect::<Vec<_>>(),
    ) {
        assert!(
            diagnosis["text"].as_str().unwrap().contains(", and seems to refuse the one of "),
            "{diagnosis}"
        );
    }
}

#[test]
fn a_suite_that_the_module_lacks() {
    let only = |options: FrontOptions, _: &Authority| {
        options.versions(TlsVersion::Tls12, TlsVersion::Tls12).cipher_list("ECDHE-RSA-AES128-GCM-SHA256")
    };
    let world = World::start(CertificateRequest::server(HOST), only);
    world.finds(&["37"], "none", &[]);
    for diagnosis in world.finds(&["30", "25-linux", "10"], "cipher-suite", &[]) {
        let text = diagnosis["text"].as_str().unwrap();
        assert!(text.contains("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "{diagnosis}");
    }
    let weak = ["--cipher", "TLS_RSA_WITH_AES_128_CBC_SHA"];
    let diagnosis = world.concludes("37", "cipher-suite", &weak);
    let hint = diagnosis["hint"].as_str().unwrap();
    assert!(hint.contains("--cipher TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), "{diagnosis}");
}

#[test]
fn a_server_that_wants_its_name() {
    let wanting = |options: FrontOptions, _: &Authority| options.require_server_name(HOST);
    let world = World::start(CertificateRequest::server(HOST), wanting);
    let diagnosis = world.concludes("37", "sni", &["--no-sni"]);
    assert!(diagnosis["hint"].as_str().unwrap().contains("--no-sni"), "{diagnosis}");
    world.finds(&["37"], "none", &[]);
}

#[test]
fn what_is_no_tls_server() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            stream.write_all(b"220 files.test ready\r\n").unwrap_or_default();
        }
    });
    World::at(address).finds(&["37", "30"], "not-tls", &[]);
}

#[test]
fn nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let world = World::at(listener.local_addr().unwrap());
    drop(listener);
    for (platform, waived) in PLATFORMS {
        let ran = world.doctor(platform, waived).failed(5);
        assert_eq!(diagnosis_cause(&ran), "unreachable", "{ran:#?}");
        assert_eq!(step(&ran, "tcp")["text"], "peer.test:7777 takes no connections");
        assert_eq!(step(&ran, "handshake")["verdict"], "skipped");
    }
}

#[test]
fn a_name_without_an_address() {
    let world = World::at("127.0.0.1:1".parse().unwrap());
    for (platform, waived) in PLATFORMS {
        let ran = world.ask(platform, "nobody.invalid", &[waived, &["--json"]].concat()).failed(5);
        assert_eq!(diagnosis_cause(&ran), "name-resolution", "{ran:#?}");
        let verdict = if platform == "37" { "failed" } else { "skipped" };
        assert_eq!(step(&ran, "name")["verdict"], verdict);
    }
}

#[test]
fn a_platform_that_cannot_says_which_option_does_without() {
    let world = World::usual();
    let ran = world.doctor("10", &[]).failed(2);
    let diagnosis = diagnosis(&ran);
    assert_eq!(diagnosis["cause"], "host-name", "{ran:#?}");
    for option in ["--danger-skip-host-check", "--no-sni", "--cipher compatible"] {
        assert!(diagnosis["hint"].as_str().unwrap().contains(option), "{ran:#?}");
    }
}

#[test]
fn an_expired_ca_certificate() {
    let world = World::usual();
    let expired = world.authority.issue(&CertificateRequest::server("ca.test").expired()).unwrap();
    fs::write(world.file("ca.pem"), expired.certificate_pem()).unwrap();
    let ran = world.doctor("37", &[]).failed(2);
    assert_eq!(diagnosis_cause(&ran), "ca", "{ran:#?}");
    assert!(step(&ran, "credentials")["text"].as_str().unwrap().contains("expired on"), "{ran:#?}");
}

#[test]
fn a_silent_port() {
    let (_master, path) = silent_port();
    let ran = telit(&["doctor", "peer.test:1", "--danger-no-verify", "--json", "--port", &path]).failed(3);
    assert_eq!(diagnosis_cause(&ran), "no-module");
    assert_eq!(step(&ran, "module")["verdict"], "failed");
}

#[test]
fn tls_of_another_port() {
    let world = World::usual();
    let module = Simulated::start(&["--resolve", &format!("{HOST}:7777={}", world.address)]);
    telit(&["at", "AT#SSLEN=1,1", "--port", module.port()]).ok();
    let ca = world.file("ca.pem").display().to_string();
    let words = ["doctor", "peer.test:7777", "--ca", &ca, "--json", "--port"];
    let ran = telit(&[&words[..], &[module.second_port()]].concat()).failed(7);
    assert_eq!(diagnosis_cause(&ran), "busy", "{ran:#?}");
    assert_eq!(step(&ran, "tcp")["ok"], true, "{ran:#?}");
    // On the port itself it is a remainder of a program that is gone.
    let ran = telit(&[&words[..], &[module.port()]].concat()).ok();
    assert_eq!(step(&ran, "tls-owner")["verdict"], "warning", "{ran:#?}");
}

/// What the module holds for TLS, as it prints it.
fn settings(port: &str) -> Vec<String> {
    let asked =
        ["AT#SSLEN=1,1", "AT#SSLSECCFG?", "AT#SSLCFG?", "AT#SSLSECCFG2?", "AT#SSLSECCS=1", "AT#SSLEN=1,0"];
    asked.iter().map(|line| telit(&["at", line, "--port", port]).ok().stdout).collect()
}

#[test]
fn an_interruption_in_the_middle_puts_the_settings_back() {
    let world = World::usual().trusting(&Authority::new().unwrap());
    let module = Simulated::start(&["--resolve", &format!("{HOST}:7777={}", world.address)]);
    let before = settings(module.port());
    let mut command = command(&["doctor", "peer.test:7777", "--port", module.port()]);
    command.arg("--ca").arg(world.file("ca.pem")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut doctor = command.spawn().unwrap();
    let mut lines = BufReader::new(doctor.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("without verifying the server: connects")));
    kill_process(Pid::from_child(&doctor), Signal::INT).unwrap();
    // Nobody reads its last lines otherwise.
    let rest = thread::spawn(move || lines.count());
    let ran = finish(doctor).failed(1);
    rest.join().unwrap();
    assert_eq!(ran.error(), "interrupted");
    assert_eq!(settings(module.port()), before);
}

/// A handshake that is under way holds the port until the module answers: longer than others wait.
#[test]
fn an_interruption_in_a_handshake_waits_for_its_end_or_for_the_next_interruption() {
    let world = World::usual().trusting(&Authority::new().unwrap());
    for patient in [true, false] {
        let resolve = format!("{HOST}:7777={}", world.address);
        let late = "delay:ms=8000,command=#SSLD,nth=2";
        let module = Simulated::start(&["--resolve", &resolve, "--fault", late]);
        let before = settings(module.port());
        let transcript = world.file(if patient { "patient" } else { "hasty" });
        let mut command = command(&["doctor", "peer.test:7777", "--port", module.port()]);
        command.arg("--ca").arg(world.file("ca.pem")).arg("--transcript").arg(&transcript);
        let doctor = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let id = Pid::from_child(&doctor);
        wait_until(|| fs::read_to_string(&transcript).unwrap_or_default().matches("AT#SSLD=").count() == 2);
        kill_process(id, Signal::INT).unwrap();
        if patient {
            let ran = finish(doctor).failed(1);
            assert!(!ran.stderr.contains("not put back"), "{ran:#?}");
            assert_eq!(settings(module.port()), before);
        } else {
            // The first one has been taken when it says so.
            let mut doctor = doctor;
            let mut lines = BufReader::new(doctor.stderr.take().unwrap()).lines().map_while(Result::ok);
            assert!(lines.any(|line| line.starts_with("waiting for the handshake under way")));
            kill_process(id, Signal::INT).unwrap();
            let rest: Vec<String> = lines.collect();
            assert!(rest.iter().any(|line| line.contains("were not put back")), "{rest:#?}");
            assert_eq!(doctor.wait().unwrap().code(), Some(1));
        }
    }
}

fn wait_until(mut reached: impl FnMut() -> bool) {
    while !reached() {
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn mistakes_are_told_before_the_port_is_opened() {
    for words in [
        &["doctor", "peer.test", "--danger-no-verify", "--port", "sim:37"][..],
        &["doctor", "peer.test:1", "--port", "sim:37"],
        &["doctor", "pe\"er.test:1", "--danger-no-verify", "--port", "sim:37"],
    ] {
        let ran = telit(words).failed(2);
        assert!(!ran.stdout.contains("diagnosis"), "{ran:#?}");
    }
}

fn diagnosis_cause(ran: &Ran) -> String {
    diagnosis(ran)["cause"].as_str().unwrap().to_owned()
}
