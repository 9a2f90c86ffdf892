//! The envelope around every message.
//!
//! Both ends go straight between bytes and the verb's own types: what holds a secret is
//! wiped, and a detour over a JSON tree would leave copies that are not.

use crate::AppPasswordId;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use zeroize::Zeroizing;

/// A request as it is sent: `{"v":1,"id":n,"verb":"list","args":{}}`.
#[derive(Serialize)]
pub(crate) struct Call<'a, A> {
    pub v: u32,
    pub id: u64,
    pub verb: &'a str,
    pub args: &'a A,
}

/// A request as it arrives; its arguments are read once the verb is known. No `Debug`: they
/// may hold a secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request<'a> {
    /// The envelope's version, [`crate::VERSION`].
    pub v: u32,
    /// Chosen by the client, echoed in the response.
    pub id: u64,
    /// The verb's name. A string, so that an unknown verb is answered, not dropped.
    #[serde(borrow)]
    pub verb: Cow<'a, str>,
    /// The verb's arguments.
    #[serde(borrow, default)]
    pub args: Option<&'a RawValue>,
}

/// A response: `{"v":1,"id":n,"ok":{...}}` or `{"v":1,"id":n,"error":{...}}`.
#[derive(Debug, Serialize, Deserialize)]
pub struct Response<T> {
    /// The envelope's version.
    pub v: u32,
    /// The request's `id`; 0 if the request could not be read.
    pub id: u64,
    /// The verb's result.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub ok: Option<T>,
    /// Why nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AdminError>,
}

const fn none<T>() -> Option<T> {
    None
}

/// Why a request was not carried out. Nothing has changed, unless the message says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct AdminError {
    /// The class of the error; a closed list.
    pub code: Code,
    /// The argument at fault, if one is (`"name"`, `"services"`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For the person who reads it: what failed, on what, what to do next.
    pub message: String,
    /// What it is about, for the daemon's record; never sent.
    #[serde(skip)]
    pub about: About,
}

/// What an error is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Whose account.
    pub user: Option<String>,
    /// Which app password.
    pub id: Option<AppPasswordId>,
}

/// The closed list of error codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// This caller may not do that.
    Denied,
    /// No such app password or account.
    NotFound,
    /// A value that is not allowed.
    Invalid,
    /// A name that is taken.
    Exists,
    /// A limit is reached.
    Limit,
    /// Too much at once; try again.
    Busy,
    /// The store can't be written now.
    ReadOnly,
    /// This daemon doesn't know the verb or version.
    Unsupported,
}

impl Code {
    /// The word in the envelope.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::Exists => "exists",
            Self::Limit => "limit",
            Self::Busy => "busy",
            Self::ReadOnly => "read_only",
            Self::Unsupported => "unsupported",
        }
    }
}

impl AdminError {
    /// An error that concerns no single argument.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into(), about: About::default() }
    }

    /// An error in the argument `field`.
    pub fn in_field(code: Code, field: &str, message: impl Into<String>) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(code, message) }
    }
}

impl<T: Serialize> Response<T> {
    /// The response to request `id`.
    pub fn new(id: u64, result: Result<T, AdminError>) -> Self {
        let (ok, error) = match result {
            Ok(value) => (Some(value), None),
            Err(error) => (None, Some(error)),
        };
        Self { v: crate::VERSION, id, ok, error }
    }

    /// The response's line, newline included, wiped when dropped.
    ///
    /// # Errors
    /// If the result can't be written as JSON.
    pub fn to_line(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        to_line(self)
    }
}

/// JSON and a newline. The buffer never grows: growing would leave a copy behind.
pub(crate) fn to_line<T: Serialize>(message: &T) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
    let mut line = Zeroizing::new(Vec::with_capacity(2 * crate::MAX_LINE));
    serde_json::to_writer(&mut *line, message)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_code_is_the_one_in_the_envelope() {
        for code in [
            Code::Denied,
            Code::NotFound,
            Code::Invalid,
            Code::Exists,
            Code::Limit,
            Code::Busy,
            Code::ReadOnly,
            Code::Unsupported,
        ] {
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("{:?}", code.as_str()));
        }
    }

    #[test]
    fn a_request_is_read_without_its_arguments() {
        let line = br#"{"v":1,"id":7,"verb":"li\u0073t","args":{"user":"alice"}}"#;
        let request: Request<'_> = serde_json::from_slice(line).unwrap();
        assert_eq!((request.v, request.id, request.verb.as_ref()), (1, 7, "list"));
        assert_eq!(request.args.unwrap().get(), r#"{"user":"alice"}"#);
        let request: Request<'_> = serde_json::from_slice(br#"{"v":1,"id":7,"verb":"status"}"#).unwrap();
        assert!(request.args.is_none());
        assert!(serde_json::from_slice::<Request<'_>>(br#"{"v":1,"id":7,"verb":"list","uid":0}"#).is_err());
    }

    #[test]
    fn a_response_is_either_ok_or_error() {
        let ok = Response::new(3, Ok(5)).to_line().unwrap();
        assert_eq!(ok.as_slice(), b"{\"v\":1,\"id\":3,\"ok\":5}\n");
        let error = Response::<u8>::new(3, Err(AdminError::new(Code::Busy, "later"))).to_line().unwrap();
        assert_eq!(
            error.as_slice(),
            b"{\"v\":1,\"id\":3,\"error\":{\"code\":\"busy\",\"message\":\"later\"}}\n"
        );
    }
}
