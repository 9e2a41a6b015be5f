//! What a certificate allows.

use serde::Deserialize;
use serde_json::Value;

/// What a policy decides about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// `iot:Connect`, on a client id.
    Connect,
    /// `iot:Publish`, on a topic.
    Publish,
    /// `iot:RetainPublish`, on a topic; needed besides `Publish`.
    RetainPublish,
    /// `iot:Subscribe`, on a topic filter.
    Subscribe,
    /// `iot:Receive`, on a topic.
    Receive,
}

impl Action {
    const ALL: [Self; 5] =
        [Self::Connect, Self::Publish, Self::RetainPublish, Self::Subscribe, Self::Receive];

    fn name(self) -> &'static str {
        match self {
            Self::Connect => "iot:Connect",
            Self::Publish => "iot:Publish",
            Self::RetainPublish => "iot:RetainPublish",
            Self::Subscribe => "iot:Subscribe",
            Self::Receive => "iot:Receive",
        }
    }

    /// What a resource begins with in a policy document.
    fn kind(self) -> &'static str {
        match self {
            Self::Connect => "client/",
            Self::Subscribe => "topicfilter/",
            Self::Publish | Self::RetainPublish | Self::Receive => "topic/",
        }
    }
}

/// What the clients with a certificate may do. What is not allowed is forbidden, and ends the connection.
///
/// In a resource `*` stands for any text and `?` for any character, while `+` and `#` are themselves.
/// `${iot:ClientId}` and `${iot:Connection.Thing.ThingName}` are replaced; the latter needs a thing that is attached to
/// the certificate.
///
/// ```
/// use telit_simulator::servers::aws::{Action, Policy};
///
/// let policy = Policy::nothing()
///     .allow(Action::Connect, "${iot:Connection.Thing.ThingName}")
///     .allow(Action::Publish, "dt/${iot:Connection.Thing.ThingName}/*")
///     .allow(Action::Subscribe, "cmd/${iot:Connection.Thing.ThingName}/#")
///     .allow(Action::Receive, "cmd/${iot:Connection.Thing.ThingName}/*");
/// # let _ = policy;
/// ```
///
/// Source: "Policy actions" and "MQTT client authorization" of the AWS IoT Core developer guide.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    allows: bool,
    action: Action,
    resource: String,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asker<'a> {
    pub(super) client_id: &'a str,
    pub(super) thing: Option<&'a str>,
}

impl Policy {
    /// Allows nothing.
    pub fn nothing() -> Self {
        Self { statements: Vec::new() }
    }

    /// Allows everything.
    pub fn everything() -> Self {
        Action::ALL.into_iter().fold(Self::nothing(), |policy, action| policy.allow(action, "*"))
    }

    /// What a device needs that has a claim certificate: to connect under any name, and to get its own certificate by
    /// means of a provisioning template.
    pub fn claim(template: &str) -> Self {
        let topics = ["$aws/certificates/*".to_owned(), format!("$aws/provisioning-templates/{template}/*")];
        topics.iter().fold(Self::nothing().allow(Action::Connect, "*"), |policy, topic| {
            let policy = policy.allow(Action::Publish, topic).allow(Action::Receive, topic);
            policy.allow(Action::Subscribe, topic)
        })
    }

    /// Allows `action` on `resource`.
    pub fn allow(self, action: Action, resource: impl Into<String>) -> Self {
        self.and(true, action, resource.into())
    }

    /// Forbids `action` on `resource`, whatever allows it.
    pub fn deny(self, action: Action, resource: impl Into<String>) -> Self {
        self.and(false, action, resource.into())
    }

    fn and(mut self, allows: bool, action: Action, resource: String) -> Self {
        self.statements.push(Statement { allows, action, resource });
        self
    }

    /// Reads a policy document, as one gives it to AWS. Region and account of its resources do not matter; its
    /// conditions and the actions of other services are not looked at.
    ///
    /// # Errors
    /// [`InvalidPolicy`] when it is no policy document.
    pub fn from_json(document: &str) -> Result<Self, InvalidPolicy> {
        let document: Document = serde_json::from_str(document)?;
        let statements = document.statements.into_many().into_iter().flat_map(|statement| {
            let allows = statement.effect == Effect::Allow;
            let resources = statement.resources.into_many();
            statement.actions.into_many().into_iter().flat_map(move |action| {
                resources.iter().flat_map(|resource| read(allows, &action, resource)).collect::<Vec<_>>()
            })
        });
        Ok(Self { statements: statements.collect() })
    }

    pub(super) fn allows(&self, action: Action, resource: &str, asker: Asker<'_>) -> bool {
        let mut allowed = false;
        for statement in self.statements.iter().filter(|statement| statement.action == action) {
            if statement.is_about(resource, asker) {
                if !statement.allows {
                    return false;
                }
                allowed = true;
            }
        }
        allowed
    }
}

impl Statement {
    fn is_about(&self, resource: &str, asker: Asker<'_>) -> bool {
        const THING: &str = "${iot:Connection.Thing.ThingName}";
        if asker.thing.is_none() && self.resource.contains(THING) {
            return false;
        }
        let pattern = self.resource.replace("${iot:ClientId}", asker.client_id);
        matches(&pattern.replace(THING, asker.thing.unwrap_or_default()), resource)
    }
}

