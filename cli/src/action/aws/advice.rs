//! What helps where AWS IoT is the broker: advice that is good for brokers in general is not always good for it.

use telit_core::Category;
use telit_core::platform::Profile;
use telit_core::tls::{
    CipherPolicy, PolicyRefusal, Probed, SuiteOffer, TlsError, TlsFailure, TlsOptions, resolve,
};
use telit_mqtt::ConnectError;
use telit_mqtt::presets::PresetError;
use telit_mqtt::roots::RootCa;

use crate::failure::Failure;
use crate::tls::TlsArguments;

const LOGIN: &str = "AWS closes the connection without a word if the certificate is not active, or if its policy does not \
allow iot:Connect to this client identifier; check the endpoint and the network too";
const NO_IDENTITY: &str = "AWS IoT wants to see a client certificate: give --cert and --key";
const AMAZON_TRUSTED: &str = "without --ca Amazon's roots are trusted, and a broker that is not Amazon's, such as that of \
simulate --aws-broker, needs --ca; check the endpoint, whether the certificate is active, and the module's clock too";
const OTHERS_TRUSTED: &str = "check that --ca has signed the server's certificate (without it Amazon's roots are \
trusted), that --cert is one of this account and active, and the module's clock";
const CHECKS_NAMES: &str = "use a module of platform 25, 30, 37 or 52: Amazon's roots have signed the certificates of \
others too, so the host name has to be checked";
const NO_NAME: &str = "connect without it: --no-sni";
const OLDER: &str = "leave --min-tls 1.3 out if the endpoint takes TLS 1.2";
const OTHER_MODULE: &str = "use a module of platform 37, 52 or 25 ThreadX, or a gateway in between";
const KEY_TRANSPORT: &str = "give --cipher 0x009C --cipher 0x003C --cipher 0x002F: what AWS IoT takes from such modules, \
without forward secrecy";
const ROOT: &str =
    "use the endpoint that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` names, or give --ca";

/// Who asks for the advice: what it can be told to do differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::action) enum Asked {
    /// `telit aws`, which chooses the cipher suites.
    Preset,
    /// `telit mqtt`, which is given them.
    Options,
}

/// Why there is no connection to AWS IoT.
pub(in crate::action) fn unconnected(error: ConnectError, tls: &TlsArguments, asked: Asked) -> Failure {
    let (category, text) = (error.category(), error.to_string());
    // What stands behind a semicolon is advice for all brokers.
    let short = || Failure::new(category, text.split("; ").next().unwrap_or_default());
    match &error {
        ConnectError::TlsSetup(TlsError::Policy(refusal)) => short().hint(refused(refusal, asked)),
        ConnectError::Preset(PresetError::NoCommonSuite { .. }) if tls.needs_tls13() => short().hint(OLDER),
        ConnectError::Preset(PresetError::UnknownChain { .. }) => short().hint(ROOT),
        ConnectError::Tls { failure: TlsFailure::Handshake, .. } if tls.cert.is_none() => {
            short().hint(NO_IDENTITY)
        }
        ConnectError::Tls { failure: TlsFailure::Handshake, .. } if tls.names_no_trust() => {
            short().hint(AMAZON_TRUSTED)
        }
        ConnectError::Tls { failure: TlsFailure::Handshake, .. } if !tls.ca.is_empty() => {
            short().hint(OTHERS_TRUSTED)
        }
        ConnectError::NotConnected { .. } | ConnectError::Network(_) if category == Category::Network => {
            short().hint(LOGIN)
        }
        _ => error.into(),
    }
}

fn refused(refusal: &PolicyRefusal, asked: Asked) -> String {
    let hint = match refusal {
        PolicyRefusal::HostCheck { .. } => CHECKS_NAMES,
        PolicyRefusal::ServerName { .. } => NO_NAME,
        PolicyRefusal::Version { .. } => OLDER,
        // Where one of them cannot be helped, the others need no help.
        PolicyRefusal::Several { refusals } if refusals.iter().any(is_host_check) => CHECKS_NAMES,
        PolicyRefusal::Several { refusals } => {
            let hints = refusals.iter().map(|refusal| refused(refusal, asked));
            return hints.collect::<Vec<_>>().join("; ");
        }
        _ if asked == Asked::Options => KEY_TRANSPORT,
        _ => OTHER_MODULE,
    };
    hint.to_owned()
}

fn is_host_check(refusal: &PolicyRefusal) -> bool {
    matches!(refusal, PolicyRefusal::HostCheck { .. })
}

/// Platforms that `--cipher compatible` keeps to DHE have nothing in common with AWS IoT then.
pub(in crate::action) fn check_compatible(profile: &'static Profile) -> Result<(), Failure> {
    let builder = TlsOptions::builder().cipher_policy(CipherPolicy::Compatible).without_server_name();
    let compatible = builder.ca(RootCa::AmazonRootCa1.certificate()?).build()?;
    match resolve(profile, &compatible, &Probed::default()).map(|plan| plan.offer) {
        Ok(SuiteOffer::Pinned { suite, .. }) if suite.to_string().starts_with("TLS_DHE_") => {
            let platform = profile.id;
            let message = format!(
                "--cipher compatible makes platform {platform} offer {suite}, which AWS IoT does not take"
            );
            Err(Failure::usage(message).hint(KEY_TRANSPORT))
        }
        _ => Ok(()),
    }
}
