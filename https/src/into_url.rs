//! What names a resource.

use http::Uri;
use url::Url;

use crate::error::RequestError;

/// What a request can be addressed with: text, a [`Url`] or a [`Uri`].
///
/// One that is no URL is told when the request is sent. The trait is sealed.
pub trait IntoUrl: Sealed {}

impl<T: Sealed> IntoUrl for T {}

pub trait Sealed {
    /// The URL.
    fn into_url(self) -> Result<Url, RequestError>;
}

impl Sealed for Url {
    fn into_url(self) -> Result<Url, RequestError> {
        Ok(self)
    }
}

impl Sealed for &Url {
    fn into_url(self) -> Result<Url, RequestError> {
        Ok(self.clone())
    }
}

impl Sealed for &str {
    fn into_url(self) -> Result<Url, RequestError> {
        self.parse().map_err(|error: url::ParseError| RequestError::InvalidUrl { reason: error.to_string() })
    }
}

impl Sealed for String {
    fn into_url(self) -> Result<Url, RequestError> {
        self.as_str().into_url()
    }
}

impl Sealed for &String {
    fn into_url(self) -> Result<Url, RequestError> {
        self.as_str().into_url()
    }
}

impl Sealed for Uri {
    fn into_url(self) -> Result<Url, RequestError> {
        self.to_string().into_url()
    }
}

impl Sealed for &Uri {
    fn into_url(self) -> Result<Url, RequestError> {
        self.to_string().into_url()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_leads_to_the_same_url() {
        let text = "https://api.example/v1?a=b";
        let (url, uri): (Url, Uri) = (text.parse().unwrap(), text.parse().unwrap());
        assert_eq!(text.into_url(), Ok(url.clone()));
        assert_eq!(text.to_owned().into_url(), Ok(url.clone()));
        assert_eq!((&text.to_owned()).into_url(), Ok(url.clone()));
        assert_eq!((&url).into_url(), Ok(url.clone()));
        assert_eq!((&uri).into_url(), Ok(url.clone()));
        assert_eq!(uri.into_url(), Ok(url));
    }

    #[test]
    fn what_is_no_url_is_an_error() {
        for text in ["", "api.example/v1", "https://", "https://a b/", "https://[::1/"] {
            assert!(matches!(text.into_url(), Err(RequestError::InvalidUrl { .. })), "{text}");
        }
    }
}
