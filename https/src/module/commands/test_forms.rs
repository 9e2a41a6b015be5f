//! The test forms, which tell this firmware's limits.

use std::ops::RangeInclusive;
use std::time::Duration;

use telit_core::at::{
    Command, CommandLine, Effect, Exchange, Expect, Fields, InvalidValue, Reply, UnexpectedReply,
};

/// `AT#HTTPCFG=?`: `(profiles),<host>,(ports),(auth),<user>,<password>,(tls),(timeouts),(cids)...`.
///
/// Source: M37 p860; IPE28 p100-104.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfigureRanges(pub(crate) Duration);

/// What `#HTTPCFG` takes; `None` where the answer does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ConfigureRangesAnswer {
    pub(crate) host_length: Option<usize>,
    pub(crate) tls: Option<bool>,
    pub(crate) contexts: Option<RangeInclusive<usize>>,
}

/// `AT#HTTPQRY=?`: `(profiles),(commands),<resource>,<headers>`. Source: M37 p863-864.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueryRanges(pub(crate) Duration);

/// What `#HTTPQRY` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QueryRangesAnswer {
    pub(crate) resource_length: Option<usize>,
    pub(crate) headers_length: Option<usize>,
}

/// `AT#HTTPSND=?`: `(profiles),(commands),<resource>,(lengths),<content type>,<headers>`.
///
/// Source: M37 p867-868.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SendRanges(pub(crate) Duration);

/// What `#HTTPSND` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SendRangesAnswer {
    pub(crate) resource_length: Option<usize>,
    pub(crate) least_body: Option<usize>,
    pub(crate) most_body: Option<usize>,
    pub(crate) content_type_length: Option<usize>,
    pub(crate) headers_length: Option<usize>,
}

impl Command for ConfigureRanges {
    type Response = ConfigureRangesAnswer;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(test_form("#HTTPCFG", self.0))
    }

    fn parse(&self, reply: &Reply) -> Result<ConfigureRangesAnswer, UnexpectedReply> {
        let line = reply.value("#HTTPCFG").unwrap_or_default();
        let fields = Fields::parse(&line);
        let tls = fields.text(6).and_then(range).map(|(_, most)| most >= 1);
        let contexts = fields.text(8).and_then(range).map(|(least, most)| least..=most);
        Ok(ConfigureRangesAnswer { host_length: limit(&fields, 1), tls, contexts })
    }
}

impl Command for QueryRanges {
    type Response = QueryRangesAnswer;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(test_form("#HTTPQRY", self.0))
    }

    fn parse(&self, reply: &Reply) -> Result<QueryRangesAnswer, UnexpectedReply> {
        let line = reply.value("#HTTPQRY").unwrap_or_default();
        let fields = Fields::parse(&line);
        Ok(QueryRangesAnswer { resource_length: limit(&fields, 2), headers_length: limit(&fields, 3) })
    }
}

impl Command for SendRanges {
    type Response = SendRangesAnswer;

    fn exchange(&self) -> Result<Exchange, InvalidValue> {
        Ok(test_form("#HTTPSND", self.0))
    }

    fn parse(&self, reply: &Reply) -> Result<SendRangesAnswer, UnexpectedReply> {
        let line = reply.value("#HTTPSND").unwrap_or_default();
        let fields = Fields::parse(&line);
        let body = fields.text(3).and_then(range);
        Ok(SendRangesAnswer {
            resource_length: limit(&fields, 2),
            least_body: body.map(|(least, _)| least),
            most_body: body.map(|(_, most)| most),
            content_type_length: limit(&fields, 4),
            headers_length: limit(&fields, 5),
        })
    }
}

fn test_form(name: &'static str, deadline: Duration) -> Exchange {
    Exchange::new(CommandLine::test(name), Expect::lines(name)).deadline(deadline).effect(Effect::Query)
}

/// A length, printed bare or as a range.
fn limit(fields: &Fields<'_>, index: usize) -> Option<usize> {
    fields.text(index).and_then(range).map(|(_, most)| most)
}

/// Least and most of `(1-65535)`, `(0,1)`, `(0)` or `150`.
fn range(text: &str) -> Option<(usize, usize)> {
    let inner = text.trim_matches(['(', ')', ' ']);
    let numbers: Option<Vec<usize>> =
        inner.split(['-', ',']).map(|number| number.trim().parse().ok()).collect();
    let numbers = numbers?;
    Some((*numbers.iter().min()?, *numbers.iter().max()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::commands::line;

    const LOCAL: Duration = Duration::from_secs(5);

    #[test]
    fn exact_lines() {
        assert_eq!(line(&ConfigureRanges(LOCAL)), "AT#HTTPCFG=?");
        assert_eq!(line(&QueryRanges(LOCAL)), "AT#HTTPQRY=?");
        assert_eq!(line(&SendRanges(LOCAL)), "AT#HTTPSND=?");
    }

    fn answer(host: usize, tls: bool, contexts: RangeInclusive<usize>) -> ConfigureRangesAnswer {
        ConfigureRangesAnswer { host_length: Some(host), tls: Some(tls), contexts: Some(contexts) }
    }

    #[test]
    fn host_length_tls_and_contexts() {
        let parse = |text| ConfigureRanges(LOCAL).parse(&Reply::new([text], "")).unwrap();
        let with = parse("#HTTPCFG: (0-2),63,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-5),(0-1500),(0),(0)");
        assert_eq!(with, answer(63, true, 1..=5));
        let without = parse("#HTTPCFG:(0-2),63,(1-65535),(0,1),50,50,(0),(1-65535),(1-5)");
        assert_eq!(without, answer(63, false, 1..=5));
        let nine = parse("#HTTPCFG: (0-2),50,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-5)");
        assert_eq!(nine, answer(50, true, 1..=5));
        let fifteen = "#HTTPCFG: (0-2),50,(1-65535),(0,1),50,50,(0,1),(1-65535),(1-15),(0-1500),(0),(0)";
        assert_eq!(parse(fifteen), answer(50, true, 1..=15));
        assert_eq!(parse("#HTTPCFG: (0-2)"), ConfigureRangesAnswer::default());
    }

    #[test]
    fn lengths_of_requests() {
        let answer = QueryRanges(LOCAL).parse(&Reply::new(["#HTTPQRY: (0-2),(0-2),150,100"], "")).unwrap();
        let expected = QueryRangesAnswer { resource_length: Some(150), headers_length: Some(100) };
        assert_eq!(answer, expected);
        // The manual prints a blank behind the hash.
        let reply = Reply::new(["# HTTPSND: (0-2),(0-1),150,(1-2048),50,100"], "");
        let answer = SendRanges(LOCAL).parse(&reply).unwrap();
        let expected = SendRangesAnswer {
            resource_length: Some(150),
            least_body: Some(1),
            most_body: Some(2048),
            content_type_length: Some(50),
            headers_length: Some(100),
        };
        assert_eq!(answer, expected);
    }

    #[test]
    fn nonsense_tells_nothing() {
        for text in ["#HTTPQRY: ", "#HTTPQRY: (0-2),(0-2),many,-", "OTHER"] {
            let answer = QueryRanges(LOCAL).parse(&Reply::new([text], "")).unwrap();
            assert_eq!(answer, QueryRangesAnswer::default(), "{text}");
        }
    }
}
