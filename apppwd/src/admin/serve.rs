//! Connections on `admin.sock`: JSON lines, one after the other.

use super::caller::{Caller, Role};
use super::descriptors::{self, Closed, Closing, Descriptor};
use super::dispatch::{self, Answer, Then};
use super::rules;
use crate::daemon::Daemon;
use crate::events;
use crate::log::{self, Provoked};
use crate::store::Store;
use apppw_admin::{AdminError, Code, MAX_LINE};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::{Zeroize, Zeroizing};

/// How long a caller may keep a connection without a request, and an answer unread.
const IDLE: Duration = Duration::from_secs(30);

/// How long a caller counts as who he was found to be.
const KNOWN_FOR: Duration = Duration::from_secs(10);

/// How long a refusal may take to be read.
const REFUSE_WITHIN: Duration = Duration::from_millis(500);

/// Serves one connection of `uid`.
pub async fn connection<S: Store + 'static>(
    daemon: Rc<Daemon<S>>,
    mut stream: UnixStream,
    uid: u32,
    closing: Rc<Closing>,
) {
    if let Err(error) = descriptors::prepare(&stream) {
        tracing::warn!("a connection on admin.sock can't be made ready: {error}");
    } else {
        requests(&daemon, &mut stream).await;
    }
    if let Some(closed) = hang_up(&daemon, &closing, stream, uid).await {
        // Until then its place is taken.
        let _ = closed.await;
    }
}

/// Closes a connection of `uid`.
pub async fn hang_up<S>(
    daemon: &Daemon<S>,
    closing: &Closing,
    stream: UnixStream,
    uid: u32,
) -> Option<Closed> {
    let closed = closing.close(stream).await?;
    if let Some(left_out) = daemon.throttle.may_say(Provoked::Descriptor, uid, Instant::now()) {
        tracing::warn!(
            "uid {uid} passes descriptors on to admin.sock, which takes none{}",
            log::left_out(left_out, "more before")
        );
    }
    Some(closed)
}

/// One request after the other.
async fn requests<S: Store + 'static>(daemon: &Rc<Daemon<S>>, stream: &mut UnixStream) {
    let Some(mut caller) = identified(daemon, stream).await else { return };
    let mut identified_at = Instant::now();
    let mut lines = Lines::new(stream);
    let mut is_first = true;
    loop {
        let line = timeout(IDLE, lines.next()).await;
        // Who was removed from the system meanwhile is nobody.
        if matches!(line, Ok(Ok(Some(_)))) && identified_at.elapsed() > KNOWN_FOR {
            let Some(now) = identified(daemon, lines.stream).await else { return };
            (caller, identified_at) = (now, Instant::now());
        }
        // At a stop nobody gets in any more.
        let Ok(under_way) = daemon.requests.try_read() else { return };
        let answer = match line {
            Ok(Ok(Some(line))) => respond(daemon, &caller, line).await,
            Ok(Err(broken)) => {
                let line = dispatch::refusal(0, AdminError::new(Code::Invalid, broken.message()));
                Answer { line, follows: None, then: Then::HangUp }
            }
            Ok(Ok(None)) | Err(_) => return,
        };
        // Who begins with something else (a web browser, a proxy) did not mean this daemon: what
        // follows must not be taken for requests.
        let goes_on = match answer.then {
            Then::GoOn => true,
            Then::GoOnUnlessFirst => !is_first,
            Then::HangUp => false,
        };
        is_first = false;
        let written = tokio::select! {
            written = timeout(IDLE, lines.stream.write_all(&answer.line)) => matches!(written, Ok(Ok(()))),
            () = stopped_for_long(daemon) => false,
        };
        drop(under_way);
        if !written || !goes_on {
            return;
        }
        if let Some(copy) = answer.follows
            && !copy.follow(daemon, &caller, lines.stream).await
        {
            return;
        }
    }
}

/// Who is at the other end; `None`: nobody who may do anything, which he has been told.
async fn identified<S: Store + 'static>(daemon: &Rc<Daemon<S>>, stream: &mut UnixStream) -> Option<Caller> {
    match Caller::of(stream, daemon.people, &daemon.staff).await {
        Ok(caller) if caller.role == Role::Nobody => {
            // Whatever he asks is denied, and his place is another's.
            deny(daemon, &caller, stream).await;
            None
        }
        Ok(caller) => Some(caller),
        Err(error) => {
            let uid = stream.peer_cred().map_or(u32::MAX, |peer| peer.uid());
            if let Some(left_out) = daemon.throttle.may_say(Provoked::Unidentified, uid, Instant::now()) {
                let more = log::left_out(left_out, "more before");
                tracing::warn!("uid {uid} on admin.sock can't be identified: {error}{more}");
            }
            let message = format!("the system can't say who you are: {error}; try again");
            refuse(stream, Code::Busy, &message).await;
            None
        }
    }
}

