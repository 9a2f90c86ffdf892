//! Connections on `auth.sock`: one request, one reply.

use super::check::{self, Asked};
use super::peers::Standing;
use super::uses::Place;
use super::wire::{Buffer, Wire};
use super::{Answer, Reason};
use crate::address::Address;
use crate::clock;
use crate::daemon::Daemon;
use crate::log::{self, Provoked};
use crate::store::Store;
use apppw_proto::frame::{FrameError, HEADER_LEN, Header, Kind, MAX_BODY, OLDEST_VERSION, Reply, Request};
use apppw_proto::limits::MAX_TIMEOUT_MS;
use apppw_proto::secret::{Shape, classify};
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

/// How long a client may take to send its request. A module sends it in one piece.
const READ_WITHIN: Duration = Duration::from_secs(2);

/// Serves one connection.
pub async fn connection<S: Store + 'static>(daemon: Rc<Daemon<S>>, mut wire: Wire, uid: u32) {
    let mut buffer = daemon.buffers.take();
    let read = at_once_or_by(|| Instant::now() + READ_WITHIN, read_frame(&mut wire, &mut buffer));
    let header = match read.await {
        Ok(Ok(header)) => header,
        Ok(Err(ReadError::Frame(error))) => {
            return malformed(&daemon, &wire, uid, OLDEST_VERSION, error);
        }
        // Gone, or too slow: there is nobody to answer.
        Ok(Err(ReadError::Gone)) | Err(_) => return,
    };
    let (body, behind) = buffer
        .filled()
        .get(HEADER_LEN..)
        .and_then(|rest| rest.split_at_checked(header.body_len))
        .unwrap_or_default();
    let request = match Request::decode_body(&header, body) {
        Ok(request) if behind.is_empty() => request,
        Ok(_) => return malformed(&daemon, &wire, uid, header.version, FrameError::Trailing),
        Err(error) => return malformed(&daemon, &wire, uid, header.version, error),
    };
    let begun = Instant::now();
    let deadline = begun + Duration::from_millis(request.deadline_ms.min(MAX_TIMEOUT_MS).into());
    let judged = tokio::select! {
        biased;
        answer = at_once_or_by(|| deadline, judge(&daemon, uid, &request)) => answer,
        () = wire.left() => return,
    };
    let answer = judged.unwrap_or(Answer::new(Reason::Deadline));
    let Answer { verdict, detail, .. } = answer;
    wire.send(&Reply { version: header.version, verdict, detail }.encode());
    // Whoever logs in need not wait for what follows; nothing comes between, for nothing waits.
    daemon.tally.login_time.add(begun.elapsed());
    conclude(&daemon, uid, &request, answer);
}

/// Answers a client for whom there is no place, without reading what it asks.
pub fn turn_away<S>(daemon: &Daemon<S>, wire: &Wire, uid: u32) {
    let answer = Answer::new(Reason::Overloaded);
    daemon.tally.verdict("", answer.reason, &daemon.config.groups);
    if let Some(left_out) = daemon.throttle.may_say(Provoked::TurnedAway, uid, std::time::Instant::now()) {
        tracing::warn!(
            "uid {uid} has too many connections on auth.sock; one was turned away{}",
            log::left_out(left_out, "more before")
        );
    }
    let reply = Reply { version: OLDEST_VERSION, verdict: answer.verdict, detail: answer.detail };
    wire.send(&reply.encode());
}

/// What waits for nothing needs no timer.
async fn at_once_or_by<T>(
    deadline: impl FnOnce() -> Instant,
    work: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    let mut work = pin!(work);
    match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
        Poll::Ready(done) => Ok(done),
        Poll::Pending => Box::pin(timeout_at(deadline(), work)).await,
    }
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

