//! Ranges of numbers, as a test form prints them: `(0-3)`, `(0,1,3-5)`.

/// The numbers that one field of a command takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges(Vec<(u32, u32)>);

impl Ranges {
    /// Reads one field of a test form. `None` if it is not made of numbers alone: then it tells nothing.
    #[must_use]
    pub fn parse(field: &str) -> Option<Self> {
        let field = field.trim();
        let inner = field.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(field);
        inner.split(',').map(range).collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether the field takes `number`.
    #[must_use]
    pub fn contains(&self, number: u32) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&number))
    }

    /// The highest number that it takes.
    #[must_use]
    pub fn highest(&self) -> u32 {
        self.0.iter().map(|(_, high)| *high).max().unwrap_or_default()
    }

    /// The lowest number that it takes.
    #[must_use]
    pub fn lowest(&self) -> u32 {
        self.0.iter().map(|(low, _)| *low).min().unwrap_or_default()
    }
}

fn range(text: &str) -> Option<(u32, u32)> {
    let number = |text: &str| text.trim().parse().ok();
    match text.split_once('-') {
        Some((low, high)) => Some((number(low)?, number(high)?)).filter(|(low, high)| low <= high),
        None => number(text).map(|number| (number, number)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists() {
        let ranges = Ranges::parse("(0,10-1200)").unwrap();
        assert!(ranges.contains(0) && ranges.contains(10) && ranges.contains(1200));
        assert!(!ranges.contains(9) && !ranges.contains(1201));
        assert_eq!((ranges.lowest(), ranges.highest()), (0, 1200));
        assert_eq!(Ranges::parse("(1)").unwrap().highest(), 1);
        assert_eq!(Ranges::parse(" ( 0 - 4 ) "), Ranges::parse("(0-4)"));
        assert_eq!(Ranges::parse("10").unwrap().lowest(), 10);
    }

    #[test]
    fn what_is_not_made_of_numbers_tells_nothing() {
        for text in ["", "()", "(a-b)", "(1-", "(5-1)", "(0-13,0x002F)", "(-)", "\"x\"", "(4294967296)"] {
            assert_eq!(Ranges::parse(text), None, "{text}");
        }
    }
}