/// Says to one who may do nothing that he may not.
async fn deny<S: Store + 'static>(daemon: &Rc<Daemon<S>>, caller: &Caller, stream: &mut UnixStream) {
    let message = format!("{caller} may do nothing here: {}", rules::NOBODY);
    // At a stop nobody gets in any more.
    let Ok(_under_way) = daemon.requests.try_read() else { return };
    daemon.note_denied(caller, "any", events::asked_for(None), &message).await;
    refuse(stream, Code::Denied, &message).await;
}

/// Ends [`REFUSE_WITHIN`] after the stop has begun.
async fn stopped_for_long<S>(daemon: &Daemon<S>) {
    let _ = daemon.stopping.subscribe().wait_for(|stopping| *stopping).await;
    tokio::time::sleep(REFUSE_WITHIN).await;
}

/// Says why nothing is done, and hangs up.
async fn refuse(stream: &mut UnixStream, code: Code, message: &str) {
    let line = dispatch::refusal(0, AdminError::new(code, message));
    let _ = timeout(REFUSE_WITHIN, stream.write_all(&line)).await;
}

/// The same without waiting, for who gets no place.
pub fn turn_away(stream: &UnixStream, message: &str) {
    // A short line always fits into a new connection's buffer.
    let _ = stream.try_write(&dispatch::refusal(0, AdminError::new(Code::Busy, message)));
    // Else what it has is read as it was sent, and closed all the same.
    let _ = descriptors::prepare(stream);
}

/// Why there is no next line.
enum Broken {
    /// It is longer than [`MAX_LINE`].
    TooLong,
    /// The caller hung up within it.
    Ended,
    /// A descriptor came along.
    Descriptor,
}

impl Broken {
    fn message(&self) -> String {
        match self {
            Self::TooLong => format!("a request is one line of at most {MAX_LINE} bytes, newline included"),
            Self::Descriptor => "no descriptors are taken here (SCM_RIGHTS)".to_owned(),
            Self::Ended => "a request is one line, and this one has no newline at its end".to_owned(),
        }
    }
}

/// The lines of a connection, in one buffer of fixed size that is wiped: they may carry a
/// secret, and a growing buffer would leave copies behind.
struct Lines<'s> {
    stream: &'s mut UnixStream,
    buffer: Zeroizing<Vec<u8>>,
    /// Bytes of the buffer that are read.
    filled: usize,
    /// Bytes of the line handed out last.
    done: usize,
}

impl<'s> Lines<'s> {
    fn new(stream: &'s mut UnixStream) -> Self {
        let buffer = Zeroizing::new(vec![0; MAX_LINE]);
        Self { stream, buffer, filled: 0, done: 0 }
    }

    /// The next line without its newline; `None` at the end.
    async fn next(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, Broken> {
        self.buffer.copy_within(self.done..self.filled, 0);
        self.filled -= std::mem::take(&mut self.done);
        let mut searched = 0;
        loop {
            let fresh = self.buffer.get(searched..self.filled).unwrap_or_default();
            if let Some(newline) = fresh.iter().position(|byte| *byte == b'\n') {
                let end = searched + newline;
                self.done = end + 1;
                let line = self.buffer.get(..end).map(|line| Zeroizing::new(line.to_vec()));
                if let Some(handed_out) = self.buffer.get_mut(..end) {
                    handed_out.zeroize();
                }
                return Ok(line);
            }
            searched = self.filled;
            let room =
                self.buffer.get_mut(self.filled..).filter(|room| !room.is_empty()).ok_or(Broken::TooLong)?;
            match descriptors::read(self.stream, room).await {
                Ok(Err(Descriptor)) => return Err(Broken::Descriptor),
                Ok(Ok(0)) | Err(_) if self.filled == 0 => return Ok(None),
                Ok(Ok(0)) | Err(_) => return Err(Broken::Ended),
                Ok(Ok(n)) => self.filled += n,
            }
        }
    }
}

/// A change runs to its end though the caller hangs up: between commit and journal there is
/// no stopping.
async fn respond<S: Store + 'static>(
    daemon: &Rc<Daemon<S>>,
    caller: &Caller,
    line: Zeroizing<Vec<u8>>,
) -> Answer {
    let (daemon, caller) = (Rc::clone(daemon), caller.clone());
    let task = tokio::task::spawn_local(async move { dispatch::line(&daemon, &caller, &line).await });
    task.await.unwrap_or_else(|error| {
        tracing::error!("a management request failed: {error}");
        let error = AdminError::new(Code::Busy, "internal fault; see the log of apppwd");
        Answer { line: dispatch::refusal(0, error), follows: None, then: Then::HangUp }
    })
}
