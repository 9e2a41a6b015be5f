//! From plain AT to a multiplexed line.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use super::error::ChannelsError;
use super::lent::Lent;
use super::multiplexer::Multiplexer;
use crate::commands::{MultiplexerSettings, ReadMultiplexer, SetMultiplexerMode, StartMultiplexer};
use crate::driver::{BoxedStream, Recorder};
use crate::error::CommandError;
use crate::modem::{Blueprint, Modem, ModulePart, OpenError};
use crate::multiplexer::{Content, Dlci, Frame, FrameKind, Message, SessionSettings};
use crate::tls::Ranges;

/// How long a module may think about a carriage return. It answers in 40 ms. Source: at-core reference 1.6.
const KNOCK: Duration = Duration::from_millis(600);
/// Between the `OK` of `AT+CMUX` and the first frame. With less than 400 ms an ME910G1 hangs; without a frame for five
/// seconds the module goes back to plain AT. Source: Zephyr issue 63410; GM862 guide 3.7.2.1.7.
const SETTLE: Duration = Duration::from_millis(500);
/// Begins a frame; no text has this octet.
const FLAG: u8 = 0xf9;
/// Among so many octets of an earlier session there is the flag of a frame.
const LONGEST: usize = 4096;
/// N1 of a module whose set-up says nothing about it. Source: 27.007 5.7; GM862 guide 3.7.2.1.7.
const DEFAULT_FRAME_SIZE: u16 = 31;
/// Line rates by their codes, from 1. Source: M37 p108; 27.007 5.7.
const RATES: [u32; 8] = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];

/// How a line is multiplexed.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// So many channels; `None` for as many as the platform has.
    pub(super) channels: Option<u8>,
    /// N1.
    pub(super) frame_size: u16,
    pub(super) settings: SessionSettings,
}

/// Puts the module into multiplexed mode, in whatever state an earlier owner left the line.
pub(crate) async fn enter(
    blueprint: &Blueprint,
    wish: &Wish,
    mut port: BoxedStream,
    recorder: Option<Recorder>,
) -> Result<(ModulePart, Multiplexer), ChannelsError> {
    let line_rate = blueprint.line_rate();
    leave_earlier_session(&mut port).await.map_err(OpenError::from)?;
    let (lent, returned) = Lent::new(port);
    let modem = blueprint.identify(lent, recorder).await?;
    // Dropped halfway the module would be left multiplexing: it is seen through, and what nobody takes is closed.
    let begun = tokio::spawn(begin(modem, returned, wish.clone(), line_rate).in_current_span());
    begun.await.unwrap_or(Err(ChannelsError::PortNotReturned))
}

async fn begin(
    modem: Modem,
    returned: oneshot::Receiver<BoxedStream>,
    wish: Wish,
    line_rate: Option<u32>,
) -> Result<(ModulePart, Multiplexer), ChannelsError> {
    let mut settings = wish.settings;
    let instances = modem.profile().line.instances;
    settings.channels = wish.channels.unwrap_or(instances).clamp(1, Dlci::MAX);
    settings.frame_size = start(&modem, wish.frame_size, line_rate).await?;
    let part = modem.part();
    drop(modem);
    let port = returned.await.map_err(|_| ChannelsError::PortNotReturned)?;
    sleep(SETTLE).await;
    Ok((part, Multiplexer::start(port, settings, line_rate).await?))
}

/// An earlier process may have gone without closing its multiplexer: then plain text is not answered, and the frame
/// that closes it is.
async fn leave_earlier_session(port: &mut BoxedStream) -> std::io::Result<()> {
    let heard = ask(port, b"AT\r").await?;
    if heard.is_empty() || heard.contains(&FLAG) {
        tracing::debug!("the module may be multiplexing for an earlier process");
        let close_down = Frame {
            dlci: Dlci::CONTROL,
            command_response: true,
            kind: FrameKind::Uih,
            poll_final: false,
            information: Message::command(Content::CloseDown).encode(),
        };
        ask(port, &close_down.encode()).await?;
    }
    Ok(())
}

