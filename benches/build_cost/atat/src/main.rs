//! Asks a module for its serial number over a serial port, with `atat`.

use atat::asynch::{AtatClient, Client};
use atat::atat_derive::{AtatCmd, AtatResp, AtatUrc};
use atat::{AtatIngress, Config, DefaultDigester, Ingress, ResponseSlot, UrcChannel};
use critical_section as _;
use embedded_io_adapters::tokio_1::FromTokio;
use heapless::String;
use static_cell::StaticCell;
use tokio_serial::SerialPortBuilderExt;

#[derive(Clone, AtatResp)]
struct SerialNumber {
    #[at_arg(position = 0)]
    digits: String<32>,
}

#[derive(Clone, AtatCmd)]
#[at_cmd("+CGSN", SerialNumber, timeout_ms = 1000)]
struct GetSerialNumber;

#[derive(Clone, AtatResp)]
struct Registration {
    #[at_arg(position = 0)]
    #[expect(dead_code)]
    status: u8,
}

#[derive(Clone, AtatUrc)]
enum Unsolicited {
    #[at_urc("+CREG")]
    #[expect(dead_code)]
    Registration(Registration),
}

const INPUT: usize = 4096;
static RESPONSE: ResponseSlot<INPUT> = ResponseSlot::new();
static UNSOLICITED: UrcChannel<Unsolicited, 16, 2> = UrcChannel::new();
static INGRESS_BUFFER: StaticCell<[u8; INPUT]> = StaticCell::new();
static COMMAND_BUFFER: StaticCell<[u8; 1024]> = StaticCell::new();

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = tokio_serial::new("/dev/ttyUSB2", 115_200).open_native_async()?;
    let (reader, writer) = tokio::io::split(port);
    let digester = DefaultDigester::<Unsolicited>::default();
    let mut ingress = Ingress::new(digester, INGRESS_BUFFER.init([0; INPUT]), &RESPONSE, &UNSOLICITED);
    let buffer = COMMAND_BUFFER.init([0; 1024]);
    let mut client = Client::new(FromTokio::new(writer), &RESPONSE, buffer, Config::default());
    let mut reader = FromTokio::new(reader);
    tokio::select! {
        _ = ingress.read_from(&mut reader) => Err("the port is gone".into()),
        answer = client.send(&GetSerialNumber) => {
            println!("{}", answer.map_err(|error| format!("{error:?}"))?.digits);
            Ok(())
        }
    }
}
