//! The modules: each time it is asked, a line brings a download at the rate of the line.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use telit_benches::Terminal;

use super::Setting;

/// What asks for a download.
pub(crate) const COMMAND: &[u8] = b"AT#FTPGET\r";
pub(crate) const BEFORE: &[u8] = b"\r\nCONNECT\r\n";
pub(crate) const BEHIND: &[u8] = b"\r\nNO CARRIER:SSL,1,4\r\n";
/// How often bytes come.
const TICK: Duration = Duration::from_micros(500);

/// What every line brings. No line begins in it.
pub(crate) fn download(setting: &Setting) -> Vec<u8> {
    let byte = |place: usize| b'A' + u8::try_from((place ^ (place >> 7)) % 26).unwrap_or_default();
    // A few megabytes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let size = (setting.length.as_secs_f64() * f64::from(setting.baud) / 10.0) as usize;
    (0..size).map(byte).collect()
}

/// Lines that are fed by a thread of their own as long as the process lives: what the host opens.
pub(crate) fn lines(setting: &Setting) -> io::Result<Vec<PathBuf>> {
    let terminals: Vec<Terminal> =
        (0..setting.modules).map(|_| Terminal::new()).collect::<io::Result<_>>()?;
    let paths = terminals.iter().map(|terminal| terminal.path().to_owned()).collect();
    let (download, rate) = (download(setting), f64::from(setting.baud) / 10.0);
    std::thread::spawn(move || {
        let mut ends: Vec<File> = terminals.iter().map(Terminal::module).collect::<io::Result<_>>()?;
        loop {
            feed(&mut ends, &download, rate)?;
        }
        #[expect(unreachable_code, reason = "tells the type of the error")]
        io::Result::Ok(())
    });
    Ok(paths)
}

/// What else comes is the rest of the last conversation.
fn wait_for_command(end: &mut File) -> io::Result<()> {
    let mut heard = Vec::new();
    while !heard.ends_with(COMMAND) {
        let mut byte = [0];
        end.read_exact(&mut byte)?;
        heard.extend_from_slice(&byte);
    }
    Ok(())
}

/// Waits until all are asked, and brings one download to each of them.
fn feed(ends: &mut [File], download: &[u8], rate: f64) -> io::Result<()> {
    ends.iter_mut().try_for_each(wait_for_command)?;
    ends.iter_mut().try_for_each(|end| end.write_all(BEFORE))?;
    let mut begun = Instant::now();
    let mut sent = 0;
    while sent < download.len() {
        std::thread::sleep(TICK);
        // A few megabytes.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let due = ((begun.elapsed().as_secs_f64() * rate) as usize).min(download.len());
        let piece = download.get(sent..due).unwrap_or_default();
        let writing = Instant::now();
        ends.iter_mut().try_for_each(|end| end.write_all(piece))?;
        if writing.elapsed() > Duration::from_millis(2) {
            // The line was held up, and what it did not carry then it will never make up for.
            begun += writing.elapsed();
        }
        sent = due;
    }
    ends.iter_mut().try_for_each(|end| end.write_all(BEHIND))
}
