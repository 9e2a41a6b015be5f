//! Data mode needs a connection: see the service tests. Here is what happens without one.

use crate::port::{builder, start};

#[tokio::test(start_paused = true)]
async fn there_is_nothing_to_go_back_to() {
    let (_module, mut port) = start(builder()).await;
    port.ask("ATO", "\r\nNO CARRIER\r\n").await;
    port.ask("ATD*99#", "\r\nNO CARRIER\r\n").await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLO=1", "\r\n+CME ERROR: SSL not connected\r\n").await;
    port.ask("AT#SSLRECV=1,1000", "\r\n+CME ERROR: SSL not connected\r\n").await;
    port.ask("AT#SSLRECV=1,1001", "\r\nERROR\r\n").await;
    port.ask("AT#SSLSENDEXT=1,5", "\r\n+CME ERROR: SSL not connected\r\n").await;
    port.ok("AT#SSLH=1").await;
}

#[tokio::test(start_paused = true)]
async fn services_refuse_without_a_context_or_a_session() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#HTTPCFG=0,\"h\",80").await;
    port.ask("AT#HTTPQRY=0,0,\"/\"", "\r\n+CME ERROR: context not opened\r\n").await;
    port.ask("AT#HTTPQRY=0,0,\"x\"", "\r\nERROR\r\n").await;
    port.ask("AT#HTTPRCV=0", "\r\n+CME ERROR: wrong state\r\n").await;
    port.ask("AT#FTPOPEN=\"h\",\"u\",\"p\",1", "\r\n+CME ERROR: Can not resolve name\r\n").await;
    port.ask("AT#FTPPWD", "\r\n+CME ERROR: Not connected\r\n").await;
    port.ask("AT#FTPRECV=100", "\r\n+CME ERROR: Not connected\r\n").await;
    port.ask("AT#FTPTO=", "\r\n#FTPTO: 100\r\n\r\nOK\r\n").await;
}