/// Reads one request, whole: its bytes are in the buffer then, perhaps with more behind them.
async fn read_frame(wire: &mut Wire, buffer: &mut Buffer) -> Result<Header, ReadError> {
    if !buffer.fill(wire, HEADER_LEN).await? {
        return Err(ReadError::Gone);
    }
    let head = buffer.filled().first_chunk::<HEADER_LEN>().ok_or(ReadError::Gone)?;
    let header = Header::decode(head).map_err(ReadError::Frame)?;
    if header.body_len > MAX_BODY {
        // More than four fields can hold.
        return Err(ReadError::Frame(FrameError::Trailing));
    }
    if !buffer.fill(wire, HEADER_LEN + header.body_len).await? {
        return Err(ReadError::Gone);
    }
    Ok(header)
}

fn place(standing: Standing, request: &Request<'_>) -> Place {
    Place {
        service: request.service.to_owned(),
        rhost: request.rhost.to_owned(),
        unproven: !standing.rhost_is_proven,
    }
}

async fn judge<S: Store + 'static>(daemon: &Rc<Daemon<S>>, uid: u32, request: &Request<'_>) -> Answer {
    let standing = daemon.peers.standing(uid, request.service);
    if !standing.may_ask {
        return Answer::new(Reason::PeerNotAllowed);
    }
    let asked = Asked {
        user: request.user,
        service: Some(request.service),
        address: Address::from_rhost(request.rhost, standing.rhost_is_proven),
        is_login: true,
    };
    match request.kind {
        Kind::Login => {
            // Looked at where it lies: what is moved leaves a copy behind, which nobody wipes.
            let shape = classify(request.secret);
            match &shape {
                // Only the canonical form: a client that sends another one has not looked at it.
                Shape::Secret(secret) if secret.as_bytes() == request.secret => {
                    check::login(daemon, &asked, secret).await
                }
                _ => Answer::new(Reason::Malformed),
            }
        }
        Kind::MayUsePrimary => check::primary(daemon, &asked, request.wrong_check),
        Kind::PrimaryWasUsed => {
            Box::pin(daemon.note_primary_use(request.user, place(standing, request), uid == 0)).await;
            Answer::new(Reason::PrimaryUsed)
        }
    }
}

/// Counts a verdict and tells it.
fn conclude<S: Store + 'static>(daemon: &Rc<Daemon<S>>, uid: u32, request: &Request<'_>, answer: Answer) {
    let standing = daemon.peers.standing(uid, request.service);
    daemon.record.notice(clock::now(), std::time::Instant::now());
    daemon.note_use(&answer, place(standing, request));
    daemon.note_refused_use(&answer, request.user, place(standing, request));
    // A report is no verdict: the request before it had one.
    if request.kind != Kind::PrimaryWasUsed {
        daemon.tally.verdict(request.service, answer.reason, &daemon.config.groups);
    }
    if !daemon.watches.is_empty() {
        daemon.note_attempt(request.user, &answer, place(standing, request));
    }
    // Anyone in the socket's group can provoke this one as often as he likes.
    if answer.reason == Reason::PeerNotAllowed {
        match daemon.throttle.may_say(Provoked::PeerNotAllowed, uid, std::time::Instant::now()) {
            None => return,
            Some(0) => {}
            Some(left_out) => {
                tracing::warn!("uid {uid} asked {left_out} times more for what [peers] doesn't give it")
            }
        }
    }
    daemon.log.verdict(log::Line {
        // A copy of what was typed as a name is not wiped.
        user: daemon.shown_user(request.user).to_owned(),
        service: request.service.to_owned(),
        rhost: request.rhost.to_owned(),
        rhost_is_proven: standing.rhost_is_proven,
        uid,
        answer,
    });
}

fn malformed<S: Store>(daemon: &Daemon<S>, wire: &Wire, uid: u32, version: u8, error: FrameError) {
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
            "a request on auth.sock from uid {uid} can't be read: {error}{}",
            log::left_out(left_out, "more like it")
        );
    }
    wire.send(&reply.encode());
}
