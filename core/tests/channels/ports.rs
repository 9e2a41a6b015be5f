//! Several ports of one module.

use telit_core::Category;
use telit_core::Modem;
use telit_core::channels::ChannelsError;
use telit_core::driver::BoxedStream;

use crate::module::Module;

const OK: &str = "\r\nOK\r\n";

async fn identify(module: &mut Module) {
    let script = [
        ("AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n"),
        ("ATE0V1Q0", OK),
        ("AT+CMEE=2", OK),
        ("AT+CGMM", "\r\nME310G1-WW\r\n\r\nOK\r\n"),
        ("AT+CGMR", "\r\nM0C.200006\r\n\r\nOK\r\n"),
        ("AT#SWPKGV", "\r\n37.00.217-P0C.210001\r\n\r\nOK\r\n"),
        ("AT+CGSN", "\r\n350000000000001\r\n\r\nOK\r\n"),
    ];
    module.converse(&script).await;
}

async fn second(serial_number: &str) -> Result<usize, ChannelsError> {
    let (first, mut one) = Module::new();
    let (second, mut two) = Module::new();
    let ports: Vec<BoxedStream> = vec![Box::pin(first), Box::pin(second)];
    let opening = tokio::spawn(Modem::builder().open_ports(ports));
    identify(&mut one).await;
    let answer = format!("\r\n{serial_number}\r\n\r\nOK\r\n");
    let script = [
        ("AT+CMEE?", "\r\n+CMEE: 0\r\n\r\nOK\r\n"),
        ("ATE0V1Q0", OK),
        ("AT+CMEE=2", OK),
        ("AT+CGSN", answer.as_str()),
    ];
    two.converse(&script).await;
    let channels = opening.await.unwrap()?;
    assert_eq!(channels.channel(1).unwrap().module_id(), channels.channel(2).unwrap().module_id());
    Ok(channels.len())
}

#[tokio::test(start_paused = true)]
async fn ports_of_one_module_are_its_channels() {
    assert_eq!(second("350000000000001").await, Ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_port_of_another_module_is_the_callers_mistake() {
    let error = second("350000000000002").await.unwrap_err();
    let expected = ChannelsError::OtherModule {
        port: 2,
        serial_number: "350000000000002".into(),
        expected: "350000000000001".into(),
    };
    assert_eq!((error.category(), &error), (Category::Usage, &expected));
    assert_eq!(Modem::builder().open_ports(Vec::new()).await.unwrap_err(), ChannelsError::NoPorts);
}
