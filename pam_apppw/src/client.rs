//! One exchange with apppwd: connect, check who listens, send, read eight bytes; all under
//! one deadline. A connection serves one login and is closed before the hook returns.

use crate::args::Args;
use crate::deadline::Deadline;
use crate::failure::Failure;
use crate::ffi::{Connected, Errno, Ready, Socket, pause_ms};
use apppw_proto::frame::{
    FrameError, HEADER_LEN, OLDEST_VERSION, REPLY_LEN, Reply, Request, Verdict, speaks,
};
use libc::{EAGAIN, ECONNRESET, EINTR, EPIPE};
use zeroize::Zeroizing;

/// Longest pause, in milliseconds, between two tries to get into a full backlog.
const MAX_PAUSE_MS: u32 = 20;

/// Asks apppwd, in the oldest version of the frame that suffices; if it doesn't speak that one,
/// once more in the version that it names.
///
/// # Errors
/// Everything that is not a reply with a verdict on the request.
pub fn exchange(args: &Args<'_>, request: &Request<'_>) -> Result<Reply, Failure> {
    point!();
    let deadline = Deadline::after_ms(args.timeout_ms);
    let reply = exchange_in(OLDEST_VERSION, args, request, deadline)?;
    if reply.verdict != Verdict::OtherVersion {
        return Ok(reply);
    }
    if !speaks(reply.version) {
        return Err(Failure::Version(reply.version));
    }
    let second = exchange_in(reply.version, args, request, deadline)?;
    if second.verdict == Verdict::OtherVersion { Err(Failure::Version(second.version)) } else { Ok(second) }
}

fn exchange_in(
    version: u8,
    args: &Args<'_>,
    request: &Request<'_>,
    deadline: Deadline,
) -> Result<Reply, Failure> {
    point!();
    let socket = connect(args.socket, deadline)?;
    point!();
    let found = socket.peer_uid().map_err(Failure::Broken)?;
    if found != args.server_uid {
        return Err(Failure::Foreign { found, wanted: args.server_uid });
    }
    let frame = frame(version, request, deadline)?;
    send(&socket, &frame, deadline)?;
    point!();
    receive(&socket, version, deadline)
}

/// A non-blocking connect doesn't wait for room in the backlog: it says `EAGAIN`, and nothing
/// tells when there is room, so try again after short pauses.
fn connect(path: &[u8], deadline: Deadline) -> Result<Socket, Failure> {
    point!();
    let socket = Socket::new().map_err(Failure::Socket)?;
    let mut pause = 1;
    loop {
        match socket.connect(path) {
            Ok(Connected::Yes) => return Ok(socket),
            Ok(Connected::BacklogFull) => {
                let left = deadline.remaining_ms().ok_or(Failure::Deadline)?;
                pause_ms(pause.min(left));
                pause = (pause * 2).min(MAX_PAUSE_MS);
            }
            Err(Errno(EINTR)) => {
                deadline.remaining_ms().ok_or(Failure::Deadline)?;
            }
            Err(error) => return Err(Failure::Connect(error)),
        }
    }
}

/// The request's bytes. The buffer never grows, so that no copy of a secret is left behind.
fn frame(version: u8, request: &Request<'_>, deadline: Deadline) -> Result<Zeroizing<Vec<u8>>, Failure> {
    point!();
    let deadline_ms = deadline.remaining_ms().ok_or(Failure::Deadline)?;
    let fields = [request.user.len(), request.service.len(), request.rhost.len(), request.secret.len()];
    let length = HEADER_LEN + fields.len() + fields.iter().sum::<usize>();
    let mut frame = Zeroizing::new(Vec::new());
    frame.try_reserve_exact(length).map_err(|_| Failure::Memory)?;
    Request { deadline_ms, ..request.clone() }.encode(version, &mut frame).map_err(Failure::Request)?;
    #[cfg(feature = "fault-injection")]
    crate::fault::disguise(&mut frame);
    Ok(frame)
}

fn send(socket: &Socket, frame: &[u8], deadline: Deadline) -> Result<(), Failure> {
    point!();
    let mut rest = frame;
    while !rest.is_empty() {
        match socket.send(rest) {
            // Linux says this of no socket; where something does, it must not be asked for ever.
            Ok(0) => return Err(Failure::Closed),
            Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
            Err(Errno(EINTR | EAGAIN)) => wait(socket, Ready::ToSend, deadline)?,
            // An overloaded daemon may answer and close before it has read everything: the
            // answer is then there to be read.
            Err(Errno(EPIPE | ECONNRESET)) => return Ok(()),
            Err(error) => return Err(Failure::Broken(error)),
        }
    }
    Ok(())
}

/// Reads one reply. There is room for one byte more than it has: what comes with a byte too
/// many is no reply.
fn receive(socket: &Socket, version: u8, deadline: Deadline) -> Result<Reply, Failure> {
    point!();
    let mut buffer = [0; REPLY_LEN + 1];
    let mut filled = 0;
    while filled < REPLY_LEN {
        wait(socket, Ready::ToReceive, deadline)?;
        match socket.receive(buffer.get_mut(filled..).unwrap_or_default()) {
            Ok(0) => return Err(Failure::Closed),
            Ok(received) => filled += received,
            Err(Errno(EINTR | EAGAIN)) => {}
            Err(Errno(EPIPE | ECONNRESET)) => return Err(Failure::Closed),
            Err(error) => return Err(Failure::Broken(error)),
        }
    }
    point!();
    let bytes = buffer.get(..filled).ok_or(Failure::Nonsense(FrameError::Trailing))?;
    Reply::decode(bytes, version).map_err(Failure::Nonsense)
}

/// Waits until the socket is ready, or broken: the next call on it says which.
fn wait(socket: &Socket, ready: Ready, deadline: Deadline) -> Result<(), Failure> {
    point!();
    loop {
        let left = deadline.remaining_ms().ok_or(Failure::Deadline)?;
        match socket.wait(ready, left) {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(Errno(EINTR)) => {}
            Err(error) => return Err(Failure::Broken(error)),
        }
    }
}
