//! Requests over topics: one to ask on, and behind it `/accepted` and `/rejected` for the answer.

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;

use super::RequestError;
use crate::client::MqttClient;
use crate::message::{Message, QoS};
use crate::subscription::Subscription;

/// How long an answer may take, unless the caller says otherwise.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// Longest client token. Source: AWS IoT documentation, "Device Shadow service documents".
pub(super) const TOKEN_LIMIT: usize = 64;

/// A topic to ask on, with its answers subscribed to.
#[derive(Debug)]
pub(super) struct Exchange {
    topic: String,
    accepted: Subscription,
    rejected: Subscription,
}

/// What came back.
#[derive(Debug)]
pub(super) enum Answer {
    Accepted(Bytes),
    Rejected(Bytes),
}

impl Exchange {
    /// Subscribes to the answers, since they may be faster than a subscription after the request.
    pub(super) async fn open(client: &MqttClient, topic: impl Into<String>) -> Result<Self, RequestError> {
        let topic = topic.into();
        let accepted = client.subscribe(format!("{topic}/accepted"), QoS::AtLeastOnce).await?;
        let rejected = client.subscribe(format!("{topic}/rejected"), QoS::AtLeastOnce).await?;
        Ok(Self { topic, accepted, rejected })
    }

    pub(super) fn topic(&self) -> &str {
        &self.topic
    }

    /// Whether the subscriptions still bring anything.
    pub(super) fn is_open(&self) -> bool {
        !self.accepted.has_ended() && !self.rejected.has_ended()
    }

    /// Asks, and waits for the answer with `token`. Without a token the next answer counts, and earlier ones are thrown
    /// away.
    ///
    /// A request of which nobody knows whether it was sent may still be answered.
    pub(super) async fn ask(
        &mut self,
        client: &MqttClient,
        payload: impl Into<Bytes>,
        token: Option<&str>,
        timeout: Duration,
    ) -> Result<Answer, RequestError> {
        self.forget_answers();
        let doubt = match client.publish(self.topic.as_str(), payload, QoS::AtLeastOnce).await {
            Ok(()) => None,
            Err(error) if error.may_have_been_published() => Some(error),
            Err(error) => return Err(error.into()),
        };
        match tokio::time::timeout_at(Instant::now() + timeout, self.answer(token)).await {
            Ok(answer) => answer,
            Err(_) => Err(doubt.map_or(RequestError::TimedOut { after: timeout }, RequestError::Publish)),
        }
    }

    fn forget_answers(&mut self) {
        while self.accepted.try_next().is_some() || self.rejected.try_next().is_some() {}
    }

    async fn answer(&mut self, token: Option<&str>) -> Result<Answer, RequestError> {
        loop {
            let (message, accepted) = tokio::select! {
                message = self.accepted.next() => (message, true),
                message = self.rejected.next() => (message, false),
            };
            let message = message.ok_or(RequestError::Ended)?;
            if is_ours(&message, token)? {
                let payload = message.payload;
                return Ok(if accepted { Answer::Accepted(payload) } else { Answer::Rejected(payload) });
            }
            tracing::debug!(topic = message.topic, "an answer to somebody else");
        }
    }
}

#[derive(Deserialize)]
struct Tokened {
    #[serde(rename = "clientToken")]
    token: Option<String>,
}

/// Whether the answer carries our token. One without any is ours too: a request that was no JSON is rejected like that.
fn is_ours(message: &Message, token: Option<&str>) -> Result<bool, RequestError> {
    let tokened: Tokened = decode(message)?;
    Ok(match (token, tokened.token) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    })
}

/// Reads a message. What cannot be read may have lost its end in the module.
pub(super) fn decode<'a, T: Deserialize<'a>>(message: &'a Message) -> Result<T, RequestError> {
    decode_payload(&message.topic, &message.payload)
}

pub(super) fn decode_payload<'a, T: Deserialize<'a>>(
    topic: &str,
    payload: &'a [u8],
) -> Result<T, RequestError> {
    serde_json::from_slice(payload).map_err(|error| RequestError::Unreadable {
        topic: topic.to_owned(),
        size: payload.len(),
        truncated: error.is_eof(),
        problem: error.to_string(),
    })
}

/// A token that no other request has.
pub(super) fn new_token() -> String {
    format!("{:016x}", fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(payload: &'static str, token: Option<&str>) -> Result<bool, RequestError> {
        is_ours(&Message::new("t/accepted", Bytes::from_static(payload.as_bytes())), token)
    }

    #[test]
    fn answers_are_told_apart_by_their_tokens() {
        assert_eq!(ours(r#"{"clientToken":"a"}"#, Some("a")), Ok(true));
        assert_eq!(ours(r#"{"clientToken":"b"}"#, Some("a")), Ok(false));
        assert_eq!(ours(r#"{"code":400}"#, Some("a")), Ok(true));
        assert_eq!(ours(r#"{"clientToken":"b"}"#, None), Ok(true));
    }

    #[test]
    fn an_answer_without_its_end_is_not_taken_for_a_whole_one() {
        let error = ours(r#"{"clientToken":"a","state":{"desi"#, Some("a")).unwrap_err();
        assert!(matches!(error, RequestError::Unreadable { truncated: true, size: 33, .. }), "{error:?}");
        let error = ours("nonsense", None).unwrap_err();
        assert!(matches!(error, RequestError::Unreadable { truncated: false, .. }), "{error:?}");
    }

    #[test]
    fn tokens_fit() {
        assert!(new_token().len() <= TOKEN_LIMIT);
        assert_ne!(new_token(), new_token());
    }
}
