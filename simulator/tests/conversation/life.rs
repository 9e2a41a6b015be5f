use std::time::Duration;

use crate::port::{builder, start};

const SILENCE: Duration = Duration::from_millis(1900);
const PAST_SILENCE: Duration = Duration::from_millis(200);

#[tokio::test(start_paused = true)]
async fn a_restart_keeps_what_is_stored_and_nothing_else() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ok("AT#SSLCFG=1,1,500,90,100,50").await;
    port.ok("AT#HTTPCFG=1,\"host.example\",8080").await;
    port.ok("AT#SETHEXSTR=2").await;
    port.ok("AT#FTPCFG=600,1").await;
    port.ok("AT#MQEN=1,1").await;
    port.ok("AT#E2ESC=3").await;
    port.ok("AT#REBOOT").await;
    port.write("AT\r").await;
    port.silent(SILENCE).await;
    tokio::time::sleep(PAST_SILENCE).await;
    // Echo and error format are back to their defaults.
    port.write("AT+CMEE?\r").await;
    port.expect("AT+CMEE?\r\r\n+CMEE: 0\r\n\r\nOK\r\n").await;
    port.quiet().await;
    port.ask("AT#SSLCFG?", "\r\n#SSLCFG:1,1,500,90,100,50,0,0,1,0,0,0\r\n\r\nOK\r\n").await;
    port.ask(
        "AT#HTTPCFG?",
        "\r\n#HTTPCFG:0,\"\",80,0,\"\",\"******\",0,120,1,1500,0,0\r\n\
         #HTTPCFG:1,\"host.example\",8080,0,\"\",\"******\",0,120,1,1500,0,0\r\n\
         #HTTPCFG:2,\"m2mlocate.telit.com\",9978,0,\"\",\"******\",0,120,1,1500,0,0\r\n\r\nOK\r\n",
    )
    .await;
    port.ask("AT#SETHEXSTR?", "\r\n#SETHEXSTR: 0\r\n\r\nOK\r\n").await;
    port.ask("AT#FTPCFG?", "\r\n#FTPCFG: 100,0,0,1\r\n\r\nOK\r\n").await;
    port.ask("AT#MQEN?", "\r\n#MQEN: 1,0\r\n#MQEN: 2,0\r\n\r\nOK\r\n").await;
    port.ask("AT#E2ESC?", "\r\n#E2ESC: 3\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn a_stale_tls_owner_blocks_the_others_after_a_restart() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#HTTPCFG=0,\"h\",443,0,,,1").await;
    port.ok("AT#ENHRST=1,0").await;
    tokio::time::sleep(SILENCE + PAST_SILENCE).await;
    port.quiet().await;
    port.ask("AT#SSLEN=1,1", "\r\n+CME ERROR: SSL already activated\r\n").await;
    port.ok("AT#HTTPCFG=0,\"h\",443,0,,,0").await;
    port.ok("AT#SSLEN=1,1").await;
}

#[tokio::test(start_paused = true)]
async fn a_saved_profile_is_loaded_at_the_start() {
    let (module, mut port) = start(builder()).await;
    port.ok("AT&W0").await;
    module.reboot();
    tokio::time::sleep(SILENCE + PAST_SILENCE).await;
    port.ask("AT+CMEE?", "\r\n+CMEE: 2\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_clock_is_lost_in_an_early_restart_only() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT+CCLK=\"24/01/01,00:00:00+00\"").await;
    port.ok("AT#REBOOT").await;
    tokio::time::sleep(SILENCE + PAST_SILENCE).await;
    port.quiet().await;
    port.ask("AT+CCLK?", "\r\n+CCLK: \"80/01/06,00:00:02+00\"\r\n\r\nOK\r\n").await;
    port.ok("AT+CCLK=\"24/01/01,00:00:00+00\"").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    port.ok("AT#REBOOT").await;
    tokio::time::sleep(SILENCE + PAST_SILENCE).await;
    port.quiet().await;
    port.ask("AT+CCLK?", "\r\n+CCLK: \"24/01/01,00:01:02+00\"\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn off_is_off_until_the_power_comes_back() {
    let (module, mut port) = start(builder()).await;
    port.ok("AT#SHDN").await;
    port.write("AT\r").await;
    port.silent(Duration::from_secs(100)).await;
    module.reboot();
    tokio::time::sleep(SILENCE + PAST_SILENCE).await;
    port.quiet().await;
}

/// Also to a plug that is put in meanwhile.
#[tokio::test(start_paused = true)]
async fn a_module_that_starts_is_silent_on_every_port() {
    let module = builder().build().unwrap();
    module.reboot();
    let mut port = crate::port::Port::of(&module);
    port.write("AT\r").await;
    port.silent(SILENCE).await;
    tokio::time::sleep(PAST_SILENCE).await;
    port.quiet().await;
}

#[tokio::test(start_paused = true)]
async fn the_memory_can_live_in_a_file() {
    let path = std::env::temp_dir().join(format!("telit-state-{}", std::process::id()));
    let (module, mut port) = start(builder().state_file(&path)).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECDATA=1,1,2,3", "\r\n> ").await;
    port.write("key\x1a").await;
    port.expect("\r\nOK\r\n").await;
    module.shutdown().await;
    let (_module, mut port) = start(builder().state_file(&path)).await;
    port.ask("AT#SSLSECDATA=1,2,2", "\r\n#SSLSECDATA: 1,2\r\nkey\r\n\r\nOK\r\n").await;
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test(start_paused = true)]
async fn unplugging_ends_the_streams() {
    use tokio::io::AsyncReadExt;
    let module = builder().build().unwrap();
    let mut stream = module.attach_duplex();
    module.unplug();
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    // The module runs on.
    crate::port::Port::of(&module).quiet().await;
}
