//! Keeps descriptors (unix(7), `SCM_RIGHTS`) that callers pass on from the thread that answers logins.
//!
//! Everybody may connect to `admin.sock`, and nobody has to pass a descriptor on. From Linux 6.16 on the kernel refuses
//! them ([`crate::sys::refuse_descriptors`]). Before, it closes what is read past, and what waits when a connection is closed,
//! on the thread that does that; and closing may wait for long, as with a TCP socket that lingers (socket(7), `SO_LINGER`). So
//! nothing here reads past one, and a connection that has one is closed on a thread of its own.

use nix::sys::socket::{MsgFlags, recv, recvmsg, setsockopt, sockopt};
use std::io::{self, IoSliceMut};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, oneshot};

/// Connections that are being closed on threads of their own at once. Where there are as many, the next one waits, and with it
/// who connects: management, and no login.
const AT_ONCE: usize = 64;

/// After what time a thread that the system refuses is asked for again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// There is a descriptor in front.
#[derive(Debug, PartialEq, Eq)]
pub struct Descriptor;

/// Makes a fresh connection ready for [`read`] and [`Closing::close`].
///
/// # Errors
/// As setsockopt(2).
pub fn prepare(stream: &UnixStream) -> io::Result<()> {
    // Else a byte out of band would be skipped by a look, and dropped by a read, descriptor and all.
    setsockopt(stream, sockopt::OobInline, &true)?;
    // A unit may have PassCredentials=yes: a look would then seem to be cut short each time.
    Ok(setsockopt(stream, sockopt::PassCred, &false)?)
}

/// Reads, but no further than a descriptor.
///
/// # Errors
/// As recv(2).
pub async fn read(stream: &UnixStream, room: &mut [u8]) -> io::Result<Result<usize, Descriptor>> {
    stream.async_io(Interest::READABLE, || take(stream, room)).await
}

/// What was looked at and has none is read; nothing can come before it meanwhile.
fn take(socket: &impl AsRawFd, room: &mut [u8]) -> io::Result<Result<usize, Descriptor>> {
    let fd = socket.as_raw_fd();
    let mut parts = [IoSliceMut::new(room)];
    let looked = recvmsg::<()>(fd, &mut parts, None, MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT)?;
    if looked.flags.contains(MsgFlags::MSG_CTRUNC) {
        return Ok(Err(Descriptor));
    }
    let seen = looked.bytes;
    match room.get_mut(..seen) {
        Some(seen) if !seen.is_empty() => Ok(Ok(recv(fd, seen, MsgFlags::MSG_DONTWAIT)?)),
        _ => Ok(Ok(0)),
    }
}

/// Closes connections.
#[derive(Debug)]
pub struct Closing(Arc<Semaphore>);

/// A connection with a descriptor on its way to be closed: ends when it is.
pub type Closed = oneshot::Receiver<()>;