/// `*` is any text, `?` any character.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut rest) = (0, 0);
    // The last star, and how much of the text it has taken.
    let mut star: Option<(usize, usize)> = None;
    while let Some(character) = text.get(rest) {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, rest));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == character => {
                at += 1;
                rest += 1;
            }
            _ => {
                let Some((position, taken)) = star else { return false };
                star = Some((position, taken + 1));
                at = position + 1;
                rest = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|character| *character == '*')
}

/// A text is no policy document.
#[derive(Debug, thiserror::Error)]
#[error("no policy document: {0}")]
pub struct InvalidPolicy(#[from] serde_json::Error);

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "Statement")]
    statements: OneOrMany<DocumentStatement>,
}

#[derive(Deserialize)]
struct DocumentStatement {
    #[serde(rename = "Effect")]
    effect: Effect,
    #[serde(rename = "Action")]
    actions: OneOrMany<String>,
    #[serde(rename = "Resource")]
    resources: OneOrMany<String>,
    #[serde(rename = "Condition")]
    _condition: Option<Value>,
}

#[derive(Deserialize, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    fn into_many(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// One action name, which may have a star, and one resource: `arn:aws:iot:<region>:<account>:<kind>/<name>` or `*`.
fn read(allows: bool, name: &str, resource: &str) -> Vec<Statement> {
    let named = Action::ALL.into_iter().filter(|action| matches(name, action.name()));
    // Behind the fifth colon is what the policy is about; a lone star has none.
    let own = resource.splitn(6, ':').nth(5).unwrap_or(resource);
    let resource_of = |action: Action| if own == "*" { Some(own) } else { own.strip_prefix(action.kind()) };
    named
        .filter_map(|action| Some(Statement { allows, action, resource: resource_of(action)?.to_owned() }))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: Asker<'_> = Asker { client_id: "c1", thing: Some("T1") };

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in
            [("*", ""), ("a*", "a"), ("a*c", "abbc"), ("*/b/*", "a/b/c/d"), ("a?c", "abc"), ("é?", "éa")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("", "a"), ("a", ""), ("a*c", "abcd"), ("a?", "a"), ("*/b/*", "a/b")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn wildcards_of_mqtt_are_themselves_and_a_denial_wins() {
        let policy = Policy::nothing()
            .allow(Action::Subscribe, "a/#")
            .allow(Action::Publish, "b/*")
            .deny(Action::Publish, "b/secret");
        assert!(policy.allows(Action::Subscribe, "a/#", DEVICE));
        assert!(!policy.allows(Action::Subscribe, "a/b", DEVICE));
        assert!(policy.allows(Action::Publish, "b/open", DEVICE));
        assert!(!policy.allows(Action::Publish, "b/secret", DEVICE));
        assert!(!policy.allows(Action::Connect, "c1", DEVICE));
    }

    #[test]
    fn variables_are_replaced_where_they_have_a_value() {
        let policy = Policy::nothing()
            .allow(Action::Connect, "${iot:ClientId}")
            .allow(Action::Publish, "dt/${iot:Connection.Thing.ThingName}/*");
        assert!(policy.allows(Action::Connect, "c1", DEVICE));
        assert!(policy.allows(Action::Publish, "dt/T1/x", DEVICE));
        assert!(!policy.allows(Action::Publish, "dt/T2/x", DEVICE));
        let nameless = Asker { thing: None, ..DEVICE };
        assert!(!policy.allows(Action::Publish, "dt//x", nameless));
    }

    #[test]
    fn a_claim_is_good_for_provisioning_alone() {
        let policy = Policy::claim("fleet");
        assert!(policy.allows(Action::Connect, "any", DEVICE));
        for topic in ["$aws/certificates/create/json", "$aws/provisioning-templates/fleet/provision/json"] {
            assert!(policy.allows(Action::Publish, topic, DEVICE), "{topic}");
        }
        assert!(policy.allows(Action::Subscribe, "$aws/certificates/create/json/accepted", DEVICE));
        assert!(!policy.allows(Action::Publish, "dt/T1", DEVICE));
        assert!(!policy.allows(Action::Publish, "$aws/provisioning-templates/other/provision/json", DEVICE));
    }

    #[test]
    fn a_document_of_aws_is_read() {
        let policy = Policy::from_json(
            r#"{"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "iot:Connect",
                 "Resource": "arn:aws:iot:eu-west-1:123456789012:client/${iot:ClientId}"},
                {"Effect": "Allow", "Action": ["iot:Publish", "iot:Receive"],
                 "Resource": ["arn:aws:iot:eu-west-1:123456789012:topic/a:b/*"]},
                {"Effect": "Deny", "Action": "iot:*", "Resource": "arn:aws:iot:*:*:topic/a:b/private"},
                {"Effect": "Allow", "Action": "iot:Subscribe", "Resource": "*"}]}"#,
        )
        .unwrap();
        let expected = Policy::nothing()
            .allow(Action::Connect, "${iot:ClientId}")
            .allow(Action::Publish, "a:b/*")
            .allow(Action::Receive, "a:b/*")
            .deny(Action::Publish, "a:b/private")
            .deny(Action::RetainPublish, "a:b/private")
            .deny(Action::Receive, "a:b/private")
            .allow(Action::Subscribe, "*");
        assert_eq!(policy, expected);
        assert!(Policy::from_json("[]").is_err());
    }
}
