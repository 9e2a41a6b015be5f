//! The futures of TLS sockets, in command mode and online.

use telit_core::Modem;
use telit_core::at::{Command as _, StreamEnding};
use telit_core::commands::ResumeSocket;
use telit_core::driver::DataStream;
use telit_core::socket::{SocketState, SuspendedSocket, TlsSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::bench::Bench;
use super::super::outcome::{Broken, same_reading};
use super::super::payload;
use super::super::set_up::on_line;
use super::super::socket::{Command, Echo, Mode, Online};
use super::{InStep, at_every_await, failed, in_step, interrupted, tls_comes_back};

#[test]
fn connecting() {
    connect::<Command>("TlsConnector::connect");
    connect::<Online>("TlsConnector::connect online");
}

fn connect<M: Mode>(name: &str) {
    at_every_await(name, async |echo: &Echo<M>, bench, moments| {
        let modem = on_line(bench).await?;
        let completed = interrupted(bench, moments, Echo::<M>::connect(&modem)).await.is_some();
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn writing() {
    write::<Command>("write");
    write::<Online>("write online");
}

/// A write that was dropped has taken all bytes or none; a flush can be dropped and repeated.
fn write<M: Mode>(name: &str) {
    at_every_await(name, async |echo: &Echo<M>, bench, moments| {
        let (modem, mut socket) = connected::<M>(bench).await?;
        let payload = payload::hostile();
        let mut written = 0;
        let completed = interrupted(bench, moments, async {
            written = socket.write(&payload).await?;
            socket.flush().await
        })
        .await
        .is_some();
        socket.write_all(&payload[written..]).await.map_err(failed("write"))?;
        socket.flush().await.map_err(failed("flush"))?;
        comes_back(&mut socket).await?;
        socket.close().await.map_err(failed("close"))?;
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn reading() {
    read::<Command>("read");
    read::<Online>("read online");
}

/// No byte is lost with a read that was dropped.
fn read<M: Mode>(name: &str) {
    at_every_await(name, async |echo: &Echo<M>, bench, moments| {
        let (modem, mut socket) = connected::<M>(bench).await?;
        let payload = payload::hostile();
        socket.write_all(&payload).await.map_err(failed("write"))?;
        socket.flush().await.map_err(failed("flush"))?;
        let mut all = Vec::new();
        let completed = interrupted(bench, moments, socket.read_buf(&mut all)).await.is_some();
        let mut rest = vec![0; payload.len() - all.len()];
        socket.read_exact(&mut rest).await.map_err(failed("read"))?;
        all.extend_from_slice(&rest);
        same_reading("what came back", &payload[..], &all, None)?;
        socket.close().await.map_err(failed("close"))?;
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn shutting_down() {
    shut_down::<Command>("shutdown");
    shut_down::<Online>("shutdown online");
}

fn shut_down<M: Mode>(name: &str) {
    at_every_await(name, async |echo: &Echo<M>, bench, moments| {
        let (modem, mut socket) = connected::<M>(bench).await?;
        let payload = payload::hostile();
        socket.write_all(&payload).await.map_err(failed("write"))?;
        let completed = interrupted(bench, moments, socket.shutdown()).await.is_some();
        // Reading goes on.
        comes_back(&mut socket).await?;
        drop(socket);
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn closing() {
    close::<Command>("TlsSocket::close");
    close::<Online>("TlsSocket::close online");
}

fn close<M: Mode>(name: &str) {
    at_every_await(name, async |echo: &Echo<M>, bench, moments| {
        let (modem, socket) = connected::<M>(bench).await?;
        let completed = interrupted(bench, moments, socket.close()).await.is_some();
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn suspending_and_resuming() {
    at_every_await("suspend", async |echo: &Echo<Online>, bench, moments| {
        let (modem, socket) = connected::<Online>(bench).await?;
        let completed = interrupted(bench, moments, socket.suspend()).await.is_some();
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
    at_every_await("resume of a socket", async |echo: &Echo<Online>, bench, moments| {
        let (modem, socket) = connected::<Online>(bench).await?;
        let suspended = socket.suspend().await.map_err(failed("suspend"))?;
        let completed = interrupted(bench, moments, suspended.resume()).await.is_some();
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn looking() {
    at_every_await("TlsSocket::status", async |echo: &Echo<Command>, bench, moments| {
        let (modem, socket) = connected::<Command>(bench).await?;
        let completed = interrupted(bench, moments, socket.status()).await.is_some();
        let status = socket.status().await.map_err(failed("status"))?;
        same_reading("the state", &SocketState::Open, &status.state, None)?;
        socket.close().await.map_err(failed("close"))?;
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
    at_every_await("TlsSocket::counters", async |echo: &Echo<Command>, bench, moments| {
        let (modem, socket) = connected::<Command>(bench).await?;
        let completed = interrupted(bench, moments, socket.counters()).await.is_some();
        let counted = socket.counters().await.map_err(failed("counters"))?;
        same_reading("bytes that were sent", &Some(0), &counted.map(|counted| counted.sent), None)?;
        socket.close().await.map_err(failed("close"))?;
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

#[test]
fn looking_at_a_suspended_socket() {
    at_every_await("SuspendedSocket::status", async |echo: &Echo<Online>, bench, moments| {
        let (modem, suspended) = suspended(bench).await?;
        let completed = interrupted(bench, moments, suspended.status()).await.is_some();
        let status = suspended.status().await.map_err(failed("status"))?;
        same_reading("the state", &SocketState::Open, &status.state, None)?;
        drop(suspended);
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
    at_every_await("SuspendedSocket::counters", async |echo: &Echo<Online>, bench, moments| {
        let (modem, suspended) = suspended(bench).await?;
        let completed = interrupted(bench, moments, suspended.counters()).await.is_some();
        let counted = suspended.counters().await.map_err(failed("counters"))?;
        same_reading("bytes that were sent", &Some(0), &counted.map(|counted| counted.sent), None)?;
        drop(suspended);
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
    at_every_await("SuspendedSocket::close", async |echo: &Echo<Online>, bench, moments| {
        let (modem, suspended) = suspended(bench).await?;
        let completed = interrupted(bench, moments, suspended.close()).await.is_some();
        let step = goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

async fn suspended(bench: &Bench) -> Result<(Modem, SuspendedSocket), Broken> {
    let (modem, socket) = connected::<Online>(bench).await?;
    Ok((modem, socket.suspend().await.map_err(failed("suspend"))?))
}

/// The raw stream of a connection that was made in command mode.
async fn raw(modem: &Modem) -> Result<DataStream, Broken> {
    let exchange = ResumeSocket { socket: 1, end: StreamEnding::ProvenMarkAndSilence }.exchange();
    modem.open_stream(exchange.map_err(failed("the command"))?).await.map_err(failed("online mode"))
}

/// An operation of a raw stream; what it did is undone by dropping the stream.
fn streaming(name: &str, operation: impl AsyncFn(&mut DataStream) -> Result<(), Broken>) {
    at_every_await(name, async |echo: &Echo<Command>, bench, moments| {
        let (modem, socket) = connected::<Command>(bench).await?;
        let mut stream = raw(&modem).await?;
        let done = interrupted(bench, moments, operation(&mut stream)).await.transpose()?;
        drop(stream);
        let step = in_step(bench, &modem).await?;
        drop(socket);
        goes_on(echo, bench, &modem).await?;
        Ok(step.completed(done.is_some()))
    });
}

#[test]
fn a_raw_stream() {
    at_every_await("Modem::open_stream", async |echo: &Echo<Command>, bench, moments| {
        let (modem, socket) = connected::<Command>(bench).await?;
        let completed = interrupted(bench, moments, raw(&modem)).await.transpose()?.is_some();
        let step = in_step(bench, &modem).await?;
        drop(socket);
        goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
    streaming("DataStream::next", async |stream| {
        stream.write(payload::hostile()).await.map_err(failed("write"))?;
        stream.next().await.map(drop).ok_or_else(|| Broken::wrong("the stream has ended"))
    });
    streaming("DataStreamWriter::write", async |stream| {
        stream.writer().write(payload::hostile()).await.map_err(failed("write"))
    });
    streaming("DataStreamWriter::flush", async |stream| {
        stream.write(payload::hostile()).await.map_err(failed("write"))?;
        stream.writer().flush().await.map_err(failed("flush"))
    });
    streaming("DataStream::close", async |stream| {
        stream.close().await;
        while stream.next().await.is_some() {}
        Ok(())
    });
}

#[test]
fn the_end_of_a_raw_stream() {
    at_every_await("DataStream::end", async |echo: &Echo<Command>, bench, moments| {
        let (modem, socket) = connected::<Command>(bench).await?;
        let stream = raw(&modem).await?;
        stream.close().await;
        let completed = interrupted(bench, moments, stream.end()).await.is_some();
        let step = in_step(bench, &modem).await?;
        drop(socket);
        goes_on(echo, bench, &modem).await?;
        Ok(step.completed(completed))
    });
}

async fn connected<M: Mode>(bench: &Bench) -> Result<(Modem, TlsSocket), Broken> {
    let modem = on_line(bench).await?;
    let socket = Echo::<M>::connect(&modem).await.map_err(failed("connect"))?;
    Ok((modem, socket))
}

async fn comes_back(socket: &mut TlsSocket) -> Result<(), Broken> {
    let mut back = vec![0; payload::hostile().len()];
    socket.read_exact(&mut back).await.map_err(failed("read"))?;
    same_reading("what came back", &payload::hostile()[..], &back, None).map(drop)
}

async fn goes_on<M: Mode>(echo: &Echo<M>, bench: &Bench, modem: &Modem) -> Result<InStep, Broken> {
    let step = in_step(bench, modem).await?;
    echo.works(bench, modem).await?;
    tls_comes_back(bench, modem).await?;
    Ok(step)
}
