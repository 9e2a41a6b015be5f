//! Uploads that the server rejects in the end, when all bytes have gone: a file of the same size that was there before is
//! no confirmation.

use telit_ftps::{TransferError, TransferMode};
use telit_simulator::{Builder, Quirk};

use super::memory_files::MemoryFiles;

const NAME: &str = "config.bin";
const MODES: [TransferMode; 2] = [TransferMode::Online, TransferMode::Command];

/// Modules that tell the end of the data before or after the server's last word.
const MODULES: [fn(Builder) -> Builder; 2] = [|module| module, |module| module.quirk(Quirk::AppendsEndEarly)];

#[tokio::test(start_paused = true)]
async fn a_rejected_upload_is_not_confirmed() {
    for module in MODULES {
        for mode in MODES {
            for reply in ["552 Quota exceeded", "451 Disk error", "426 Aborted"] {
                let files = MemoryFiles::start(module).await;
                files.server.put(NAME, *b"old content");
                let mut client = files.connect().await;
                files.server.reject_next_upload(reply);
                let error =
                    client.upload(NAME, &b"new content"[..]).mode(mode).await.expect_err("it is rejected");
                let TransferError::UploadUnconfirmed { error: cause, .. } = &error else {
                    panic!("{mode:?} {reply}: {error:?}")
                };
                assert!(cause.to_string().ends_with(reply), "{mode:?}: {error}");
                assert!(error.may_have_taken_effect());
                assert_eq!(files.server.get(NAME).expect("it is there"), "old content");
                let sent = client.upload(NAME, &b"new content"[..]).mode(mode).await;
                assert_eq!(sent.expect("it is taken"), 11, "{mode:?}");
                assert_eq!(files.server.get(NAME).expect("it is there"), "new content");
                let sent = client.append(NAME, &b", and more"[..]).mode(mode).await;
                assert_eq!(sent.expect("it is taken"), 10, "{mode:?}");
                assert_eq!(files.server.get(NAME).expect("it is there"), "new content, and more");
                client.close().await.expect("it closes");
            }
        }
    }
}
