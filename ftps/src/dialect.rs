//! How this firmware's FTP commands are written and what they take: the platform's table, overridden by the module's
//! test forms.

use telit_core::platform::{Availability, FtpProfile};
use telit_core::{CommandError, Modem};

/// Fields of `#FTPCFG` where EPSV and EPRT can be chosen. Source: M37 p837.
const WITH_EXTENDED_COMMANDS: usize = 4;
/// Value of `<FTPext>` that is taken for TLS from the first byte on, where platform and test form have it. The guide
/// says that platform 52 can and no public document says how. TLS itself is asked for in its own field, so that a
/// firmware which means something else by this value still refuses to go on without TLS.
const IMPLICIT: usize = 2;
/// Most bytes of a block, whatever the module says that it takes or gives: so much memory is taken for it.
const LARGEST_BLOCK: usize = 64 * 1024;

/// What the test forms answered; `None` where the module refused one.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestForms {
    /// `AT#FTPCFG=?`
    pub(crate) configuration: Option<Vec<String>>,
    /// `AT#FTPRECV=?`
    pub(crate) receive: Option<Vec<String>>,
    /// `AT#FTPAPPEXT=?`
    pub(crate) append: Option<Vec<String>>,
}

/// What this firmware's FTP client takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `#FTPCFG` lets EPSV and EPRT be chosen.
    pub(crate) extended_commands: bool,
    /// `#FTPCFG` offers TLS from the first byte on.
    pub(crate) implicit_tls: bool,
    /// Largest block of `#FTPRECV`.
    pub(crate) receive: usize,
    /// Largest block of `#FTPAPPEXT`; `None` if the firmware lacks it, so that files are sent in online mode.
    pub(crate) append: Option<usize>,
}

impl Dialect {
    /// Asks for the test forms, which a modem keeps.
    pub(crate) async fn learn(modem: &Modem, ftp: &FtpProfile) -> Result<Self, CommandError> {
        let forms = TestForms {
            configuration: modem.test_form("#FTPCFG").await?,
            receive: modem.test_form("#FTPRECV").await?,
            append: modem.test_form("#FTPAPPEXT").await?,
        };
        Ok(Self::new(ftp, &forms))
    }

    fn new(ftp: &FtpProfile, forms: &TestForms) -> Self {
        let told = forms.configuration.as_ref().map(Vec::len).filter(|fields| *fields > 0);
        let fields = told.unwrap_or_else(|| usize::from(ftp.config_fields));
        let implicit = most(&forms.configuration, 3).is_some_and(|most| most >= IMPLICIT);
        Self {
            extended_commands: fields >= WITH_EXTENDED_COMMANDS,
            implicit_tls: implicit && ftp.implicit_tls != Availability::No,
            receive: most(&forms.receive, 0).unwrap_or(ftp.receive).clamp(1, LARGEST_BLOCK),
            append: forms
                .append
                .as_ref()
                .map(|_| most(&forms.append, 0).unwrap_or(ftp.append).clamp(1, LARGEST_BLOCK)),
        }
    }
}

/// The upper end of `(1-3000)`, `(0,1)` or `1500`.
fn most(form: &Option<Vec<String>>, field: usize) -> Option<usize> {
    let inner = form.as_ref()?.get(field)?.trim_matches(['(', ')', ' ']);
    let numbers: Option<Vec<usize>> =
        inner.split(['-', ',']).map(|number| number.trim().parse().ok()).collect();
    numbers?.into_iter().max()
}

#[cfg(test)]
mod tests {
    use telit_core::platform::{PlatformId, profile};

    use super::*;

    fn form(fields: &[&str]) -> Option<Vec<String>> {
        Some(fields.iter().map(|field| (*field).to_owned()).collect())
    }

    fn dialect(implicit_tls: Availability, forms: &TestForms) -> Dialect {
        let mut ftp = profile(PlatformId::P37).ftp.clone().unwrap();
        ftp.implicit_tls = implicit_tls;
        Dialect::new(&ftp, forms)
    }

    fn forms(configuration: &[&str]) -> TestForms {
        TestForms {
            configuration: form(configuration),
            receive: form(&["(1-1024)"]),
            append: form(&["(1-500)", "(0,1)"]),
        }
    }

    #[test]
    fn test_forms_override_the_table() {
        let three = dialect(Availability::No, &forms(&["(100-5000)", "(0,1)", "(0,1)"]));
        let expected =
            Dialect { extended_commands: false, implicit_tls: false, receive: 1024, append: Some(500) };
        assert_eq!(three, expected);
        let four = dialect(Availability::No, &forms(&["(100-5000)", "(0,1)", "(0,1)", "(0,1)"]));
        assert_eq!(four, Dialect { extended_commands: true, ..expected });
    }

    #[test]
    fn what_test_forms_do_not_tell_the_table_does() {
        let empty = TestForms { configuration: form(&[]), receive: form(&["many"]), append: form(&[]) };
        let expected =
            Dialect { extended_commands: true, implicit_tls: false, receive: 3000, append: Some(1500) };
        assert_eq!(dialect(Availability::No, &empty), expected);
        assert_eq!(dialect(Availability::No, &TestForms::default()), Dialect { append: None, ..expected });
    }

    #[test]
    fn a_block_takes_no_more_memory_than_is_right_whatever_the_module_says() {
        let huge = "(1-18446744073709551615)";
        let forms = TestForms { receive: form(&[huge]), append: form(&[huge]), ..TestForms::default() };
        let told = dialect(Availability::No, &forms);
        assert_eq!((told.receive, told.append), (65_536, Some(65_536)));
        let none = TestForms { receive: form(&["(0)"]), append: form(&["0"]), ..TestForms::default() };
        assert_eq!(dialect(Availability::No, &none).receive, 1);
    }

    #[test]
    fn implicit_tls_needs_the_platform_and_its_test_form() {
        let with = forms(&["(100-5000)", "(0,1)", "(0,1)", "(0-2)"]);
        let without = forms(&["(100-5000)", "(0,1)", "(0,1)", "(0,1)"]);
        assert!(dialect(Availability::Probe, &with).implicit_tls);
        assert!(!dialect(Availability::Probe, &without).implicit_tls);
        assert!(!dialect(Availability::No, &with).implicit_tls);
    }
}
