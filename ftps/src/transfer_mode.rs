//! How the bytes of a file come and go over the port.

use crate::dialect::Dialect;

/// How the bytes of a file come and go over the port.
///
/// # What [`Auto`](Self::Auto) chooses, and why
///
/// | job | mode | block |
/// |---|---|---|
/// | download, also to a file | online | - |
/// | upload, append | blocks | what the firmware allows |
/// | upload of an empty file, which no block can carry | online | - |
/// | upload where the firmware has no `#FTPAPPEXT` | online | - |
///
/// A download uses the whole line in online mode: no command, no echo and no answer between two blocks, and no wait for
/// the module's turnaround, which at 921600 baud and 20 ms costs blocks of 3000 bytes more than a third of the line. An
/// upload goes in blocks because the module confirms each one: it is known what was sent before a cut, and a source that
/// pauses does no harm. In online mode a pause behind bytes that look like the escape sequence would have to be waited out.
///
/// Blocks are as large as the firmware allows, because each one costs the same time beside its bytes: in a download in
/// [`Command`](Self::Command) mode what `AT#FTPRECV=?` tells, or else 3000 bytes; in an upload what `AT#FTPAPPEXT=?`
/// tells, or else 1500. Source: M37 p808, p830.
///
/// Leave online mode only where something else needs the port meanwhile and there is no other one: see
/// [`Command`](Self::Command).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransferMode {
    /// What suits the job. A download comes in online mode, which uses the whole line. An upload goes in command mode,
    /// where the module confirms each block and a pause of the source does no harm; in online mode only where the
    /// firmware has no `#FTPAPPEXT`, and for an empty file, which blocks cannot carry.
    #[default]
    Auto,
    /// The port carries the file itself (`#FTPGET`, `#FTPPUT`). No other command runs meanwhile, and a reader that
    /// stops reading loses bytes unless the port has flow control.
    Online,
    /// Blocks are asked for (`#FTPGETPKT`, `#FTPRECV`, up to 3000 bytes each) or sent (`#FTPAPPEXT`, up to 1500): other
    /// commands run in between, and whoever reads or writes may take its time.
    Command,
}

/// [`TransferMode`] with the choice made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    Online,
    /// In blocks of at most so many bytes.
    Blocks(usize),
}

impl TransferMode {
    /// What to choose for a file that has come damaged: nobody counts the bytes of online mode, so what the line loses
    /// moves the rest of the file.
    pub(crate) fn counted(self) -> Self {
        match self {
            Self::Auto | Self::Command => Self::Command,
            Self::Online => Self::Online,
        }
    }

    pub(crate) fn for_download(self, dialect: Dialect) -> Chosen {
        match self {
            Self::Auto | Self::Online => Chosen::Online,
            Self::Command => Chosen::Blocks(dialect.receive),
        }
    }

    /// `None` if the firmware, or a file that is empty, does not allow what was asked for. A block has at least one
    /// byte. Source: M37 p808.
    pub(crate) fn for_upload(self, dialect: Dialect, is_empty: bool) -> Option<Chosen> {
        let blocks = dialect.append.filter(|_| !is_empty).map(Chosen::Blocks);
        match self {
            Self::Auto => Some(blocks.unwrap_or(Chosen::Online)),
            Self::Online => Some(Chosen::Online),
            Self::Command => blocks,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(append: Option<usize>) -> Dialect {
        Dialect { extended_commands: true, implicit_tls: false, receive: 3000, append }
    }

    #[test]
    fn downloads() {
        let chosen = |mode: TransferMode| mode.for_download(dialect(None));
        assert_eq!(chosen(TransferMode::Auto), Chosen::Online);
        assert_eq!(chosen(TransferMode::Online), Chosen::Online);
        assert_eq!(chosen(TransferMode::Command), Chosen::Blocks(3000));
    }

    #[test]
    fn what_was_told_stays() {
        assert_eq!(TransferMode::Auto.counted(), TransferMode::Command);
        assert_eq!(TransferMode::Online.counted(), TransferMode::Online);
        assert_eq!(TransferMode::Command.counted(), TransferMode::Command);
    }

    #[test]
    fn uploads() {
        let (full, old) = (dialect(Some(1500)), dialect(None));
        assert_eq!(TransferMode::Auto.for_upload(full, false), Some(Chosen::Blocks(1500)));
        assert_eq!(TransferMode::Auto.for_upload(full, true), Some(Chosen::Online));
        assert_eq!(TransferMode::Auto.for_upload(old, false), Some(Chosen::Online));
        assert_eq!(TransferMode::Online.for_upload(full, false), Some(Chosen::Online));
        assert_eq!(TransferMode::Command.for_upload(full, false), Some(Chosen::Blocks(1500)));
        assert_eq!(TransferMode::Command.for_upload(full, true), None);
        assert_eq!(TransferMode::Command.for_upload(old, false), None);
    }
}
