//! axum, with TLS before it.

use telit_simulator::servers::{Front, FrontOptions};

use super::server::{HOST, Server};
use super::shapes::Shapes;
use crate::interop::credentials::Credentials;
use crate::interop::program::required;

pub(super) struct Axum {
    credentials: Credentials,
    front: Front,
    _shapes: Shapes,
}

impl Server for Axum {
    const NAME: &'static str = "axum";

    const LEFT_OUT: &'static [(&'static str, &'static str)] = &[
        ("100", "hyper's server sends no interim answers of one's own"),
        ("103", "hyper's server sends no interim answers of one's own"),
        ("103-often", "hyper's server sends no interim answers of one's own"),
    ];

    async fn start() -> Option<Self> {
        required("curl", "curl")?;
        let credentials = Credentials::new(HOST);
        let shapes = Shapes::start().await;
        let front = FrontOptions::new(credentials.server());
        let front = Front::start(&front, shapes.address()).await.expect("TLS can be set up");
        Some(Self { credentials, front, _shapes: shapes })
    }

    fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    fn port(&self) -> u16 {
        self.front.addr().port()
    }
}
