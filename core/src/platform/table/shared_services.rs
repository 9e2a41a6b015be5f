//! The HTTP, FTP and MQTT clients of platforms whose own manual has not been read: IPE28 and the SSL guide
//! say what differs, M37 gives the limits that nobody else prints. Test forms tell better.

use std::time::Duration;

use crate::platform::profile::Availability;
use crate::platform::service_profile::{FtpProfile, HttpProfile, MqttProfile};

/// The HTTP client.
pub(super) const fn http(
    tls: Availability,
    config_fields: u8,
    host_length: Option<usize>,
    joined_headers: Availability,
) -> HttpProfile {
    HttpProfile {
        tls,
        profiles: 0..=2,           // IPE28 p100
        reserved_profile: Some(2), // IPE28 p101, p103
        config_fields,
        host_length,
        login_length: match host_length {
            Some(_) => Some(50), // IPE28 p100-104
            None => None,
        },
        // The only test answer seen; a capture of an HE910.
        resource_length: 150,
        headers_length: 100,
        joined_headers,
        timeout: Duration::from_secs(1)..=Duration::from_secs(65_535), // IPE28 p100-104
        timeout_default: Duration::from_secs(120),                     // IPE28 p101, p103
        packet_size: 0..=1500, // IPE28 p101-104, where the field exists
        receive: 64..=1500,    // M37 p869
        // The limit to 200-206 stands in M37 p862 only.
        reported_status: 100..=599,
    }
}

/// The FTP client.
pub(super) const fn ftp(
    config_fields: u8,
    open_context_field: Availability,
    implicit_tls: Availability,
) -> FtpProfile {
    FtpProfile {
        tls: Availability::Yes, // SSL guide 9
        implicit_tls,
        open_context_field,
        config_fields,
        timeout: Duration::from_secs(10)..=Duration::from_secs(500), // M37 p834, in units of 100 ms
        timeout_default: Duration::from_secs(10),                    // M37 p834
        open_timeout_limit: None,
        path_length: 200,           // M37 p827
        receive: 3000,              // M37 p830, HE910 guide p249
        append: 1500,               // M37 p808
        restart: Availability::Yes, // IPE28 p129, IPE15 p48
        one_download_a_session: false,
        raw_command: Availability::Probe,
        raw_command_length: Some(200), // M37 p812
    }
}

/// The MQTT client.
pub(super) const fn mqtt(tls: Availability) -> MqttProfile {
    MqttProfile {
        tls,
        instances: 1..=2, // IPE28 p136
        ssl_instance_field: Availability::Probe,
        keep_alive: Duration::from_secs(20)..=Duration::from_secs(3600), // IPE28 p138, M37 p1018
        // IPE28 p138 has 20 s, which firmware like that of M37 p1018 refuses; the guides' examples set 60 s.
        keep_alive_default: Duration::from_secs(60),
        packet_timeout: Duration::from_secs(1)..=Duration::from_secs(60), // M37 p1023
        packet_timeout_default: Duration::from_secs(10),                  // IPE28 p139
        host_length: 512,                                                 // M37 p1012
        login_length: 512,                                                // M37 p1015-1017
        topic_length: 256,                                                // M37 p1025-1028
        will_topic_length: 256,                                           // M37 p1021
        will_message_length: 1024,                                        // M37 p1021
        // The vendor's library of 2021; M37 p1030 has more.
        text_payload: 140,
        // What an application on ME910C1 cuts its texts to; nothing shows that longer ones arrive everywhere.
        short_text_payload: 120,
        publish_counted: Availability::Probe,
        counted_payload: 65_536,                        // M37 p1035
        counted_input_timeout: Duration::from_secs(10), // M37 p1034
        subscribe_qos_field: Availability::Probe,
        message_slots: 1..=30, // IPE28 p144
    }
}
