//! A connection on `auth.sock`: its bytes, and no more of the runtime than it needs.

use apppw_proto::frame::{HEADER_LEN, MAX_BODY};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv, send};
use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream as Fresh;
use std::rc::Rc;
use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream as Registered;
use zeroize::Zeroize;

/// A connection. A PAM host sends its request right behind its connect(2), so that it is mostly there
/// when the connection is accepted, and answered at once; only one that has to wait is registered
/// with the runtime, which costs a login more than reading its row.
pub struct Wire(Stream);

enum Stream {
    Fresh(Fresh),
    Registered(Registered),
    /// It could not be registered.
    Gone,
}

impl Wire {
    /// A connection just accepted.
    #[must_use]
    pub const fn new(stream: Fresh) -> Self {
        Self(Stream::Fresh(stream))
    }

    /// Reads some bytes, waiting for the first of them. 0: the peer has closed.
    ///
    /// # Errors
    /// As recv(2).
    pub async fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if let Stream::Fresh(stream) = &self.0 {
            match recv(stream.as_raw_fd(), room, MsgFlags::MSG_DONTWAIT) {
                Err(Errno::EAGAIN) => {}
                read => return Ok(read?),
            }
        }
        self.registered()?.read(room).await
    }

    /// Sends what always fits into a new connection's buffer. Whoever doesn't take it is gone.
    pub fn send(&self, reply: &[u8]) {
        let fd = match &self.0 {
            Stream::Fresh(stream) => stream.as_raw_fd(),
            Stream::Registered(stream) => stream.as_raw_fd(),
            Stream::Gone => return,
        };
        // Not by way of the runtime: it knows that a stream is writable only once it has asked.
        let _ = send(fd, reply, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT);
    }

    /// Waits until the peer has closed its end. A byte behind the request is as good as that, for
    /// no client of ours sends one.
    pub async fn left(&mut self) {
        let Ok(stream) = self.registered() else { return };
        loop {
            if stream.readable().await.is_err() {
                return;
            }
            match stream.try_read(&mut [0]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                _ => return,
            }
        }
    }

    fn registered(&mut self) -> io::Result<&mut Registered> {
        if matches!(self.0, Stream::Fresh(_))
            && let Stream::Fresh(stream) = std::mem::replace(&mut self.0, Stream::Gone)
        {
            stream.set_nonblocking(true)?;
            self.0 = Stream::Registered(Registered::from_std(stream)?);
        }
        match &mut self.0 {
            Stream::Registered(stream) => Ok(stream),
            Stream::Fresh(_) | Stream::Gone => Err(ErrorKind::NotConnected.into()),
        }
    }
}

/// Room for a request. What was in it is wiped when it is given back.
pub struct Buffer {
    /// Taken when it is given back.
    bytes: Option<Bytes>,
    filled: usize,
    pool: Buffers,
}

type Bytes = Box<[u8; HEADER_LEN + MAX_BODY]>;

/// Buffers that are used again and again.
#[derive(Clone, Default)]
pub struct Buffers(Rc<RefCell<Vec<Bytes>>>);

/// Most that are kept: more are at work only while many wait.
const MOST_KEPT: usize = 64;

impl Buffers {
    /// One that is empty.
    #[must_use]
    pub fn take(&self) -> Buffer {
        let kept = self.0.borrow_mut().pop();
        let bytes = kept.unwrap_or_else(|| Box::new([0; HEADER_LEN + MAX_BODY]));
        Buffer { bytes: Some(bytes), filled: 0, pool: self.clone() }
    }
}

impl Buffer {
    /// What was read.
    #[must_use]
    pub fn filled(&self) -> &[u8] {
        self.bytes.as_deref().and_then(|bytes| bytes.get(..self.filled)).unwrap_or_default()
    }

    /// Reads until at least `len` bytes are there; `false`: the peer has closed before, or there is
    /// no room for so many.
    ///
    /// # Errors
    /// As recv(2).
    pub async fn fill(&mut self, wire: &mut Wire, len: usize) -> io::Result<bool> {
        while self.filled < len {
            let room = self.bytes.as_deref_mut().and_then(|bytes| bytes.get_mut(self.filled..));
            let Some(room) = room.filter(|room| !room.is_empty()) else { return Ok(false) };
            match wire.read(room).await? {
                0 => return Ok(false),
                read => self.filled += read,
            }
        }
        Ok(true)
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let Some(mut bytes) = self.bytes.take() else { return };
        if let Some(filled) = bytes.get_mut(..self.filled) {
            filled.zeroize();
        }
        let mut kept = self.pool.0.borrow_mut();
        if kept.len() < MOST_KEPT {
            kept.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_that_is_used_again_holds_nothing_of_before() {
        let buffers = Buffers::default();
        let mut buffer = buffers.take();
        buffer.bytes.as_mut().unwrap()[..6].copy_from_slice(b"secret");
        buffer.filled = 6;
        drop(buffer);
        let again = buffers.take();
        assert!(again.filled().is_empty());
        assert!(again.bytes.as_ref().unwrap().iter().all(|byte| *byte == 0));
    }
}
