//! What a request sends.

use std::path::Path;

use telit_https::RequestBody;

use super::arguments::{HttpsCommand, SendArguments};
use crate::failure::Failure;

/// The body. Files and standard input are read as they are sent; that a file cannot be read is known now.
pub(super) async fn body(command: &HttpsCommand) -> Result<RequestBody, Failure> {
    match command {
        HttpsCommand::Post(send) | HttpsCommand::Put(send) => sent(send).await,
        _ => Ok(RequestBody::empty()),
    }
}

async fn sent(send: &SendArguments) -> Result<RequestBody, Failure> {
    match (&send.data, &send.data_file) {
        (Some(text), _) => Ok(text.clone().into()),
        (None, Some(path)) if path.as_os_str() == "-" => Ok(RequestBody::wrap_reader(tokio::io::stdin())),
        (None, Some(path)) => file(path).await,
        (None, None) => Ok(RequestBody::empty()),
    }
}

/// A pipe with a name has no length.
async fn file(path: &Path) -> Result<RequestBody, Failure> {
    let unreadable = |error| {
        Failure::usage(format!("{} cannot be read: {error}", path.display()))
            .hint("check the name of the file, and that you may read it")
    };
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let metadata = file.metadata().await.map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(Failure::usage(format!("{} is a folder", path.display())).hint("name a file"));
    }
    Ok(match metadata.is_file() {
        true => RequestBody::from_reader(metadata.len(), file),
        false => RequestBody::wrap_reader(file),
    })
}
