//! The same requests to nginx, axum and Python's http.server through both engines, each compared with what curl gets from
//! the same server. What an engine cannot carry it refuses with the reason; what a server cannot answer is left out, with
//! the reason.

mod axum;
mod case;
mod cases;
mod contents;
mod curl;
mod nginx;
mod outcome;
mod python;
mod refusal;
mod run;
mod seen;
mod server;
mod shapes;

use telit_https::Engine;

use self::axum::Axum;
use self::nginx::Nginx;
use self::python::Python;
use self::server::Server;

/// Both engines, and each server.
macro_rules! with_every_server {
    ($($name:ident $engine:ident $server:ident)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                let Some(server) = $server::start().await else { return };
                run::all(&server, Engine::$engine).await;
            }
        )+
    };
}

with_every_server! {
    nginx_through_the_module Module Nginx
    axum_through_the_module Module Axum
    python_through_the_module Module Python
    nginx_from_this_computer Socket Nginx
    axum_from_this_computer Socket Axum
    python_from_this_computer Socket Python
}
