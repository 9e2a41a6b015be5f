//! FTP servers that demand TLS. They exclude each other as Debian packages, so the second one is
//! unpacked into a folder of `PATH` instead of being installed; `.ci/run` does that.

/// A test for each scenario, with the server that `start()` of the surrounding module gives.
macro_rules! scenarios {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            if let Some(server) = start().await {
                super::scenario::$name(server).await;
            }
        }
    )*};
}

mod proftpd;
mod pure_ftpd;
mod scenario;
mod server;
