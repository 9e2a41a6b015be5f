//! A module that does what it should: what it answers to what is written.

/// A module with a command line that somebody may have begun to type.
#[derive(Debug)]
pub(super) struct Module {
    line: Vec<u8>,
    online: bool,
}

impl Module {
    pub(super) fn new(online: bool) -> Self {
        Self { line: Vec::new(), online }
    }

    /// The answer to these bytes, which arrive in one go, with silence before and behind them.
    pub(super) fn answer(&mut self, written: &[u8]) -> Vec<u8> {
        if self.online {
            self.online = written != b"+++";
            return if self.online { Vec::new() } else { b"\r\nOK\r\n".to_vec() };
        }
        written.iter().flat_map(|byte| self.typed(*byte)).copied().collect()
    }

    fn typed(&mut self, byte: u8) -> &'static [u8] {
        match byte {
            0x1b => self.line.clear(),
            b'\r' => {
                let line = std::mem::take(&mut self.line);
                return match line.as_slice() {
                    b"" => b"",
                    b"AT+CMEE?" => b"\r\n+CMEE: 2\r\n\r\nOK\r\n",
                    b"AT#SSLEN?" => b"\r\n#SSLEN: 1,0\r\n\r\nOK\r\n",
                    line if line.starts_with(b"AT") => b"\r\nERROR\r\n",
                    _ => b"",
                };
            }
            byte => self.line.push(byte),
        }
        b""
    }
}
