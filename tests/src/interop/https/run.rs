//! All cases, one after the other.

use http::Request;
use telit_https::{Engine, HttpsClient, HttpsOptions, Redirects, RequestBody, RequestError};
use telit_simulator::Platform;

use super::case::Case;
use super::cases::CASES;
use super::curl::curl;
use super::outcome::{Outcome, Summary};
use super::seen::Seen;
use super::server::{HOST, Server};
use crate::interop::device::Device;

/// The fewest cases that say something about a server.
const ENOUGH: usize = 60;

/// Sends every request through one engine.
pub(super) async fn all<S: Server>(server: &S, engine: Engine) {
    let device = Device::online_in_haste(Platform::P37, &[(HOST, 443, server.port())]).await;
    let options = HttpsOptions::new().engine(engine).redirects(Redirects::none());
    let client = HttpsClient::new(&device.modem, server.credentials().anonymous_tls());
    let client = client.with_options(options.clone());
    let keeping = client.clone().with_options(options.keep_tls(true));
    let mut summary = Summary::new(format!("{} by {engine}", S::NAME));
    for case in CASES {
        let client = if case.twice { &keeping } else { &client };
        summary.add(&case.name(), try_out(server, client, engine, case).await);
        client.release_tls().await.expect("TLS is given back");
        assert_eq!(device.modem.tls_holder(), None, "{}", case.name());
    }
    summary.assert_right();
    assert!(summary.tried() >= ENOUGH, "{summary}");
}

async fn try_out<S: Server>(server: &S, client: &HttpsClient, engine: Engine, case: &Case) -> Outcome {
    if let Some((_, why)) = S::LEFT_OUT.iter().find(|(shape, _)| *shape == case.shape()) {
        return Outcome::LeftOut(why);
    }
    let by_curl = curl(server, case).await;
    if let Some(body) = case.comes_back()
        && by_curl.body != body
    {
        return Outcome::Wrong(format!("the server answers curl {by_curl:?}"));
    }
    let refused = case.refused.filter(|why| engine == Engine::Module || why.is_everybodys());
    if let Some(why) = refused {
        return match send(client, case).await {
            Err(error) if why.is(&error) => Outcome::Refused(why),
            Err(error) => Outcome::Wrong(format!("refused, but because {error}")),
            Ok(_) => Outcome::Wrong("it is not refused".to_owned()),
        };
    }
    let expected = match engine {
        Engine::Module => by_curl.without_what_the_module_hides(),
        _ => by_curl,
    };
    for _ in 0..if case.twice { 2 } else { 1 } {
        let seen = match send(client, case).await {
            Ok(response) => Seen::by_sdk(response).await,
            Err(error) => Err(error.to_string()),
        };
        if seen.as_ref() != Ok(&expected) {
            return Outcome::Wrong(format!("{seen:?}, and curl gets {expected:?}"));
        }
    }
    Outcome::Equal
}

async fn send(client: &HttpsClient, case: &Case) -> Result<http::Response<telit_https::Body>, RequestError> {
    let mut request = Request::builder().method(case.method).uri(format!("https://{HOST}/{}", case.path));
    for (name, value) in case.headers {
        request = request.header(*name, *value);
    }
    let body = case.body().map_or_else(RequestBody::empty, RequestBody::from);
    client.send(request.body(body).expect("it is a request")).await
}
