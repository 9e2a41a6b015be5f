//! What survives a restart, and who may do what.

use super::credentials::store;
use super::{FACTS, shows};
use crate::port::Port;

#[tokio::test(start_paused = true)]
async fn settings_survive_where_the_platform_keeps_them() {
    for facts in &FACTS {
        let (module, mut port) = facts.enabled().await;
        port.ok("AT#SSLCFG=1,1,300,90,600,50").await;
        port.ok("AT#SSLSECCFG=1,0,1").await;
        store(&mut port, "AT#SSLSECDATA=1,1,1,2", "ca\x1a").await;
        module.reboot();
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        port.quiet().await;
        port.ok("AT#SELINT=2").await;
        port.write("AT#SSLEN?\r").await;
        port.expect(if facts.kept { "\r\n#SSLEN: 1,1\r\n" } else { "\r\n#SSLEN: 1,0\r\n" }).await;
        let (_, mut port) = (port, Port::of(&module));
        port.quiet().await;
        port.ok("AT#SELINT=2").await;
        port.ok("AT+CMEE=2").await;
        if !facts.kept {
            port.ok("AT#SSLEN=1,1").await;
        }
        let authentication = u8::from(facts.kept);
        shows(&mut port, "AT#SSLSECCFG?", &format!("#SSLSECCFG: 1,0,{authentication}")).await;
        // Certificates are always kept.
        shows(&mut port, "AT#SSLSECDATA=1,2,1", "#SSLSECDATA: 1,1\r\nca").await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_platform_has_three_instances_and_one_owner() {
    use tokio::io::AsyncReadExt;
    for facts in &FACTS {
        let (module, mut first) = facts.enabled().await;
        let mut others = [Port::of(&module), Port::of(&module)];
        for other in &mut others {
            other.quiet().await;
            other.ok("AT#SELINT=2").await;
            other.ok("AT+CMEE=1").await;
            let refused = "\r\n+CME ERROR: 612\r\n";
            let mut commands = vec![
                "AT#SSLEN=1,0",
                "AT#SSLEN=1,1",
                "AT#SSLCFG=1,1,300,90,100,50",
                "AT#SSLSECCFG=1,0,0",
                "AT#SSLSECDATA=1,0,1",
                "AT#SSLSECDATA=1,1,1,3",
                "AT#SSLD=1,443,\"host.example\",0,1",
                "AT#SSLH=1",
                "AT#SSLO=1",
                "AT#SSLRECV=1,10",
                "AT#SSLSEND=1",
            ];
            if facts.protocol.is_some() {
                commands.push("AT#SSLSECCFG2=1,3");
            }
            if facts.preloaded {
                commands.push("AT#SSLSECCA=1,0,1");
            }
            for command in commands {
                other.ask(command, refused).await;
            }
            // Reading is allowed.
            shows(other, "AT#SSLSECCFG?", "#SSLSECCFG: 1,0,0").await;
        }
        let mut fourth = Port::of(&module).into_stream();
        assert_eq!(fourth.read(&mut [0]).await.unwrap(), 0, "{}", facts.platform);
        first.ok("AT#SSLEN=1,0").await;
        others[1].ok("AT#SSLEN=1,1").await;
    }
}
