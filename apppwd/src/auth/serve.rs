//! Connections on `auth.sock`: one request, one reply.

use super::check::{self, Asked};
use super::peers::Standing;
use super::uses::Place;
use super::{Answer, Reason};
use crate::address::Address;
use crate::daemon::Daemon;
use crate::log::{self, Provoked};
use crate::store::Store;
use apppw_proto::frame::{FrameError, HEADER_LEN, Header, Kind, MAX_BODY, OLDEST_VERSION, Reply, Request};
use apppw_proto::limits::MAX_TIMEOUT_MS;
use apppw_proto::secret::{Shape, classify};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

/// How long a client may take to send its request. A module sends it in one piece.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// Serves one connection.
pub async fn connection<S: Store + 'static>(daemon: Rc<Daemon<S>>, mut stream: UnixStream, uid: u32) {
    let mut buffer = Zeroizing::new([0_u8; HEADER_LEN + MAX_BODY]);
    let read = timeout_at(Instant::now() + READ_WITHIN, read_frame(&mut stream, &mut buffer));
    let (header, body) = match read.await {
        Ok(Ok(frame)) => frame,
        Ok(Err(ReadError::Frame(error))) => {
            return malformed(&daemon, &mut stream, OLDEST_VERSION, error).await;
        }
        // Gone, or too slow: there is nobody to answer.
        Ok(Err(ReadError::Gone)) | Err(_) => return,
    };
    let request = match Request::decode_body(&header, body) {
        Ok(request) => request,
        Err(error) => return malformed(&daemon, &mut stream, header.version, error).await,
    };
    let begun = Instant::now();
    let deadline = begun + Duration::from_millis(request.deadline_ms.min(MAX_TIMEOUT_MS).into());
    let answered = tokio::select! {
        biased;
        answer = timeout_at(deadline, answer(&daemon, uid, &request)) => answer,
        () = client_left(&stream) => return,
    };
    let answer = answered.unwrap_or_else(|_| conclude(&daemon, uid, &request, Answer::new(Reason::Deadline)));
    daemon.tally.login_time.add(begun.elapsed());
    let reply = Reply { version: header.version, verdict: answer.verdict, detail: answer.detail };
    let _ = stream.write_all(&reply.encode()).await;
}

/// Answers a client for whom there is no place, without reading what it asks.
pub fn turn_away(stream: &UnixStream) {
    let answer = Answer::new(Reason::Overloaded);
    let reply = Reply { version: OLDEST_VERSION, verdict: answer.verdict, detail: answer.detail };
    // Eight bytes always fit into a new connection's buffer.
    let _ = stream.try_write(&reply.encode());
}

enum ReadError {
    /// The client is gone.
    Gone,
    Frame(FrameError),
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

async fn read_frame<'b>(
    stream: &mut UnixStream,
    buffer: &'b mut [u8; HEADER_LEN + MAX_BODY],
) -> Result<(Header, &'b [u8]), ReadError> {
    let (head, rest) =
        buffer.split_first_chunk_mut::<HEADER_LEN>().ok_or(ReadError::Frame(FrameError::Truncated))?;
    stream.read_exact(head).await?;
    let header = Header::decode(head).map_err(ReadError::Frame)?;
    let body = rest.get_mut(..header.body_len).ok_or(ReadError::Frame(FrameError::Trailing))?;
    stream.read_exact(body).await?;
    Ok((header, body))
}

/// Answers a request, logs the verdict and counts it.
async fn answer<S: Store + 'static>(daemon: &Rc<Daemon<S>>, uid: u32, request: &Request<'_>) -> Answer {
    let standing = daemon.peers.standing(uid, request.service);
    let answer = if standing.may_ask {
        judge(daemon, uid, standing, request).await
    } else {
        Answer::new(Reason::PeerNotAllowed)
    };
    daemon.note_use(&answer, place(standing, request));
    daemon.note_refused_use(&answer, request.user, place(standing, request));
    conclude(daemon, uid, request, answer)
}

fn place(standing: Standing, request: &Request<'_>) -> Place {
    Place {
        service: request.service.to_owned(),
        rhost: request.rhost.to_owned(),
        unproven: !standing.rhost_is_proven,
    }
}

async fn judge<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    uid: u32,
    standing: Standing,
    request: &Request<'_>,
) -> Answer {
    let asked = Asked {
        user: request.user,
        service: Some(request.service),
        address: Address::from_rhost(request.rhost, standing.rhost_is_proven),
        is_login: true,
    };
    match request.kind {
        Kind::Login => match classify(request.secret) {
            // Only the canonical form: a client that sends another one has not looked at it.
            Shape::Secret(secret) if secret.as_bytes() == request.secret => {
                check::login(daemon, &asked, &secret).await
            }
            _ => Answer::new(Reason::Malformed),
        },
        Kind::MayUsePrimary => check::primary(daemon, &asked, request.wrong_check).await,
        Kind::PrimaryWasUsed => {
            daemon.note_primary_use(request.user, place(standing, request), uid == 0).await;
            Answer::new(Reason::PrimaryUsed)
        }
    }
}

fn conclude<S: Store>(daemon: &Daemon<S>, uid: u32, request: &Request<'_>, answer: Answer) -> Answer {
    let rhost_is_proven = daemon.peers.standing(uid, request.service).rhost_is_proven;
    // A report is no verdict: the request before it had one.
    if request.kind != Kind::PrimaryWasUsed {
        daemon.tally.verdict(request.service, answer.reason, &daemon.config.groups);
    }
    // Anyone in the socket's group can provoke this one as often as he likes.
    if answer.reason == Reason::PeerNotAllowed
        && daemon.throttle.may_say(Provoked::PeerNotAllowed, uid, std::time::Instant::now()).is_none()
    {
        return answer;
    }
    daemon.log.verdict(log::Line {
        user: request.user.to_owned(),
        service: request.service.to_owned(),
        rhost: request.rhost.to_owned(),
        rhost_is_proven,
        uid,
        answer: answer.clone(),
    });
    answer
}

async fn malformed<S: Store>(daemon: &Daemon<S>, stream: &mut UnixStream, version: u8, error: FrameError) {
    let uid = stream.peer_cred().map_or(u32::MAX, |peer| peer.uid());
    let reply = match error {
        FrameError::Version(_) => Reply::other_version(),
        _ => {
            let answer = Answer::new(Reason::Malformed);
            daemon.tally.verdict("", answer.reason, &daemon.config.groups);
            Reply { version, verdict: answer.verdict, detail: answer.detail }
        }
    };
    if let Some(left_out) = daemon.throttle.may_say(Provoked::Malformed, uid, std::time::Instant::now()) {
        tracing::warn!(
            "a request on auth.sock from uid {uid} can't be read: {error} ({left_out} more like it)"
        );
    }
    let _ = stream.write_all(&reply.encode()).await;
}

/// Waits until the client has closed its end: what it asked for is then dropped. A byte
/// after the request is as good as gone, for no client of ours sends one.
async fn client_left(stream: &UnixStream) {
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut [0]) {
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            _ => return,
        }
    }
}
