//! What is wrong with a transcript.

/// A line that cannot be read, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct ReadError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What can be wrong with a line. The messages say it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum Problem {
    #[error("not UTF-8")]
    NotUtf8,
    #[error("the line does not begin with SECONDS.millis, three digits behind the point")]
    Time,
    #[error("the time is earlier than in the line before")]
    TimeGoesBack,
    #[error("`{0}` is no direction; `>`, `<` and `#` are, with a port from 2 to 9 behind the first two")]
    Direction(String),
    #[error("`{0}` begins no escape; `\\r`, `\\n`, `\\\\` and `\\xHH` do")]
    Escape(String),
    #[error("{0:?} must be written as \\xHH")]
    NotPrintable(char),
    #[error("`{{?{0}}}` is no kind of value")]
    UnknownKind(String),
    #[error("`{{?{0}}}` needs a literal byte behind it, which tells where it ends")]
    OpenEnd(&'static str),
    #[error("`server {0}` is nothing that a server does; it `sends`, `receives`, `closes` or `sees the end`")]
    ServerAct(String),
    #[error("the header has no `{0}`")]
    Missing(&'static str),
    #[error("the header's `{key}` is `{value}`, not {expected}")]
    Header { key: String, value: String, expected: &'static str },
}
