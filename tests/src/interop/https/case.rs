//! One request, and what shall become of it.

use bytes::Bytes;

use super::contents;
use super::refusal::Refusal;

/// A request. The path names the shape of the answer, and what is in it: `/chunked/1500`.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Header lines of one's own.
    pub(super) headers: &'static [(&'static str, &'static str)],
    /// The name of the body that is sent.
    pub(super) sends: Option<&'static str>,
    /// Asked again at once, which a connection that is kept carries too.
    pub(super) twice: bool,
    /// Why it is not carried: by the module's own client, if not by both.
    pub(super) refused: Option<Refusal>,
}

/// GET of a path without the first slash.
pub(super) const fn get(path: &'static str) -> Case {
    plain("GET", path)
}

/// HEAD.
pub(super) const fn head(path: &'static str) -> Case {
    plain("HEAD", path)
}

/// DELETE.
pub(super) const fn delete(path: &'static str) -> Case {
    plain("DELETE", path)
}

/// POST of a body, which comes back.
pub(super) const fn post(body: &'static str) -> Case {
    plain("POST", "echo").sending(body)
}

/// PUT of a body, which comes back.
pub(super) const fn put(body: &'static str) -> Case {
    plain("PUT", "echo").sending(body)
}

/// A method that the module's client has not.
pub(super) const fn other(method: &'static str, path: &'static str) -> Case {
    plain(method, path).refused(Refusal::Method)
}

const fn plain(method: &'static str, path: &'static str) -> Case {
    Case { method, path, headers: &[], sends: None, twice: false, refused: None }
}

impl Case {
    pub(super) const fn to(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    pub(super) const fn with(mut self, headers: &'static [(&'static str, &'static str)]) -> Self {
        self.headers = headers;
        self
    }

    pub(super) const fn sending(mut self, body: &'static str) -> Self {
        self.sends = Some(body);
        self
    }

    pub(super) const fn twice(mut self) -> Self {
        self.twice = true;
        self
    }

    /// It is not carried.
    pub(super) const fn refused(mut self, why: Refusal) -> Self {
        self.refused = Some(why);
        self
    }

    /// The body that is sent, if any.
    pub(super) fn body(&self) -> Option<Bytes> {
        self.sends.map(contents::named)
    }

    /// The shape of the answer.
    pub(super) fn shape(&self) -> &'static str {
        self.path.split(['/', '?']).next().unwrap_or_default()
    }

    /// The body that must come back; `None` if the server writes a page of its own.
    pub(super) fn comes_back(&self) -> Option<Bytes> {
        let content = || self.path.split(['/', '?']).nth(1).map(contents::named).unwrap_or_default();
        let range = self.headers.iter().find(|(name, _)| *name == "Range");
        match (self.method, self.shape()) {
            ("HEAD", _) | (_, "204" | "304") => Some(Bytes::new()),
            (_, "301") => None,
            (_, "echo") => Some(self.body().unwrap_or_default()),
            _ => Some(range.map_or_else(content, |(_, range)| part(&content(), range))),
        }
    }

    /// For people: method, path, and what is special about it.
    pub(super) fn name(&self) -> String {
        let sent = self.sends.map_or_else(String::new, |body| format!(" with {body}"));
        let headers: String =
            self.headers.iter().map(|(name, value)| format!(" {name}({})", value.len())).collect();
        let again = if self.twice { " twice" } else { "" };
        let path = if self.path.len() > 40 { "(long)" } else { self.path };
        format!("{} {path}{sent}{headers}{again}", self.method)
    }
}

/// `bytes=first-last`
fn part(whole: &Bytes, range: &str) -> Bytes {
    let (first, last) = range.trim_start_matches("bytes=").split_once('-').expect("it is a range");
    let number = |text: &str| text.parse::<usize>().expect("it is a number");
    whole.slice(number(first)..=number(last))
}
