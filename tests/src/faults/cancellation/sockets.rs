//! The futures of TLS sockets, in command mode and online.

use telit_core::Modem;
use telit_core::socket::TlsSocket;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::super::bench::Bench;
use super::super::outcome::{Broken, same_reading};
use super::super::payload;
use super::super::set_up::on_line;
use super::super::socket::{Command, Echo, Mode, Online};
use super::{at_every_await, failed, in_step, interrupted, tls_comes_back};

#[test]
fn connecting() {
    connect::<Command>("TlsConnector::connect");
    connect::<Online>("TlsConnector::connect online");
}

fn connect<M: Mode>(name: &str) {
    at_every_await(name, async |echo: &Echo<M>, bench, moments| {
        let modem = on_line(bench).await?;
        let completed = interrupted(bench, moments, Echo::<M>::connect(&modem)).await.is_some();
        goes_on(echo, bench, &modem).await?;
        Ok(completed)
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
        goes_on(echo, bench, &modem).await?;
        Ok(completed)
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
        goes_on(echo, bench, &modem).await?;
        Ok(completed)
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
        goes_on(echo, bench, &modem).await?;
        Ok(completed)
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
        goes_on(echo, bench, &modem).await?;
        Ok(completed)
    });
}

#[test]
fn suspending_and_resuming() {
    at_every_await("suspend", async |echo: &Echo<Online>, bench, moments| {
        let (modem, socket) = connected::<Online>(bench).await?;
        let completed = interrupted(bench, moments, socket.suspend()).await.is_some();
        goes_on(echo, bench, &modem).await?;
        Ok(completed)
    });
    at_every_await("resume of a socket", async |echo: &Echo<Online>, bench, moments| {
        let (modem, socket) = connected::<Online>(bench).await?;
        let suspended = socket.suspend().await.map_err(failed("suspend"))?;
        let completed = interrupted(bench, moments, suspended.resume()).await.is_some();
        goes_on(echo, bench, &modem).await?;
        Ok(completed)
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

async fn goes_on<M: Mode>(echo: &Echo<M>, bench: &Bench, modem: &Modem) -> Result<(), Broken> {
    in_step(bench, modem).await?;
    echo.works(bench, modem).await?;
    tls_comes_back(bench, modem).await
}
