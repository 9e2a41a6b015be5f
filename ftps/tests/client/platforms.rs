//! What differs between platforms: fields, contexts, block sizes, implicit TLS, uploads without blocks.

use telit_core::Category;
use telit_core::platform::{Availability, PlatformId, Profile, profile};
use telit_ftps::{ConnectError, FtpsClient, FtpsOptions, TransferError, TransferMode};

use crate::scripted_module::{BINARY, Module, OPEN, Script, options};

/// A login without a context of its own, as older platforms have it.
const OPEN_OLD: &str = "AT#FTPOPEN=\"files.example:21\",\"user\",\"swordfish\",1";
const CONFIGURE_OLD: &str = "AT#FTPCFG=600,1,1";
const THREE_FIELDS: &str = "#FTPCFG: (100-5000),(0,1),(0,1)";

fn platform(change: impl FnOnce(&mut Profile)) -> &'static Profile {
    let mut profile = profile(PlatformId::P37).clone();
    change(&mut profile);
    Box::leak(Box::new(profile))
}

/// Three fields, no context with the login; `bound`: whether `#PROTOCOLCFG` exists.
fn old(bound: Availability) -> &'static Profile {
    platform(|profile| {
        profile.context.protocol_config = bound;
        let ftp = profile.ftp.as_mut().unwrap();
        ftp.config_fields = 3;
        ftp.open_context_field = Availability::No;
    })
}

fn old_session(script: Script) -> Script {
    script.ok(CONFIGURE_OLD).ok(OPEN_OLD).ok(BINARY)
}

async fn refusal(
    script: Script,
    profile: &'static Profile,
    context: u8,
    options: FtpsOptions,
) -> (ConnectError, Module) {
    let (modem, module) = script.start_on(profile, context);
    let error = FtpsClient::connect(&modem, options).await.unwrap_err();
    assert_eq!(error.category(), Category::Usage, "{error}");
    assert_eq!(modem.tls_holder(), None);
    (error, module)
}

