//! Seeds of what a module sends on a line with several channels.

use telit_core::multiplexer::{Content, Dlci, Frame, FrameKind, Message, Signals};

use crate::golden::check;

fn dlci(number: u8) -> Dlci {
    Dlci::new(number).expect("there is such a channel")
}

fn frame(number: u8, kind: FrameKind, command_response: bool, information: &[u8]) -> Vec<u8> {
    let information = information.to_vec().into();
    Frame { dlci: dlci(number), command_response, kind, poll_final: false, information }.encode().to_vec()
}

fn data(number: u8, information: &[u8]) -> Vec<u8> {
    frame(number, FrameKind::Uih, false, information)
}

fn says(is_command: bool, content: Content) -> Vec<u8> {
    data(0, &Message { is_command, content }.encode())
}

#[test]
fn what_a_module_sends() {
    let status = |is_command| says(is_command, Content::ModemStatus(dlci(1), Signals::READY));
    let opening =
        [frame(0, FrameKind::Ua, true, b""), frame(1, FrameKind::Ua, true, b""), status(false), status(true)];
    let opened = opening.concat();
    let seeds = [
        ("opening", opened.clone()),
        ("answers", [&opened[..], &data(1, b"\r\nOK\r\n"), &data(2, &[b'x'; 200])].concat()),
        ("held", [says(true, Content::FlowOff), data(1, b"x"), says(true, Content::FlowOn)].concat()),
        ("closing", [frame(1, FrameKind::Disc, false, b""), says(false, Content::CloseDown)].concat()),
        ("refused", frame(0, FrameKind::Dm, true, b"")),
        ("restarted", [&opened[..], b"\r\nOK\r\n\r\n+CREG: 1\r\n"].concat()),
        ("damaged", [&data(1, b"OK")[..5], &data(1, &[b'y'; 130])].concat()),
    ];
    check("multiplexer", seeds.map(|(name, octets)| (name.to_owned(), octets)).into());
}
