//! What a fake daemon does with a connection.

use apppw_proto::frame::{Detail, Reply, Verdict};
use std::time::Duration;

/// What a fake daemon does with a connection. Unless said otherwise it reads one request first.
#[derive(Debug, Clone)]
pub enum Act {
    /// Answers with this verdict, in the version of the request.
    Verdict(Verdict),
    /// Answers "unavailable" with this detail.
    Unavailable(Detail),
    /// Says that it speaks versions up to this one only.
    SpeaksOnly(u8),
    /// Sends these bytes.
    Bytes(Vec<u8>),
    /// Sends these bytes one at a time, with pauses.
    Trickle(Vec<u8>, Duration),
    /// Waits, then answers with this verdict.
    Late(Duration, Verdict),
    /// Reads, never answers, keeps the connection open until the client leaves.
    Silent,
    /// Reads the request and closes.
    CloseAfterRequest,
    /// Closes without reading anything.
    CloseAtOnce,
    /// Sends a whole answer and closes, without reading anything.
    AnswerUnread(Reply),
}
