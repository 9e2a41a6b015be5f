//! What becomes of a message, for whoever wants to know.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::error::PublishError;
use crate::state::ClientState;

/// The fate of a message that was handed over with [`enqueue`](crate::MqttClient::enqueue): a future that ends as
/// [`publish`](crate::MqttClient::publish) does. Dropping it changes nothing for the message.
///
/// ```no_run
/// # async fn example(client: telit_mqtt::MqttClient) -> Result<(), telit_mqtt::PublishError> {
/// use telit_mqtt::Publish;
///
/// let receipt = client.enqueue(Publish::new("telemetry/1", "21.5"))?;
/// // Something else meanwhile.
/// receipt.await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Receipt {
    fate: oneshot::Receiver<Result<(), PublishError>>,
}

/// Whoever hears what becomes of a message.
#[derive(Debug)]
pub(crate) struct Reader {
    fate: oneshot::Sender<Result<(), PublishError>>,
    /// The message goes even if nobody waits for its fate any more.
    goes_anyway: bool,
    /// A place among the messages that wait for their turn, given back when it comes.
    place: Option<OwnedSemaphorePermit>,
}

impl Receipt {
    pub(super) fn new(goes_anyway: bool, place: Option<OwnedSemaphorePermit>) -> (Self, Reader) {
        let (sender, fate) = oneshot::channel();
        (Self { fate }, Reader { fate: sender, goes_anyway, place })
    }
}

impl Future for Receipt {
    type Output = Result<(), PublishError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let closed = PublishError::NotConnected { state: ClientState::Closed };
        Pin::new(&mut self.fate).poll(context).map(|fate| fate.unwrap_or(Err(closed)))
    }
}

impl Reader {
    /// Whether the message is still to be sent.
    pub(crate) fn is_there(&self) -> bool {
        self.goes_anyway || !self.fate.is_closed()
    }

    /// The message does not wait any more.
    pub(crate) fn give_place_back(&mut self) {
        self.place = None;
    }

    pub(crate) fn tell(self, fate: Result<(), PublishError>) {
        // Whoever does not wait any more does not want to know.
        drop(self.fate.send(fate));
    }
}
