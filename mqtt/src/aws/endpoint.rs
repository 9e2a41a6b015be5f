//! Endpoints of AWS IoT, told apart by their names.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An endpoint that devices can speak MQTT with.
///
/// `aws iot describe-endpoint --endpoint-type iot:Data-ATS` tells it. It never changes for an account and a region.
///
/// ```
/// use telit_mqtt::aws::{Endpoint, EndpointKind, Partition};
///
/// # fn main() -> Result<(), telit_mqtt::aws::EndpointError> {
/// let endpoint: Endpoint = "prefix-ats.iot.eu-central-1.amazonaws.com".parse()?;
/// let (region, partition) = ("eu-central-1".to_owned(), Partition::Commercial);
/// assert_eq!(*endpoint.kind(), EndpointKind::Ats { region, partition });
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    kind: EndpointKind,
}

/// What kind of endpoint it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointKind {
    /// Of type `iot:Data-ATS`: its certificate leads to the Amazon roots.
    Ats {
        /// The region.
        region: String,
        /// The partition.
        partition: Partition,
    },
    /// Of the old type `iot:Data`: its certificate leads to a `VeriSign` root, which nobody should trust any more.
    Legacy {
        /// The region.
        region: String,
        /// The partition.
        partition: Partition,
    },
    /// A name of one's own, which AWS finds by the server name (SNI).
    CustomDomain,
}

/// The parts of AWS that know nothing of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Partition {
    /// All regions but the following.
    Commercial,
    /// The regions in China.
    China,
    /// AWS `GovCloud` (US).
    GovCloud,
}

/// This is no endpoint that devices can speak MQTT with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// It is no host name.
    #[error("the endpoint is no host name: {problem}; {DESCRIBE}")]
    NotAHostName {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// It is for managing AWS IoT.
    #[error("this endpoint is for managing AWS IoT, devices cannot connect to it; {DESCRIBE}")]
    ControlPlane,
    /// It is for signed HTTPS requests of all accounts.
    #[error("this endpoint belongs to no account and takes signed HTTPS requests only; {DESCRIBE}")]
    Shared,
    /// It gives out credentials over HTTPS.
    #[error(
        "this endpoint gives out credentials over HTTPS (iot:CredentialProvider) and speaks no MQTT; {DESCRIBE}"
    )]
    CredentialProvider,
    /// It tells of jobs over HTTPS.
    #[error(
        "this endpoint tells of jobs over HTTPS (iot:Jobs) and speaks no MQTT; jobs come over the data endpoint too; \
         {DESCRIBE}"
    )]
    Jobs,
    /// It belongs to another service of AWS, or to none that is known.
    #[error("this is no endpoint of AWS IoT that is known; {DESCRIBE}")]
    Unknown,
    /// The region belongs to another partition than the rest of the name.
    #[error("the region {region} does not go with the end of the endpoint's name; {DESCRIBE}")]
    WrongPartition {
        /// The region.
        region: String,
    },
}

const DESCRIBE: &str = "use the name that `aws iot describe-endpoint --endpoint-type iot:Data-ATS` tells";

/// Ends of names that belong to AWS, with whether they are for China.
const DOMAINS: [(&str, bool); 4] = [
    (".amazonaws.com.cn", true),
    (".api.amazonwebservices.com.cn", true),
    (".amazonaws.com", false),
    (".api.aws", false),
];

impl Endpoint {
    /// The host name, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// What kind of endpoint it is.
    #[must_use]
    pub fn kind(&self) -> &EndpointKind {
        &self.kind
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = text.to_ascii_lowercase();
        check_host_name(&host)?;
        let kind = kind_of(&host)?;
        Ok(Self { host, kind })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.host)
    }
}

fn check_host_name(host: &str) -> Result<(), EndpointError> {
    let wrong = |problem| Err(EndpointError::NotAHostName { problem });
    if host.contains("://") || host.contains('/') {
        return wrong("leave scheme and path out");
    }
    if host.parse::<IpAddr>().is_ok() {
        return wrong("an address names no endpoint");
    }
    if host.contains(':') {
        return wrong("leave the port out, it is 8883");
    }
    if host.len() > 253 || !host.contains('.') || !host.split('.').all(is_label) {
        return wrong("names are letters, digits and hyphens with dots between");
    }
    Ok(())
}

