//! The same scenarios with every server that demands TLS: ProFTPD, Pure-FTPd, vsftpd, pyftpdlib, and libunftp, which is
//! embedded here; and with TLS from the first byte where a server and a module can do that.
//!
//! As Debian packages the first three exclude each other, so two of them are unpacked into folders of `PATH` instead of
//! being installed; `.ci/run` does that.

mod demanding;
mod libunftp;
mod proftpd;
mod pure_ftpd;
mod pyftpdlib;
mod scenarios;
mod server;
mod vsftpd;

/// Each scenario with a server that is started in a manner.
macro_rules! suite {
    ($module:ident: $scenarios:ident with $server:ident $tls:ident $manner:ident: $($scenario:ident)+) => {
        mod $module {
            use super::server::{Manner, Tls};
            use super::{$scenarios, $server};

            $(
                #[tokio::test]
                async fn $scenario() {
                    let Some(server) = $server::start(Tls::$tls, Manner::$manner).await else { return };
                    $scenarios::$scenario(&server).await;
                }
            )+
        }
    };
}

macro_rules! with_every_server {
    ($($scenario:ident)+) => {
        suite!(with_proftpd: scenarios with proftpd Explicit Usual: $($scenario)+);
        suite!(with_proftpd_implicit: scenarios with proftpd Implicit Usual: $($scenario)+);
        suite!(with_pure_ftpd: scenarios with pure_ftpd Explicit Usual: $($scenario)+);
        suite!(with_vsftpd: scenarios with vsftpd Explicit Usual: $($scenario)+);
        suite!(with_vsftpd_implicit: scenarios with vsftpd Implicit Usual: $($scenario)+);
        suite!(with_pyftpdlib: scenarios with pyftpdlib Explicit Usual: $($scenario)+);
        suite!(with_libunftp: scenarios with libunftp Explicit Usual: $($scenario)+);
    };
}

with_every_server! {
    a_session_has_a_directory_and_gives_tls_back
    a_wrong_password_is_refused
    an_unknown_authority_is_refused
    nothing_goes_without_tls
    downloads_are_exact
    downloads_begin_where_they_should
    a_download_that_was_dropped_is_resumed
    a_download_to_a_file_is_verified
    a_file_beyond_4_gib_has_its_size_and_its_end
    a_missing_file_is_told_and_the_session_goes_on
    uploads_are_exact
    appending_goes_to_the_end
    listings_are_understood
    names_are_taken_as_they_are_or_refused
    sizes_are_asked_for_in_binary
    renaming_and_directories_where_the_firmware_can
}

suite!(proftpd_that_demands_session_reuse: demanding with proftpd Explicit DemandsSessionReuse:
    session_reuse_is_told_with_the_setting);
suite!(vsftpd_that_demands_session_reuse: demanding with vsftpd Explicit DemandsSessionReuse:
    session_reuse_is_told_with_the_setting);

suite!(proftpd_that_drops_who_is_idle: demanding with proftpd Explicit DropsWhoIsIdle:
    an_idle_session_that_was_dropped_is_opened_again);
suite!(vsftpd_that_drops_who_is_idle: demanding with vsftpd Explicit DropsWhoIsIdle:
    an_idle_session_that_was_dropped_is_opened_again);
suite!(pyftpdlib_that_drops_who_is_idle: demanding with pyftpdlib Explicit DropsWhoIsIdle:
    an_idle_session_that_was_dropped_is_opened_again);

suite!(proftpd_behind_address_translation: demanding with proftpd Explicit NamesPrivateAddress:
    a_private_passive_address_is_ignored);
suite!(pure_ftpd_behind_address_translation: demanding with pure_ftpd Explicit NamesPrivateAddress:
    a_private_passive_address_is_ignored);
suite!(vsftpd_behind_address_translation: demanding with vsftpd Explicit NamesPrivateAddress:
    a_private_passive_address_is_ignored);
suite!(pyftpdlib_behind_address_translation: demanding with pyftpdlib Explicit NamesPrivateAddress:
    a_private_passive_address_is_ignored);

suite!(proftpd_without_restart: demanding with proftpd Explicit CannotRestart:
    a_server_that_cannot_begin_in_the_middle_is_told);
suite!(pyftpdlib_without_restart: demanding with pyftpdlib Explicit CannotRestart:
    a_server_that_cannot_begin_in_the_middle_is_told);
