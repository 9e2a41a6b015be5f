//! vsftpd, with TLS 1.2: with 1.3 it loses the ends of uploads. It has no setting for that, OpenSSL has.
//!
//! Its users are those of the system, and nobody wants a new one for a test. So the device logs in as `anonymous` with
//! a password from a list, and is served as `daemon`, whose home is always there.

use std::path::Path;
use std::process::Command;

use super::server::{FtpServer, HOME, Manner, PASSWORD, PRIVATE_ADDRESS, Tls, Traits, prepare};
use crate::interop::program::required;
use crate::interop::server::Server;

const OPENSSL: &str = "openssl_conf = all\n[all]\nssl_conf = tls\n[tls]\nsystem_default = versions\n\
                       [versions]\nMinProtocol = TLSv1.2\nMaxProtocol = TLSv1.2\n";
const TRAITS: Traits = Traits {
    reuse_setting: "require_ssl_reuse=NO",
    idle_mark: ("vsftpd.log", "terminated without SSL shutdown"),
    // It lets nobody in where the login directory can be written to.
    directory: Some(HOME),
};

pub(super) async fn start(tls: Tls, manner: Manner) -> Option<FtpServer> {
    let program = required("vsftpd", "vsftpd")?;
    let (folder, credentials) = prepare("vsftpd")?;
    let server = Server::start(folder, |folder, [port]| {
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("it is writable");
        std::fs::create_dir(folder.join("empty")).expect("the folder is writable");
        write("passwords", &format!("{PASSWORD}\n"));
        write("openssl.cnf", OPENSSL);
        write("vsftpd.conf", &configuration(folder, port, tls, manner));
        let mut command = Command::new(&program);
        command.env("OPENSSL_CONF", folder.join("openssl.cnf")).arg(folder.join("vsftpd.conf"));
        command
    });
    Some(FtpServer::new(server.await, credentials, tls, TRAITS).with_user("anonymous"))
}

fn configuration(folder: &Path, port: u16, tls: Tls, manner: Manner) -> String {
    let folder = folder.display();
    let yes = |yes: bool| if yes { "YES" } else { "NO" };
    let implicit = yes(tls == Tls::Implicit);
    let reuse = yes(manner == Manner::DemandsSessionReuse);
    let idle = if manner == Manner::DropsWhoIsIdle { 1 } else { 300 };
    let passive = if manner == Manner::NamesPrivateAddress { PRIVATE_ADDRESS } else { "127.0.0.1" };
    format!(
        "background=NO
listen=YES
listen_address=127.0.0.1
listen_port={port}
pasv_address={passive}
anonymous_enable=YES
ftp_username=daemon
anon_root={folder}
anon_umask=000
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
write_enable=YES
secure_email_list_enable=YES
email_password_file={folder}/passwords
secure_chroot_dir={folder}/empty
seccomp_sandbox=NO
idle_session_timeout={idle}
xferlog_enable=YES
log_ftp_protocol=YES
vsftpd_log_file={folder}/vsftpd.log
ssl_enable=YES
implicit_ssl={implicit}
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse={reuse}
ssl_ciphers=HIGH
rsa_cert_file={folder}/server.pem
rsa_private_key_file={folder}/server.key
"
    )
}
