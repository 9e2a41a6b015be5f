//! How a module ends blocks of counted bytes.

/// The commands whose blocks the module has ended with a line end of the data and one of the result. Others have that of the
/// result alone.
#[derive(Debug, Default)]
pub(crate) struct BlockEnds(Vec<&'static str>);

impl BlockEnds {
    /// Whether a block may be as long as announced, by the `width` of the line ends between it and its result: a module ends
    /// all blocks of a command alike. A block that misses two bytes has swallowed the first of two line ends.
    #[inline]
    pub(crate) fn fits(&mut self, command: &'static str, body: &[u8], width: usize) -> bool {
        let ends_twice = self.0.contains(&command);
        match width {
            4 => {
                if !ends_twice {
                    self.0.push(command);
                }
                true
            }
            _ => !(ends_twice && body.ends_with(b"\r\n")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_a_command_end_alike() {
        let mut ends = BlockEnds::default();
        assert!(ends.fits("#A", b"ends in\r\n", 2), "nothing is known");
        assert!(ends.fits("#A", b"", 4));
        assert!(!ends.fits("#A", b"ends in\r\n", 2));
        assert!(ends.fits("#A", b"does not", 2));
        assert!(ends.fits("#A", b"ends in\r\n", 4));
        assert!(ends.fits("#B", b"ends in\r\n", 2), "another command may end otherwise");
        assert_eq!(ends.0, ["#A"]);
    }
}
