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

use self::axum::Axum;
use self::nginx::Nginx;
use self::python::Python;
use self::server::Server;

#[tokio::test]
async fn nginx_through_the_module() {
    let Some(server) = Nginx::start().await else { return };
    run::module(&server).await;
}

#[tokio::test]
async fn axum_through_the_module() {
    let Some(server) = Axum::start().await else { return };
    run::module(&server).await;
}

#[tokio::test]
async fn python_through_the_module() {
    let Some(server) = Python::start().await else { return };
    run::module(&server).await;
}
