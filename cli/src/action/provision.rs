//! `telit provision`: credentials on the module, written only where they differ.

use serde_json::json;
use telit_core::exclusive::Service;
use telit_core::tls::{self, Provision};

use crate::args::Arguments;
use crate::failure::Failure;
use crate::output::Output;
use crate::port;

pub(crate) async fn run(arguments: &Arguments, output: &Output) -> Result<(), Failure> {
    let authorities = arguments.tls.authorities()?;
    let identity = arguments.tls.identity()?;
    if authorities.is_empty() && identity.is_none() {
        return Err(Failure::usage("nothing to store").hint("give --ca FILE, or --cert FILE and --key FILE"));
    }
    let session = port::open(&arguments.global).await?;
    let modem = &session.modem;
    let lease = modem.try_acquire_tls(Service::Socket).await?;
    let done = tls::provision(modem, &lease, &authorities, identity.as_ref()).await?;
    lease.release();
    let (ca, cert, key) = (word(done.authorities), word(done.certificate), word(done.key));
    output.result(&json!({ "ca": ca, "cert": cert, "key": key }), || {
        format!("CA certificate      {ca}\nclient certificate  {cert}\nprivate key         {key}")
    })
}

fn word(outcome: Provision) -> &'static str {
    match outcome {
        Provision::Stored => "stored",
        Provision::Unchanged => "unchanged",
        _ => "absent",
    }
}
