//! The module's end of a line: it answers `AT+CSQ`, and nothing else.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use telit_benches::Terminal;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) const COMMAND: &[u8] = b"AT+CSQ\r";
pub(crate) const ANSWER: &[u8] = b"\r\n+CSQ: 18,99\r\n\r\nOK\r\n";

/// A pseudo-terminal with a responder on a thread of its own, which ends with the process.
pub(crate) fn terminal() -> io::Result<PathBuf> {
    let terminal = Terminal::new()?;
    let path = terminal.path().to_owned();
    std::thread::spawn(move || {
        let end = terminal.module().and_then(answer_blocking);
        drop(terminal);
        end
    });
    Ok(path)
}

/// The same, which tells for each command how long ago the answer before it had been written.
pub(crate) fn terminal_with_gaps() -> io::Result<(PathBuf, Receiver<Duration>)> {
    let terminal = Terminal::new()?;
    let path = terminal.path().to_owned();
    let (tell, gaps) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut module = terminal.module()?;
        let mut command = [0; COMMAND.len()];
        let mut answered = Instant::now();
        loop {
            module.read_exact(&mut command)?;
            let gap = answered.elapsed();
            check(&command)?;
            answered = Instant::now();
            module.write_all(ANSWER)?;
            // Whoever does not want to know does not mind.
            let _told = tell.send(gap);
        }
        #[expect(unreachable_code, reason = "tells the type of the error")]
        io::Result::Ok(())
    });
    Ok((path, gaps))
}

fn answer_blocking(mut module: File) -> io::Result<()> {
    let mut command = [0; COMMAND.len()];
    loop {
        module.read_exact(&mut command)?;
        check(&command)?;
        module.write_all(ANSWER)?;
    }
}

/// The same on a line in memory.
pub(crate) async fn answer(mut module: DuplexStream) -> io::Result<()> {
    let mut command = [0; COMMAND.len()];
    loop {
        module.read_exact(&mut command).await?;
        check(&command)?;
        module.write_all(ANSWER).await?;
    }
}

/// Whoever sends anything else gets no answer.
fn check(command: &[u8]) -> io::Result<()> {
    if command == COMMAND { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}