fn is_label(label: &str) -> bool {
    let in_order = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    in_order && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

fn kind_of(host: &str) -> Result<EndpointKind, EndpointError> {
    let ending = DOMAINS.iter().find_map(|(end, china)| Some((host.strip_suffix(end)?, *china)));
    let Some((name, china)) = ending else {
        return Ok(EndpointKind::CustomDomain);
    };
    let labels: Vec<&str> = name.split('.').collect();
    let [prefix @ .., "iot" | "iot-fips", region] = labels.as_slice() else {
        return Err(EndpointError::Unknown);
    };
    let partition = partition_of(region, china)?;
    let region = (*region).to_owned();
    match prefix {
        [] => Err(EndpointError::ControlPlane),
        ["data" | "data-ats"] | ["data", "ats"] => Err(EndpointError::Shared),
        [.., "credentials"] => Err(EndpointError::CredentialProvider),
        [.., "jobs"] => Err(EndpointError::Jobs),
        // Beijing has a level of its own for what is a suffix elsewhere.
        [_, "ats"] if region == "cn-north-1" => Ok(EndpointKind::Ats { region, partition }),
        [account] if account.strip_suffix("-ats").is_some_and(|prefix| !prefix.is_empty()) => {
            Ok(EndpointKind::Ats { region, partition })
        }
        [_] => Ok(EndpointKind::Legacy { region, partition }),
        _ => Err(EndpointError::Unknown),
    }
}

fn partition_of(region: &str, china: bool) -> Result<Partition, EndpointError> {
    let number = region.rsplit('-').next().unwrap_or_default();
    if region.split('-').count() < 3 || number.parse::<u8>().is_err() {
        return Err(EndpointError::Unknown);
    }
    if region.starts_with("cn-") != china {
        return Err(EndpointError::WrongPartition { region: region.to_owned() });
    }
    Ok(match region {
        _ if china => Partition::China,
        _ if region.starts_with("us-gov-") => Partition::GovCloud,
        _ => Partition::Commercial,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(host: &str) -> Result<EndpointKind, EndpointError> {
        host.parse::<Endpoint>().map(|endpoint| endpoint.kind)
    }

    #[test]
    fn endpoints_of_accounts() {
        for (host, region, partition) in [
            ("a1b2c3-ats.iot.eu-central-1.amazonaws.com", "eu-central-1", Partition::Commercial),
            ("A1B2C3-ATS.iot.us-east-1.amazonaws.com", "us-east-1", Partition::Commercial),
            ("a1-ats.iot.ap-southeast-2.api.aws", "ap-southeast-2", Partition::Commercial),
            ("a1-ats.iot-fips.us-west-2.amazonaws.com", "us-west-2", Partition::Commercial),
            ("a1-ats.iot.us-gov-west-1.amazonaws.com", "us-gov-west-1", Partition::GovCloud),
            ("a1.ats.iot.cn-north-1.amazonaws.com.cn", "cn-north-1", Partition::China),
            ("a1-ats.iot.cn-northwest-1.amazonaws.com.cn", "cn-northwest-1", Partition::China),
        ] {
            let region = region.to_owned();
            assert_eq!(kind(host), Ok(EndpointKind::Ats { region, partition }), "{host}");
        }
        let endpoint: Endpoint = "A1-ats.iot.us-east-1.amazonaws.com".parse().unwrap();
        assert_eq!(endpoint.to_string(), "a1-ats.iot.us-east-1.amazonaws.com");
        let (region, partition) = ("us-east-1".to_owned(), Partition::Commercial);
        assert_eq!(kind("a1.iot.us-east-1.amazonaws.com"), Ok(EndpointKind::Legacy { region, partition }));
    }

    #[test]
    fn any_other_name_is_a_domain_of_ones_own() {
        for host in ["iot.example.com", "broker.test", "a1-ats.iot.us-east-1.amazonaws.com.example.com"] {
            assert_eq!(kind(host), Ok(EndpointKind::CustomDomain), "{host}");
        }
    }

    #[test]
    fn endpoints_for_other_things_are_refused_with_the_reason() {
        for (host, error) in [
            ("iot.eu-central-1.amazonaws.com", EndpointError::ControlPlane),
            ("data-ats.iot.eu-central-1.amazonaws.com", EndpointError::Shared),
            ("data.iot-fips.us-gov-west-1.amazonaws.com", EndpointError::Shared),
            ("data.ats.iot.cn-north-1.amazonaws.com.cn", EndpointError::Shared),
            ("a1.credentials.iot.eu-central-1.amazonaws.com", EndpointError::CredentialProvider),
            ("a1.jobs.iot.eu-central-1.amazonaws.com", EndpointError::Jobs),
            ("data.jobs.iot.eu-central-1.amazonaws.com", EndpointError::Jobs),
            ("s3.eu-central-1.amazonaws.com", EndpointError::Unknown),
            ("a1-ats.iot.amazonaws.com", EndpointError::Unknown),
            ("a1-ats.iot.eu-central.amazonaws.com", EndpointError::Unknown),
            ("x.ats.iot.eu-west-1.amazonaws.com", EndpointError::Unknown),
            ("x.ats.iot.cn-northwest-1.amazonaws.com.cn", EndpointError::Unknown),
            ("a.b.c.iot.eu-central-1.amazonaws.com", EndpointError::Unknown),
            (
                "a1-ats.iot.cn-north-1.amazonaws.com",
                EndpointError::WrongPartition { region: "cn-north-1".to_owned() },
            ),
            (
                "a1-ats.iot.us-east-1.amazonaws.com.cn",
                EndpointError::WrongPartition { region: "us-east-1".to_owned() },
            ),
        ] {
            assert_eq!(kind(host), Err(error.clone()), "{host}");
            assert!(error.to_string().ends_with(DESCRIBE), "{error}");
        }
    }

    #[test]
    fn what_is_no_host_name_is_refused() {
        for host in [
            "",
            "localhost",
            "https://a1-ats.iot.us-east-1.amazonaws.com",
            "a1-ats.iot.us-east-1.amazonaws.com/",
            "a1-ats.iot.us-east-1.amazonaws.com:8883",
            "a1-ats.iot.us-east-1.amazonaws.com.",
            "192.0.2.1",
            "2001:db8::1",
            "a_b.example.com",
            "-a.example.com",
            "a..example.com",
            "grün.example.com",
            "a b.example.com",
            &format!("{}.example.com", "a".repeat(64)),
        ] {
            assert!(matches!(kind(host), Err(EndpointError::NotAHostName { .. })), "{host:?}");
        }
    }
}
