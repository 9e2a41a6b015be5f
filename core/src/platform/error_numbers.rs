//! The two numberings of TLS errors.
//!
//! The same texts carry numbers from 830 in the guide and from 1000 in the manual of platform 37, and one host
//! driver of platform 20 met both. So every platform is read with both sets. Source: SSL guide 12.2, M37 p27.

/// Which of the two sets a platform is documented with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SslNumbering {
    /// 830 to 841. Source: SSL guide 12.2.
    From830,
    /// 1000 to 1012. Source: M37 p27.
    From1000,
}

/// Text, number in the guide, number in the manual of platform 37.
const SSL_ERRORS: [(&str, Option<u16>, u16); 13] = [
    ("SSL generic error", Some(830), 1002),
    ("SSL cannot activate", Some(831), 1007),
    ("SSL socket error", Some(832), 1005),
    ("SSL not connected", Some(833), 1008),
    ("SSL already connected", Some(834), 1009),
    ("SSL already activated", Some(835), 1003),
    ("SSL not activated", Some(836), 1000),
    ("SSL certs and keys wrong or not stored", Some(837), 1001),
    ("SSL error enc/dec data", Some(838), 1010),
    ("SSL error during handshake", Some(839), 1004),
    ("SSL disconnected", Some(840), 1011),
    ("SSL invalid state", Some(841), 1006),
    ("SSL version mismatch", None, 1012),
];

/// The text behind a number of either set, as it is printed with `+CMEE=2`.
#[must_use]
pub fn ssl_error_text(number: u16) -> Option<&'static str> {
    SSL_ERRORS
        .iter()
        .find_map(|(text, guide, manual)| (*guide == Some(number) || *manual == number).then_some(*text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sets_lead_to_the_same_text() {
        assert_eq!(ssl_error_text(835), Some("SSL already activated"));
        assert_eq!(ssl_error_text(1003), Some("SSL already activated"));
        assert_eq!(ssl_error_text(1012), Some("SSL version mismatch"));
        assert_eq!(ssl_error_text(1013), None);
    }

    #[test]
    fn both_sets_are_complete() {
        for number in (830..=841).chain(1000..=1012) {
            assert!(ssl_error_text(number).is_some(), "{number}");
        }
    }
}