/// What is answered, until it is clear whether it is text or frames. A port that takes nothing has said nothing.
async fn ask(port: &mut BoxedStream, question: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut heard = Vec::new();
    match timeout(KNOCK, exchange(port, question, &mut heard)).await {
        Ok(done) => done?,
        Err(_) => tracing::trace!(octets = heard.len(), "neither a line nor a frame"),
    }
    Ok(heard)
}

async fn exchange(port: &mut BoxedStream, question: &[u8], heard: &mut Vec<u8>) -> std::io::Result<()> {
    port.write_all(question).await?;
    port.flush().await?;
    // A transfer of the earlier session may go on, and the first read bring the middle of a frame.
    while !heard.contains(&FLAG)
        && !heard.ends_with(b"\r")
        && !heard.ends_with(b"\n")
        && heard.len() < LONGEST
    {
        if port.read_buf(heard).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

/// Sends the shortest `AT+CMUX` that says what has to be said. Gives N1.
async fn start(modem: &Modem, frame_size: u16, line_rate: Option<u32>) -> Result<u16, ChannelsError> {
    set_mode(modem).await?;
    let now = match modem.run(ReadMultiplexer).await {
        Ok(settings) => settings,
        Err(CommandError::Refused { .. } | CommandError::Unexpected { .. }) => MultiplexerSettings::default(),
        Err(error) => return Err(error.into()),
    };
    let ranges = modem.test_form("+CMUX").await?;
    if let Some(parameters) = parameters(modem, ranges.as_deref(), now, frame_size, line_rate) {
        match modem.run(StartMultiplexer(Some(parameters))).await {
            Ok(()) => return Ok(parameters.1),
            Err(error @ CommandError::Refused { .. }) => {
                tracing::info!(%error, "the multiplexer is started without parameters");
            }
            Err(error) => return Err(error.into()),
        }
    }
    match modem.run(StartMultiplexer(None)).await {
        Ok(()) => Ok(now.frame_size.unwrap_or(DEFAULT_FRAME_SIZE).max(1)),
        Err(CommandError::Refused { error, .. }) => {
            Err(ChannelsError::NoMultiplexer { platform: modem.profile().id, reason: error.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Where the platform has the command. Whether a firmware does only its test form tells.
async fn set_mode(modem: &Modem) -> Result<(), ChannelsError> {
    let Some(mode) = modem.profile().line.multiplexer_mode else { return Ok(()) };
    if modem.test_form("#CMUXMODE").await?.is_none() {
        return Ok(());
    }
    match modem.run(SetMultiplexerMode(mode)).await {
        Err(CommandError::Refused { error, .. }) => {
            tracing::info!(%error, "the mode of the multiplexer stays as it is");
            Ok(())
        }
        other => Ok(other?),
    }
}

/// Code of the line rate and N1, if the firmware takes both and the code is known: a wrong one might change the rate.
fn parameters(
    modem: &Modem,
    ranges: Option<&[String]>,
    now: MultiplexerSettings,
    frame_size: u16,
    line_rate: Option<u32>,
) -> Option<(u8, u16)> {
    let ranges = ranges?;
    if modem.profile().line.multiplexer_fields.is_some_and(|fields| fields < 4) {
        return None;
    }
    let field = |index: usize| ranges.get(index).and_then(|field| Ranges::parse(field));
    let (speeds, sizes) = (field(2)?, field(3)?);
    let code = RATES.iter().zip(1_u8..).find(|(rate, _)| Some(**rate) == line_rate).map(|(_, code)| code);
    let speed = code.or(now.speed).filter(|code| speeds.contains(u32::from(*code))).or(now.speed)?;
    let size = u32::from(frame_size).clamp(sizes.lowest(), sizes.highest());
    Some((speed, u16::try_from(size).ok().filter(|size| *size > 0)?))
}
