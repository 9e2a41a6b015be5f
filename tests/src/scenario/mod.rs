//! One file a behaviour.

mod aws;
mod every_platform;
mod ftps;
mod https;
mod https_download;
mod https_engines;
mod https_hostile;
mod line_states;
mod mqtt;
mod mqtt_host;
mod mqtt_instances;
pub(crate) mod mqtt_stress;
mod mqtt_will;
mod ownership;
mod pairs;
mod port_names;
mod provision;
mod refused_peers;
mod secrets;
mod sim_pin;
pub(crate) mod socket;
mod supervised_download;
mod supervised_mqtt;
mod tls_policy;
mod transcripts;
mod two_tables;
mod verification;
