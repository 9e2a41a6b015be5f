//! Where a line that a person typed holds secrets.

use std::ops::Range;

/// Commands that carry secrets, and at which positions. Source: M37 p196, p199, p355, p675, p700, p825, p853,
/// p858-866, p914, p1015.
const SECRETS: [(&str, &[usize]); 14] = [
    ("+CPIN", &[0, 1]),
    ("+CPIN2", &[0, 1]),
    ("+CPWD", &[1, 2]),
    ("+CLCK", &[2]),
    ("+CGAUTH", &[3]),
    ("#SGACT", &[3]),
    ("#EPASSW", &[0]),
    ("#HTTPCFG", &[5]),
    ("#HTTPQRY", &[3, 4, 5]),
    ("#HTTPSND", &[5, 6, 7]),
    ("#FTPOPEN", &[2]),
    ("#SSLSECDATA", &[4]),
    ("#MQCONN", &[3]),
    ("#SMTPCFG", &[3]),
];

/// Where commands have a resource, whose query often carries a token.
const RESOURCES: [(&str, usize); 2] = [("#HTTPQRY", 2), ("#HTTPSND", 2)];

/// The secrets of all commands on the line, in order.
pub(super) fn find(line: &str) -> Vec<Range<usize>> {
    let commands = split(line, 0..line.len(), b';');
    commands.into_iter().flat_map(|command| of_command(line, command)).collect()
}

fn of_command(line: &str, command: Range<usize>) -> Vec<Range<usize>> {
    let shown = line.get(command.clone()).unwrap_or_default();
    let Some(sign) = shown.find('=') else {
        return Vec::new();
    };
    let name = name(shown.get(..sign).unwrap_or_default());
    let listed = |index| SECRETS.iter().any(|(secret, at)| *secret == name && at.contains(&index));
    let resource = |index| RESOURCES.contains(&(name.as_str(), index));
    let parameters = split(line, command.start + sign + 1..command.end, b',');
    let bare = parameters.into_iter().map(|parameter| without_quotes(line, parameter)).enumerate();
    let secret = bare.filter(|(index, range)| {
        let text = line.get(range.clone()).unwrap_or_default();
        !text.is_empty() && (listed(*index) || (resource(*index) && text.contains('?')))
    });
    secret.map(|(_, range)| range).collect()
}

/// The last command before the sign: basic ones may stand before it without a separator, as in `ATE0+CPIN`.
fn name(before_sign: &str) -> String {
    let from = before_sign.rfind(['+', '#']).unwrap_or(0);
    before_sign.get(from..).unwrap_or_default().trim().to_ascii_uppercase()
}

/// The pieces of `within`, cut where the separator stands outside quotes.
fn split(line: &str, within: Range<usize>, separator: u8) -> Vec<Range<usize>> {
    let (mut pieces, mut quoted, mut start) = (Vec::new(), false, within.start);
    let bytes = line.as_bytes().iter().enumerate().take(within.end).skip(within.start);
    for (at, byte) in bytes {
        if *byte == b'"' {
            quoted = !quoted;
        } else if *byte == separator && !quoted {
            pieces.push(start..at);
            start = at + 1;
        }
    }
    pieces.push(start..within.end);
    pieces
}

fn without_quotes(line: &str, range: Range<usize>) -> Range<usize> {
    let text = line.get(range.clone()).unwrap_or_default();
    let start = range.start + (text.len() - text.trim_start().len());
    let trimmed = text.trim();
    match trimmed.strip_prefix('"') {
        None => start..start + trimmed.len(),
        Some(inner) => start + 1..start + 1 + inner.strip_suffix('"').unwrap_or(inner).len(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::CommandLine;

    #[test]
    fn secrets_in_typed_lines_are_found() {
        let shown = |line: &str| CommandLine::verbatim(line).unwrap().to_string();
        for (typed, expected) in [
            ("AT#MQCONN=1,\"a,b\",\"u\",\"top,secret\"", "AT#MQCONN=1,\"a,b\",\"u\",\"[redacted]\""),
            ("at#ftpopen=\"h:21\",\"u\",secret,0", "at#ftpopen=\"h:21\",\"u\",[redacted],0"),
            ("AT+CPIN=1234", "AT+CPIN=[redacted]"),
            ("AT +CPIN = 1234 ", "AT +CPIN = [redacted] "),
            ("ATE0+CPIN=\"1234", "ATE0+CPIN=\"[redacted]"),
            ("AT+CMEE=2;+CPIN=1;+CSQ", "AT+CMEE=2;+CPIN=[redacted];+CSQ"),
            ("AT+CLCK=\"SC\",1,\"1;2\"", "AT+CLCK=\"SC\",1,\"[redacted]\""),
            ("AT#HTTPQRY=0,0,\"/a\"", "AT#HTTPQRY=0,0,\"/a\""),
            ("AT#HTTPQRY=0,0,\"/a?t=1\",\"A: b\"", "AT#HTTPQRY=0,0,\"[redacted]\",\"[redacted]\""),
            ("AT#HTTPSND=0,0,\"/a\",4,\"a/b\",\"A: b\"", "AT#HTTPSND=0,0,\"/a\",4,\"a/b\",\"[redacted]\""),
            ("AT+CPIN?", "AT+CPIN?"),
            ("AT#SGACT=1,1", "AT#SGACT=1,1"),
            ("AT#MQCONN=1,\"a\",\"\",\"\"", "AT#MQCONN=1,\"a\",\"\",\"\""),
            ("AT#MQCONN=", "AT#MQCONN="),
            ("AT#FTPOPEN=\",\",\"\"", "AT#FTPOPEN=\",\",\"\""),
            ("AT+CPIN=\"", "AT+CPIN=\""),
        ] {
            assert_eq!(shown(typed), expected);
        }
    }
}