impl Default for Closing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Closing {
    /// Closes a connection: at once, or, where a descriptor waits in it, on a thread of its own.
    pub async fn close(&self, stream: UnixStream) -> Option<Closed> {
        let stream = stream.into_std().ok()?;
        // From here on nothing more can come.
        let _ = stream.shutdown(Shutdown::Both);
        if !has_descriptor(&stream) {
            return None;
        }
        let permit = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let (closed, ends) = oneshot::channel();
        let closing = thread().await;
        let close: Job = Box::new(move || {
            drop(stream);
            drop(permit);
            let _ = closed.send(());
        });
        let _ = closing.send(close);
        Some(ends)
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does one thing. What it shall do isn't given before it is there, or it would be done here after all.
async fn thread() -> mpsc::Sender<Job> {
    loop {
        let (job, jobs) = mpsc::channel::<Job>();
        let started =
            std::thread::Builder::new().name("closing".to_owned()).stack_size(1 << 16).spawn(move || {
                if let Ok(job) = jobs.recv() {
                    job();
                }
            });
        if started.is_ok() {
            return job;
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// Reads away what comes before one, if there is one.
fn has_descriptor(stream: &net::UnixStream) -> bool {
    let mut room = [0; 1 << 14];
    loop {
        match take(stream, &mut room) {
            Ok(Err(Descriptor)) => return true,
            Ok(Ok(1..)) => {}
            Ok(Ok(0)) | Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::socket::{ControlMessage, sendmsg};
    use std::io::{IoSlice, Read, Write};
    use std::net::{TcpListener, TcpStream};

    /// Two ends.
    fn pair() -> (UnixStream, net::UnixStream) {
        let (ours, theirs) = net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let ours = UnixStream::from_std(ours).unwrap();
        prepare(&ours).unwrap();
        (ours, theirs)
    }

    fn pass_on(through: &net::UnixStream, bytes: &[u8], what: &impl AsRawFd, flags: MsgFlags) {
        let descriptors = [what.as_raw_fd()];
        let control = [ControlMessage::ScmRights(&descriptors)];
        sendmsg::<()>(through.as_raw_fd(), &[IoSlice::new(bytes)], &control, flags, None).unwrap();
    }

    /// Something whose closing waits until the other end is read to its end, or for an hour.
    fn lingering() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let lingers = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (other, _) = listener.accept().unwrap();
        setsockopt(&lingers, sockopt::Linger, &libc::linger { l_onoff: 1, l_linger: 3600 }).unwrap();
        lingers.set_nonblocking(true).unwrap();
        while (&lingers).write(&[0; 1 << 16]).is_ok() {}
        (lingers, other)
    }

    fn with_runtime(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn bytes_are_read_and_never_past_a_descriptor() {
        with_runtime(async {
            let (ours, theirs) = pair();
            let mut room = [0; 64];
            (&theirs).write_all(b"before").unwrap();
            assert_eq!(read(&ours, &mut room).await.unwrap(), Ok(6));
            assert_eq!(&room[..6], b"before");
            (&theirs).write_all(b"more").unwrap();
            pass_on(&theirs, b"with", &theirs, MsgFlags::empty());
            for _ in 0..3 {
                assert_eq!(read(&ours, &mut room).await.unwrap(), Err(Descriptor));
            }
        });
    }

    #[test]
    fn a_descriptor_out_of_band_is_seen_too() {
        with_runtime(async {
            let (ours, theirs) = pair();
            pass_on(&theirs, b"!", &theirs, MsgFlags::MSG_OOB);
            (&theirs).write_all(b"after").unwrap();
            let mut room = [0; 64];
            assert_eq!(read(&ours, &mut room).await.unwrap(), Err(Descriptor));
            assert!(Closing::default().close(ours).await.is_some());
        });
    }

    #[test]
    fn closing_waits_for_nothing() {
        with_runtime(async {
            let closing = Closing::default();
            for flags in [MsgFlags::empty(), MsgFlags::MSG_OOB] {
                let (ours, theirs) = pair();
                let (lingers, mut other) = lingering();
                (&theirs).write_all(&[b'x'; 40_000]).unwrap();
                pass_on(&theirs, b"!", &lingers, flags);
                drop(lingers);
                // On this thread it would end in an hour.
                let mut closed = closing.close(ours).await.expect("there is a descriptor");
                assert_eq!(closed.try_recv(), Err(oneshot::error::TryRecvError::Empty));
                other.read_to_end(&mut Vec::new()).unwrap();
                closed.await.unwrap();
            }
        });
    }

    #[test]
    fn credentials_are_no_descriptors() {
        with_runtime(async {
            let (ours, theirs) = net::UnixStream::pair().unwrap();
            ours.set_nonblocking(true).unwrap();
            setsockopt(&ours, sockopt::PassCred, &true).unwrap();
            let ours = UnixStream::from_std(ours).unwrap();
            (&theirs).write_all(b"asks").unwrap();
            prepare(&ours).unwrap();
            assert_eq!(read(&ours, &mut [0; 64]).await.unwrap(), Ok(4));
        });
    }

    #[test]
    fn what_has_none_is_closed_at_once() {
        with_runtime(async {
            let (ours, mut theirs) = pair();
            theirs.write_all(&[b'x'; 100_000]).unwrap();
            assert!(Closing::default().close(ours).await.is_none());
            assert_eq!(theirs.write_all(b"x").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        });
    }

    #[test]
    fn more_than_there_is_room_for_wait_their_turn() {
        with_runtime(async {
            let closing = Closing(Arc::new(Semaphore::new(1)));
            let ((first, theirs), (second, others)) = (pair(), pair());
            let (lingers, mut other) = lingering();
            pass_on(&theirs, b"!", &lingers, MsgFlags::empty());
            drop(lingers);
            pass_on(&others, b"!", &others, MsgFlags::empty());
            let closed = closing.close(first).await.unwrap();
            let mut waits = std::pin::pin!(closing.close(second));
            let pending = std::future::poll_fn(|context| {
                std::task::Poll::Ready(waits.as_mut().poll(context).is_pending())
            });
            assert!(pending.await);
            other.read_to_end(&mut Vec::new()).unwrap();
            closed.await.unwrap();
            waits.await.unwrap().await.unwrap();
        });
    }
}