#[tokio::test(start_paused = true)]
async fn three_fields_and_no_context_where_the_platform_has_no_more() {
    let (modem, module) = old_session(Script::new()).start_on(old(Availability::No), 1);
    let client = FtpsClient::connect(&modem, options()).await.unwrap();
    drop(modem);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn the_test_form_knows_the_fields_better_than_the_table() {
    let script = Script::new().says("AT#FTPCFG=?", THREE_FIELDS).ok(CONFIGURE_OLD).ok(OPEN).ok(BINARY);
    let (client, module) = script.connect().await;
    module.done_after(client).await;

    let script = Script::new().says("AT#FTPCFG=?", THREE_FIELDS);
    let profile = profile(PlatformId::P37);
    let (error, module) = refusal(script, profile, 1, options().extended_commands(true)).await;
    assert_eq!(
        error.to_string(),
        "platform 37 does not let EPSV and EPRT be chosen; leave extended_commands() off"
    );
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn ftp_and_tls_are_bound_to_the_context_where_that_is_a_setting() {
    let read = "AT#PROTOCOLCFG?";
    let bound = |ftp, tls| {
        format!(
            "#PROTOCOLCFG: \"FTP\",{ftp},0,0,0\r\n#PROTOCOLCFG: \"PING\",1,0,0,0\r\n#PROTOCOLCFG: \"SSL\",{tls},0,0,0"
        )
    };
    let unbound = Script::new()
        .says(read, &bound(1, 3))
        .ok("AT#PROTOCOLCFG=\"FTP\",4")
        .says(read, &bound(4, 3))
        .ok("AT#PROTOCOLCFG=\"SSL\",4");
    let already = Script::new().says(read, &bound(4, 4)).says(read, &bound(4, 4));
    for script in [unbound, already] {
        let (modem, module) = old_session(script).start_on(old(Availability::Yes), 4);
        let client = FtpsClient::connect(&modem, options()).await.unwrap();
        drop(modem);
        module.done_after(client).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_firmware_that_cannot_bind_contexts_uses_the_first() {
    let read = "AT#PROTOCOLCFG?";
    let script = old_session(Script::new().on(read, "\r\nERROR\r\n").on(read, "\r\nERROR\r\n"));
    let (modem, module) = script.start_on(old(Availability::Probe), 1);
    let client = FtpsClient::connect(&modem, options()).await.unwrap();
    drop(modem);
    module.done_after(client).await;

    let (modem, module) = Script::new().on(read, "\r\nERROR\r\n").start_on(old(Availability::Probe), 2);
    let error = FtpsClient::connect(&modem, options()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Refused { .. }), "{error:?}");
    drop(modem);
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn another_context_is_refused_where_ftp_knows_one_only() {
    let (error, module) = refusal(Script::new(), old(Availability::No), 2, options()).await;
    assert_eq!(
        error.to_string(),
        "invalid packet data context: it is 2, FTP and its TLS use context 1 on this platform"
    );
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn block_sizes_of_the_firmware() {
    let script = Script::new()
        .says("AT#FTPRECV=?", "#FTPRECV: (1-4)")
        .says("AT#FTPAPPEXT=?", "#FTPAPPEXT: (1-2),(0,1)")
        .reopened()
        .size("f", 5)
        .restart(0)
        .ok("AT#FTPGETPKT=\"f\",0")
        .block(4, b"1234")
        .block(1, b"5")
        .nothing_more()
        .says("AT#FTPGETPKT?", "#FTPGETPKT: f,0,1")
        .ok("AT#FTPPUT=\"u\",1")
        .on("AT#FTPAPPEXT=2", "\r\n> ")
        .raw("ab", "\r\n#FTPAPPEXT: 2\r\n\r\nOK\r\n")
        .on("AT#FTPAPPEXT=1,1", "\r\n> ")
        .raw("c", "\r\n#FTPAPPEXT: 1\r\n\r\nOK\r\n")
        .last_message("226 Done")
        .size("u", 3);
    let (mut client, module) = script.connect().await;
    let mut download = client.download("f").mode(TransferMode::Command).await.unwrap();
    assert_eq!(download.next().await.unwrap().unwrap(), &b"1234"[..]);
    assert_eq!(download.next().await.unwrap().unwrap(), &b"5"[..]);
    assert!(download.next().await.is_none());
    drop(download);
    assert_eq!(client.upload("u", &b"abc"[..]).await.unwrap(), 3);
    module.done_after(client).await;
}

/// A session on firmware without `#FTPAPPEXT`.
fn without_blocks() -> Script {
    Script::new().on("AT#FTPAPPEXT=?", "\r\nERROR\r\n").reopened()
}

#[tokio::test(start_paused = true)]
async fn without_blocks_files_are_sent_online() {
    let data = [&b"\r\nNO CARRIER\r\n+++\x1a"[..], &[b'x'; 3000], b"+++"].concat();
    let script = without_blocks()
        .on("AT#FTPPUT=\"f\",0", "\r\nCONNECT\r\n")
        .raw(&data, "")
        .raw("+++", "\r\nNO CARRIER\r\n")
        .raw("+++\r", "\r\nERROR\r\n")
        .last_message("226 Done")
        .size("f", data.len() as u64)
        .size("f", 5)
        .on("AT#FTPAPP=\"f\",0", "\r\nCONNECT\r\n")
        .raw("tail", "")
        .raw("+++", "\r\nNO CARRIER\r\n")
        .raw("+++\r", "\r\nERROR\r\n")
        .last_message("226 Done")
        .size("f", 9);
    let (mut client, module) = script.connect().await;
    assert_eq!(client.upload("f", &data[..]).await.unwrap(), data.len() as u64);
    assert_eq!(client.append("f", &b"tail"[..]).await.unwrap(), 4);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn the_escape_sequence_alone_is_no_file_in_online_mode() {
    let (mut client, module) = without_blocks().connect().await;
    let error = client.upload("f", &b"+++"[..]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "invalid data: three plus signs and nothing else end a file in online mode"
    );
    assert_eq!(error.category(), Category::Usage);
    module.done_after(client).await;
}

#[tokio::test(start_paused = true)]
async fn a_data_connection_that_closes_during_an_online_upload_is_a_cut() {
    let cut = without_blocks()
        .on("AT#FTPPUT=\"f\",0", "\r\nCONNECT\r\n")
        .raw("12345", "\r\nNO CARRIER\r\n")
        .raw("+++\r", "\r\nERROR\r\n")
        .last_message("226 Done");
    // The server may need a moment, so it is asked more than once.
    let script = (0..5).fold(cut, |script, _| script.size("f", 2));
    let (mut client, module) = script.connect().await;
    let error = client.upload("f", &b"12345"[..]).await.unwrap_err();
    assert!(matches!(error, TransferError::UploadDiffers { stored: 2, expected: 5 }), "{error:?}");
    module.done_after(client).await;
}

fn implicit() -> FtpsOptions {
    options().implicit_tls()
}

#[tokio::test(start_paused = true)]
async fn implicit_tls_where_platform_and_firmware_offer_it() {
    let offers = platform(|profile| profile.ftp.as_mut().unwrap().implicit_tls = Availability::Probe);
    let script = Script::new()
        .says("AT#FTPCFG=?", "#FTPCFG: (100-5000),(0,1),(0,1),(0-2)")
        .ok("AT#FTPCFG=600,1,1,2")
        .ok(&OPEN.replace(":21", ":990"))
        .ok(BINARY);
    let (modem, module) = script.start_on(offers, 1);
    let client = FtpsClient::connect(&modem, implicit()).await.unwrap();
    drop(modem);
    module.done_after(client).await;

    let expected = "platform 37 cannot do implicit TLS; use explicit TLS (AUTH TLS)";
    let script = Script::new().says("AT#FTPCFG=?", "#FTPCFG: (100-5000),(0,1),(0,1),(0,1)");
    let (error, module) = refusal(script, offers, 1, implicit()).await;
    assert_eq!(error.to_string(), expected);
    module.done().await;
    let (error, module) = refusal(Script::new(), profile(PlatformId::P37), 1, implicit()).await;
    assert_eq!((error.to_string().as_str(), module.lines().len()), (expected, 0));
}

#[tokio::test(start_paused = true)]
async fn a_platform_without_ftp_or_without_ftps() {
    let none = platform(|profile| profile.ftp = None);
    let (error, module) = refusal(Script::new(), none, 1, options()).await;
    assert_eq!(error.to_string(), "platform 37 has no FTP client; use HTTPS or a TLS socket of telit-core");
    module.done().await;
    let plain = platform(|profile| profile.ftp.as_mut().unwrap().tls = Availability::No);
    let (error, module) = refusal(Script::new(), plain, 1, options()).await;
    assert_eq!(
        error.to_string(),
        "platform 37 has an FTP client without TLS; use HTTPS or a TLS socket of telit-core"
    );
    module.done().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_good_for_one_download_is_opened_again() {
    let short_lived = platform(|profile| profile.ftp.as_mut().unwrap().one_download_a_session = true);
    let blocks = |script: Script| {
        script
            .size("f", 3)
            .restart(0)
            .ok("AT#FTPGETPKT=\"f\",0")
            .block(3, b"abc")
            .nothing_more()
            .says("AT#FTPGETPKT?", "#FTPGETPKT: f,0,1")
    };
    let script = blocks(blocks(Script::connected()).closed_and_reopened()).closed_and_reopened();
    let (modem, module) =
        script.size("f", 3).restart(0).get("f", b"abc").size("f", 3).start_on(short_lived, 1);
    let mut client = FtpsClient::connect(&modem, options()).await.unwrap();
    for mode in [TransferMode::Command, TransferMode::Command, TransferMode::Online] {
        let mut download = client.download("f").mode(mode).await.unwrap();
        assert_eq!(download.next().await.unwrap().unwrap(), "abc");
        assert!(download.next().await.is_none());
    }
    assert_eq!(client.size("f").await.unwrap(), 3, "online mode leaves the session as it is");
    drop(modem);
    module.done_after(client).await;
}
