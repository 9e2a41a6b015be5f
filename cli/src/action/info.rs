//! `telit info`: what the module is and how it is.

use serde_json::json;

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::port;

/// Reads only, and does not wait for a network.
pub(crate) async fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let session = port::open(&arguments.global).await?;
    let modem = &session.modem;
    let registration = modem.registration().await?;
    let owner = modem.tls_owner().await?.map(|service| service.to_string());
    let platform = modem.profile().id.to_string();
    let object = json!({
        "model": modem.model(),
        "firmware": modem.firmware(),
        "platform": platform,
        "registered": registration.is_registered(),
        "registration": registration.to_string(),
        "tls_owner": owner,
    });
    output.result(&object, || {
        let model = modem.model();
        let firmware = modem.firmware();
        let owner = owner.as_deref().unwrap_or("nobody");
        format!(
            "model      {model}\nfirmware   {firmware}\nplatform   {platform}\nnetwork    {registration}\nTLS owner  {owner}"
        )
    })
}
