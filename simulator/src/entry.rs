//! Data that the host enters behind a prompt.
//!
//! Source: M37 p741-744, p889, p901, p912-917, p1034.

use bytes::{Bytes, BytesMut};

/// Which prompt stands before the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prompt {
    /// CR LF `>` blank
    Greater,
    /// CR LF `>>>`
    Triple,
}

/// What ends the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Ctrl-Z sends, ESC leaves, BS erases; bytes beyond the limit are thrown away.
    Terminated { limit: usize },
    /// Exactly so many bytes; all values are data.
    Counted { length: usize },
}

/// What the data are for.
pub(crate) enum Purpose {
    TlsSend {
        socket: u8,
    },
    /// `#SSENDEXT`
    PlainSend {
        socket: u8,
    },
    /// `#SSLSECDATA`
    Certificate {
        slot: u8,
        data_type: u8,
        ram: bool,
        password: String,
        digest_only: bool,
    },
    /// `#SSLSECCA`
    Preloaded {
        slot: u8,
    },
    Publish {
        client: u8,
        topic: String,
        retain: bool,
        qos: u8,
    },
    HttpBody {
        profile: u8,
        method: u8,
        resource: String,
        content_type: Option<String>,
        headers: Vec<String>,
    },
    /// The body of a request whose connection is open.
    HttpUpload,
    FtpAppend {
        last: bool,
    },
}

/// A data entry that is going on.
pub(crate) struct Entry {
    pub(crate) prompt: Prompt,
    pub(crate) purpose: Purpose,
    ending: Ending,
    data: BytesMut,
}

/// How an entry ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Entered {
    Complete(Bytes),
    Escaped,
}

const SUBSTITUTE: u8 = 0x1A;
const ESCAPE: u8 = 0x1B;
const BACKSPACE: u8 = 0x08;

impl Entry {
    pub(crate) fn new(prompt: Prompt, ending: Ending, purpose: Purpose) -> Self {
        Self { prompt, purpose, ending, data: BytesMut::new() }
    }

    /// Whether it is complete before anything is entered.
    pub(crate) fn is_empty_entry(&self) -> bool {
        self.ending == Ending::Counted { length: 0 }
    }

    /// Takes what belongs to the entry from `input`; the taken bytes are the second value, for the echo.
    pub(crate) fn take(&mut self, input: &mut BytesMut) -> (Option<Entered>, Bytes) {
        match self.ending {
            Ending::Counted { length } => self.take_counted(input, length),
            Ending::Terminated { limit } => self.take_terminated(input, limit),
        }
    }

    fn take_counted(&mut self, input: &mut BytesMut, length: usize) -> (Option<Entered>, Bytes) {
        let wanted = length.saturating_sub(self.data.len()).min(input.len());
        let taken = input.split_to(wanted).freeze();
        self.data.extend_from_slice(&taken);
        let complete = self.data.len() == length;
        (complete.then(|| Entered::Complete(self.data.split().freeze())), taken)
    }

    fn take_terminated(&mut self, input: &mut BytesMut, limit: usize) -> (Option<Entered>, Bytes) {
        for (index, byte) in input.iter().enumerate() {
            match *byte {
                SUBSTITUTE => {
                    let taken = input.split_to(index + 1).freeze();
                    return (Some(Entered::Complete(self.data.split().freeze())), taken);
                }
                ESCAPE => {
                    let taken = input.split_to(index + 1).freeze();
                    return (Some(Entered::Escaped), taken);
                }
                BACKSPACE => {
                    self.data.truncate(self.data.len().saturating_sub(1));
                }
                byte if self.data.len() < limit => self.data.extend_from_slice(&[byte]),
                _ => {}
            }
        }
        (None, input.split().freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(ending: Ending) -> Entry {
        Entry::new(Prompt::Greater, ending, Purpose::TlsSend { socket: 1 })
    }

    #[test]
    fn a_terminated_entry_obeys_its_keys() {
        let mut entry = entry(Ending::Terminated { limit: 5 });
        let mut input = BytesMut::from(&b"abx\x08cdefg\x1aAT\r"[..]);
        let (entered, taken) = entry.take(&mut input);
        assert_eq!(entered, Some(Entered::Complete(Bytes::from_static(b"abcde"))));
        assert_eq!(taken.len(), 10);
        assert_eq!(&input[..], b"AT\r");
    }

    #[test]
    fn escape_leaves() {
        let mut input = BytesMut::from(&b"ab\x1b"[..]);
        assert_eq!(entry(Ending::Terminated { limit: 5 }).take(&mut input).0, Some(Entered::Escaped));
    }

    #[test]
    fn a_counted_entry_takes_every_byte_value() {
        let all: Vec<u8> = (0..=255).collect();
        let mut entry = entry(Ending::Counted { length: 256 });
        let mut input = BytesMut::from(&all[..100]);
        assert_eq!(entry.take(&mut input).0, None);
        input.extend_from_slice(&all[100..]);
        input.extend_from_slice(b"AT");
        assert_eq!(entry.take(&mut input).0, Some(Entered::Complete(Bytes::from(all))));
        assert_eq!(&input[..], b"AT");
    }
}
