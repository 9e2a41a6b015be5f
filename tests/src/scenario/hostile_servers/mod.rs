//! Servers that stall, break off, lie about lengths and answer nonsense: a typed error in bounded time, and the next request
//! is answered right.

mod end;
mod server;

use std::time::Duration;

use telit_core::Modem;
use telit_core::tls::{CaCertificate, TlsOptions};
use telit_https::{Engine, HttpsClient, HttpsOptions};
use telit_simulator::{Platform, VirtualModule};
use tokio::time::timeout;

use self::end::End;
use self::server::{Deed, FINE, HOST, Server};
use crate::rig::in_haste;

/// How long the module and the client wait for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// No request may take longer, whatever the server does.
const BOUND: Duration = Duration::from_secs(60);
/// Bodies are read up to here.
const LIMIT: usize = 100_000;

/// A request to a server that does a deed, how that must end, and a proper request afterwards.
async fn meets(engine: Engine, deed: Deed, expected: End) {
    let server = Server::start(deed).await;
    let module = VirtualModule::builder(Platform::P37).resolve(HOST, 443, server.address);
    let module = module.build().expect("the module starts");
    let modem = Modem::builder().apn("iot.test").settings(in_haste()).open(module.attach_duplex());
    let modem = modem.await.expect("the module answers");
    modem.bring_up().await.expect("the module comes on line");
    let client = client(&modem, &server, engine);
    let end = timeout(BOUND, End::of(client.get(url("/deed")).await, LIMIT)).await;
    assert_eq!(end.expect("it ends in time"), expected, "{deed:?}");
    let fine = timeout(BOUND, End::of(client.get(url(FINE)).await, LIMIT)).await;
    assert_eq!(fine.expect("it ends in time"), End::whole("fine"), "afterwards: {deed:?}");
    assert_eq!(modem.tls_holder(), None, "{deed:?}");
}

fn client(modem: &Modem, server: &Server, engine: Engine) -> HttpsClient {
    let ca = CaCertificate::from_pem(server.authority.certificate_pem().as_bytes()).expect("a CA");
    let tls = TlsOptions::builder().ca(ca).build().expect("it fits");
    HttpsClient::new(modem, tls).with_options(HttpsOptions::new().engine(engine).timeout(PATIENCE))
}

fn url(path: &str) -> url::Url {
    format!("https://{HOST}{path}").parse().expect("it is a URL")
}

/// Every deed, and how a request ends with it through the module and from this computer.
macro_rules! deeds {
    ($($name:ident: $deed:expr, module $module:expr, socket $socket:expr;)+) => {
        deeds!(module Module: $($name: $deed, $module;)+);
        deeds!(socket Socket: $($name: $deed, $socket;)+);
    };
    ($part:ident $engine:ident: $($name:ident: $deed:expr, $end:expr;)+) => {
        mod $part {
            use telit_https::Engine;

            use super::{Deed::*, End, End::*, meets};

            $(
                #[tokio::test]
                async fn $name() {
                    meets(Engine::$engine, $deed, $end).await;
                }
            )+
        }
    };
}

