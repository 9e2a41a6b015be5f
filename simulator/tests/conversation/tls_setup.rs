use telit_simulator::Quirk;

use crate::port::{builder, start};

#[tokio::test(start_paused = true)]
async fn nothing_can_be_set_before_tls_is_on() {
    let (_module, mut port) = start(builder()).await;
    let off = "\r\n+CME ERROR: SSL not activated\r\n";
    for command in [
        "AT#SSLCFG?",
        "AT#SSLCFG=1,1,300,90,100,50",
        "AT#SSLSECCFG?",
        "AT#SSLSECCFG2?",
        "AT#SSLSECDATA?",
        "AT#SSLSECDATA=1,2,1",
        "AT#SSLSECCA?",
        "AT#SSLSECCS=1",
        "AT#SSLD=1,443,\"host.example\",0,1",
        "AT#SSLH=1",
        "AT#SSLO=1",
        "AT#SSLRECV=1,1000",
        "AT#SSLSENDEXT=1,5",
        "AT#SSLI=1",
    ] {
        port.ask(command, off).await;
    }
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,0\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLEN=?", "\r\n#SSLEN: (1-10),(0,1)\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn enabling_twice_is_an_error() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,0").await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLEN=1,1", "\r\n+CME ERROR: SSL already activated\r\n").await;
    port.ask("AT#SSLEN=11,1", "\r\nERROR\r\n").await;
    port.ask(
        "AT#SSLEN?",
        "\r\n#SSLEN: 1,1\r\n#SSLEN: 2,0\r\n#SSLEN: 3,0\r\n#SSLEN: 4,0\r\n#SSLEN: 5,0\r\n#SSLEN: 6,0\r\n\
         #SSLEN: 7,0\r\n#SSLEN: 8,0\r\n#SSLEN: 9,0\r\n#SSLEN: 10,0\r\n\r\nOK\r\n",
    )
    .await;
    port.ok("AT+CMEE=1").await;
    port.ask("AT#SSLEN=1,1", "\r\n+CME ERROR: 1003\r\n").await;
    port.ok("AT+CMEE=0").await;
    port.ask("AT#SSLEN=1,1", "\r\nERROR\r\n").await;
    port.ask("AT#SSLS=1", "\r\n#SSLS: 1,1\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn configuration_reads_back() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLCFG?", "\r\n#SSLCFG:1,1,0,90,100,50,0,0,1,0,0,0\r\n\r\nOK\r\n").await;
    port.ok("AT#SSLCFG=1,1,300,90,100,50,1,2,0").await;
    port.ask("AT#SSLCFG?", "\r\n#SSLCFG:1,1,300,90,100,50,1,2,0,0,0,0\r\n\r\nOK\r\n").await;
    port.ask("AT#SSLCFG=1,1,300,90,100,50,1,2,0,0,5,0", "\r\nERROR\r\n").await;
    port.ask("AT#SSLCFG=1,1,300,90,100,50,1,2,0,0,0,1", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_certificate_format_shows_once_it_was_given() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECCFG?", "\r\n#SSLSECCFG: 1,0,0\r\n\r\nOK\r\n").await;
    port.ok("AT#SSLSECCFG=1,0xc02f,1").await;
    port.ask("AT#SSLSECCFG?", "\r\n#SSLSECCFG: 1,0xC02F,1\r\n\r\nOK\r\n").await;
    port.ok("AT#SSLSECCFG=1,5,2,0").await;
    port.ok("AT#SSLSECCFG=1,5,1").await;
    port.ask("AT#SSLSECCFG?", "\r\n#SSLSECCFG: 1,5,1,0\r\n\r\nOK\r\n").await;
    for suite in ["1", "2", "4", "6", "8"] {
        port.ok(&format!("AT#SSLSECCFG=1,{suite},1")).await;
    }
    for suite in ["14", "0x1234", "0xFFFFF"] {
        port.ask(&format!("AT#SSLSECCFG=1,{suite},1"), "\r\nERROR\r\n").await;
    }
}

#[tokio::test(start_paused = true)]
async fn versions_below_1_2_read_back_as_3() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ask("AT#SSLSECCFG2?", "\r\n#SSLSECCFG2: 1,4,0,1,1,1\r\n\r\nOK\r\n").await;
    port.ok("AT#SSLSECCFG2=1,0").await;
    port.ask("AT#SSLSECCFG2?", "\r\n#SSLSECCFG2: 1,3,0,1,1,1\r\n\r\nOK\r\n").await;
    port.ok("AT#SSLSECCFG2=1,3,1,1,0,3").await;
    port.ask("AT#SSLSECCFG2?", "\r\n#SSLSECCFG2: 1,3,1,1,0,3\r\n\r\nOK\r\n").await;
    // The lowest version may not be above, and at most three authorities may be selected.
    port.ask("AT#SSLSECCFG2=1,3,1,1,0,4", "\r\nERROR\r\n").await;
    port.ok("AT#SSLSECCFG2=1,4,0,14,0").await;
    port.ask("AT#SSLSECCFG2=1,4,0,15,0", "\r\nERROR\r\n").await;
    port.ask("AT#SSLSECCFG2=1,4,0,3,3", "\r\nERROR\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn the_suite_list_is_printed_as_in_the_manual() {
    let (_module, mut port) = start(builder()).await;
    port.ok("AT#SSLEN=1,1").await;
    port.ok("AT#SSLSECCS=1,2").await;
    port.ok("AT#SSLSECCS=1,1,0x1302").await;
    port.ok("AT#SSLSECCS=1,1,0x1301").await;
    port.ok("AT#SSLSECCS=1,1,0x003D").await;
    port.ask(
        "AT#SSLSECCS=1",
        "\r\n#SSLSECCS:\r\nLIST1:\r\n01: 0x1302\r\n02: 0x1301\r\n03: 0x003d\r\n\r\nOK\r\n",
    )
    .await;
    port.ok("AT#SSLSECCS=1,0,0x1301").await;
    port.ask("AT#SSLSECCS=1", "\r\n#SSLSECCS:\r\nLIST1:\r\n01: 0x1302\r\n02: 0x003d\r\n\r\nOK\r\n").await;
}

#[tokio::test(start_paused = true)]
async fn quirks_change_the_numbers() {
    let (_module, mut port) =
        start(builder().quirk(Quirk::GuideSslNumbers).quirk(Quirk::DisableTwiceIsError)).await;
    port.ok("AT+CMEE=1").await;
    port.ask("AT#SSLEN=1,0", "\r\n+CME ERROR: 836\r\n").await;
}
