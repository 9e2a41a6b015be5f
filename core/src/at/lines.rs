//! The lines of an answer.

use std::fmt;

use super::reply::Line;

/// Room for so many lines is made at once: few answers have more.
const USUAL: usize = 8;

/// One line takes no memory of its own: most answers have one or none.
#[derive(Clone)]
pub(super) enum Lines {
    One(Line),
    /// Or none.
    Several(Vec<Line>),
}

impl Lines {
    #[inline]
    pub(super) fn as_slice(&self) -> &[Line] {
        match self {
            Self::One(line) => std::slice::from_ref(line),
            Self::Several(lines) => lines,
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    #[inline]
    pub(super) fn push(&mut self, line: Line) {
        match self {
            Self::Several(lines) if lines.is_empty() => *self = Self::One(line),
            Self::Several(lines) => lines.push(line),
            Self::One(_) => self.push_second(line),
        }
    }

    fn push_second(&mut self, second: Line) {
        let mut lines = Vec::with_capacity(USUAL);
        if let Self::One(first) = std::mem::take(self) {
            lines.push(first);
        }
        lines.push(second);
        *self = Self::Several(lines);
    }
}

impl Default for Lines {
    #[inline]
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl PartialEq for Lines {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Lines {}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_what_was_pushed() {
        let mut lines = Lines::default();
        assert!(lines.is_empty() && lines.as_slice().is_empty());
        for count in 1..20 {
            lines.push(Line::new(vec![count]));
            let expected: Vec<_> = (1..=count).map(|number| Line::new(vec![number])).collect();
            assert_eq!(lines.as_slice(), expected);
            assert_eq!((lines.is_empty(), format!("{lines:?}")), (false, format!("{expected:?}")));
        }
    }
}