deeds! {
    it_says_nothing: Silence, module TimedOut, socket TimedOut;
    it_stalls_in_the_head: SaysAndWaits("HTTP/1.1 200 OK\r\nContent-"), module TimedOut, socket TimedOut;
    it_stalls_in_a_body_with_a_length:
        SaysAndWaits("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), module Truncated(5, 100), socket Stalled(5);
    it_closes_without_an_answer: SaysAndCloses(""), module NoAnswer, socket NoAnswer;
    it_closes_in_the_head: SaysAndCloses("HTTP/1.1 200 OK\r\nContent-"), module NoAnswer, socket NoAnswer;
    it_resets_without_an_answer: SaysAndResets(""), module NoAnswer, socket NoAnswer;
    it_resets_in_the_head: SaysAndResets("HTTP/1.1 200"), module NoAnswer, socket NoAnswer;
    it_resets_in_a_body_with_a_length:
        SaysAndResets("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), module Truncated(5, 100), socket Truncated(5, 100);
    it_breaks_tls_in_a_body_with_a_length:
        SaysAndBreaksTls("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), module Truncated(5, 100), socket Truncated(5, 100);
    it_announces_more_than_it_sends:
        SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"), module Truncated(5, 100), socket Truncated(5, 100);
    it_announces_a_little_more_than_it_sends:
        SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
        module Truncated(0, 10), socket Truncated(5, 10);
    it_announces_less_than_it_sends:
        SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello\r\nOK\r\nHTTP/1.1 404 No\r\n\r\n"),
        module End::whole("hello"), socket End::whole("hello");
    it_announces_more_than_there_is:
        SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nhello"),
        module TooLarge, socket TooLarge;
    it_announces_two_lengths:
        SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), module NoAnswer, socket Malformed;
    it_announces_no_number:
        SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"), module NoAnswer, socket Malformed;
    it_speaks_another_protocol: SaysAndCloses("SSH-2.0-OpenSSH_9.2\r\n"), module NoAnswer, socket Malformed;
    it_has_no_status: SaysAndCloses("HTTP/1.1 OK\r\nContent-Length: 5\r\n\r\nhello"), module NoAnswer, socket Malformed;
    it_says_noise: Noise, module NoAnswer, socket Malformed;
    it_sends_a_megabyte_of_headers:
        SaysOften("HTTP/1.1 200 OK\r\n", "X-Filler: 0123456789abcdef0123456789abcdef\r\n", 25_000, "\r\nhello"),
        module NoAnswer, socket HeadTooLarge;
    it_sends_one_header_of_a_megabyte:
        SaysOften("HTTP/1.1 200 OK\r\nX-Filler: ", "0123456789abcdef", 65_536, "\r\n\r\nhello"), module NoAnswer, socket HeadTooLarge;
    it_sends_a_line_without_end: SaysWithoutEnd("HTTP/1.1 200 OK\r\nX-Filler: ", "0123456789"), module NoAnswer, socket HeadTooLarge;
    it_sends_headers_without_end: SaysWithoutEnd("HTTP/1.1 200 OK\r\n", "X-Filler: 1\r\n"), module NoAnswer, socket HeadTooLarge;
    it_sends_chunks_without_end:
        SaysWithoutEnd("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n"),
        module TooLarge, socket TooLarge;
    it_sends_a_body_without_end: SaysWithoutEnd("HTTP/1.1 200 OK\r\n\r\n", "hello"), module TooLarge, socket TooLarge;
    it_sends_interim_answers_without_end:
        SaysWithoutEnd("", "HTTP/1.1 100 Continue\r\n\r\n"), module TimedOut, socket TimedOut;
    it_sends_interim_answers_and_closes:
        SaysOften("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 50, ""), module NoAnswer, socket NoAnswer;
    it_names_a_type_of_three_kilobytes:
        SaysOften("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: a/", "0123456789", 300, "\r\n\r\nhello"),
        module End::whole("hello"), socket End::whole("hello");
    it_names_a_type_that_reads_like_an_answer:
        SaysAndCloses("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: \",5 OK #HTTPRING: 0,404,\"\",9\r\n\r\nhello"),
        module End::whole("hello"), socket End::whole("hello");
    it_resets_in_a_body_without_a_length: SaysAndResets("HTTP/1.1 200 OK\r\n\r\nhello"),
        module End::whole("hello"), socket BrokenOff(5);
    it_ends_without_a_word_of_tls_in_a_body_without_a_length: SaysAndEnds("HTTP/1.1 200 OK\r\n\r\nhello"),
        module End::whole("hello"), socket BrokenOff(5);
    it_closes_between_two_chunks:
        SaysAndCloses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        module End::whole("hello"), socket BrokenOff(5);
    it_breaks_a_chunk:
        SaysAndCloses("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n"),
        module End::whole("hello"), socket BodyMalformed(5);
    it_sends_a_body_with_a_status_that_has_none:
        SaysAndCloses("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"),
        module Other("status 204 No Content, 0 bytes".to_owned()), socket Other("status 204 No Content, 0 bytes".to_owned());
}
