//! `#HTTPRING`: the answer has arrived.

use telit_core::at::after_prefix;

/// What the module tells of an answer; status 0 means that there was none in time.
///
/// Source: M37 p862.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ring {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// The server's `Content-Length`; the module says 0 when there was none, or when the status is one
    /// whose length it does not report.
    pub(crate) length: Option<u64>,
}

impl Ring {
    /// Reads the line if it is the ring of this profile. Firmware differs in blanks, quotes and in how
    /// many fields it prints.
    pub(crate) fn parse(line: &str, profile: u8) -> Option<Self> {
        let rest = after_prefix(line, "#HTTPRING")?;
        let (number, rest) = rest.split_once(',')?;
        if number.trim().parse() != Ok(profile) {
            return None;
        }
        let (status, rest) = rest.split_once(',').unwrap_or((rest, ""));
        let (content_type, length) = type_and_length(rest.trim());
        Some(Self {
            status: status.trim().trim_matches('"').parse().ok()?,
            content_type: Some(content_type.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
            length: length.filter(|length| *length > 0),
        })
    }
}

/// A content type may hold commas and semicolons, so it reaches from the first quote to the last, or,
/// without quotes, to the last comma.
fn type_and_length(text: &str) -> (&str, Option<u64>) {
    if let Some(inner) = text.strip_prefix('"') {
        let (content_type, tail) = inner.rsplit_once('"').unwrap_or((inner, ""));
        return (content_type, number(tail.trim().trim_start_matches(',')));
    }
    match text.rsplit_once(',') {
        Some((content_type, tail)) if number(tail).is_some() => (content_type, number(tail)),
        Some((content_type, tail)) if tail.trim().is_empty() => (content_type, None),
        _ => (text, None),
    }
}

fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(status: u16, content_type: &str, length: Option<u64>) -> Option<Ring> {
        let content_type = Some(content_type.to_owned()).filter(|text| !text.is_empty());
        Some(Ring { status, content_type, length })
    }

    #[test]
    fn every_form_that_was_seen() {
        let cases = [
            ("#HTTPRING: 0,200,\"text/html\",1270", ring(200, "text/html", Some(1270))),
            ("#HTTPRING:0,200,\"text/html\",1270", ring(200, "text/html", Some(1270))),
            (
                "#HTTPRING: 0,200,\"text/plain; charset=utf-8\",0",
                ring(200, "text/plain; charset=utf-8", None),
            ),
            ("#HTTPRING: 0,206,\"a/b; p=\"c,d\"\",5", ring(206, "a/b; p=\"c,d\"", Some(5))),
            ("#HTTPRING: 0,200,text/html; a=b,12", ring(200, "text/html; a=b", Some(12))),
            ("#HTTPRING: 0,200,\"text/html\"", ring(200, "text/html", None)),
            ("#HTTPRING: 0,200,\"text/html\",", ring(200, "text/html", None)),
            ("#HTTPRING: 0,404,\"\",0", ring(404, "", None)),
            ("#HTTPRING: 0,404,,0", ring(404, "", None)),
            ("#HTTPRING: 0,404,,", ring(404, "", None)),
            ("#HTTPRING: 0,404", ring(404, "", None)),
            ("#HTTPRING:  0,0", ring(0, "", None)),
            ("#HTTPRING: 0, 200, \"a/b\", 7 ", ring(200, "a/b", Some(7))),
            ("#HTTPRING: 0,200,\"a/b\",99999999999999999999", ring(200, "a/b", None)),
        ];
        for (line, expected) in cases {
            assert_eq!(Ring::parse(line, 0), expected, "{line}");
        }
    }

    #[test]
    fn everything_else_is_not_our_ring() {
        for line in
            ["#HTTPRING: 1,200,\"a/b\",1", "#HTTPRING: 0", "#HTTPRING: 0,", "#HTTPRINGS: 0,200", "", "OK"]
        {
            assert_eq!(Ring::parse(line, 0), None, "{line}");
        }
    }
}
