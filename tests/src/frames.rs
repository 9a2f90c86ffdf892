//! Frames on `auth.sock`, whole and broken, without the module in between.

use apppw_proto::frame::{Detail, Kind, Reply, Request, Verdict};
use socket2::{MsgHdr, SockRef};
use std::io::{IoSlice, Read, Write};
use std::os::fd::RawFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longest that a test waits for an answer.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What is asked; change what matters with the struct update syntax.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// 1, 2, 3, or what is none.
    pub kind: u8,
    /// The two bytes of flags.
    pub flags: u16,
    /// Milliseconds.
    pub deadline_ms: u32,
    /// The user name.
    pub user: &'a [u8],
    /// The PAM service.
    pub service: &'a [u8],
    /// The client's address.
    pub rhost: &'a [u8],
    /// The secret, canonical or not.
    pub secret: &'a [u8],
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self {
            kind: 1,
            flags: 0,
            deadline_ms: 8000,
            user: b"alice@example.org",
            service: b"imap",
            rhost: b"192.0.2.7",
            secret: b"0000000000000000",
        }
    }
}

impl<'a> Ask<'a> {
    /// A login of `user` at `service` from `rhost`.
    pub fn login(user: &'a str, service: &'a str, rhost: &'a str, secret: &'a str) -> Self {
        Self {
            user: user.as_bytes(),
            service: service.as_bytes(),
            rhost: rhost.as_bytes(),
            secret: secret.as_bytes(),
            ..Self::default()
        }
    }

    /// The bytes, whether they are allowed or not.
    pub fn bytes(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for field in [self.user, self.service, self.rhost, self.secret] {
            body.push(u8::try_from(field.len()).expect("a field of at most 255 bytes"));
            body.extend_from_slice(field);
        }
        let mut frame = b"APPW".to_vec();
        frame.extend([1, self.kind]);
        frame.extend(self.flags.to_be_bytes());
        frame.extend(self.deadline_ms.to_be_bytes());
        frame.extend(u16::try_from(body.len()).expect("a body of at most 64 KiB").to_be_bytes());
        frame.extend(body);
        frame
    }

    /// Asks it.
    pub fn send(&self, socket: &Path) -> Reply {
        answer(socket, &self.bytes())
    }
}

/// The secret as it goes over the socket.
pub fn canonical(shown: &str) -> String {
    shown.replace('-', "")
}

/// A login at `imap`, as the module sends it.
pub fn login(user: &str, secret: &str) -> Vec<u8> {
    let secret = canonical(secret);
    let request = Request {
        kind: Kind::Login,
        wrong_check: false,
        deadline_ms: 8000,
        user,
        service: "imap",
        rhost: "192.0.2.7",
        secret: secret.as_bytes(),
    };
    let mut frame = Vec::new();
    request.encode(1, &mut frame).expect("a valid request");
    frame
}

/// Connects.
pub fn connect(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).expect("auth.sock takes connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream.set_write_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

/// Sends `bytes` and reads all that comes until the end. The daemon may hang up early: what
/// could not be written then does not matter.
pub fn exchange(socket: &Path, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(socket);
    let _ = stream.write_all(bytes);
    read_to_end(&mut stream)
}

/// All until the other end closes; a reset counts as that.
pub fn read_to_end(stream: &mut UnixStream) -> Vec<u8> {
    let mut received = Vec::new();
    if let Err(error) = stream.read_to_end(&mut received) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "neither answered nor closed");
    }
    received
}

/// Sends `bytes` and decodes the one reply.
pub fn answer(socket: &Path, bytes: &[u8]) -> Reply {
    let received = exchange(socket, bytes);
    Reply::decode(&received, 1).unwrap_or_else(|e| panic!("{e}: {received:?}"))
}

/// The verdict on a login of `user` with `secret` at `imap`.
pub fn try_login(socket: &Path, user: &str, secret: &str) -> Verdict {
    answer(socket, &login(user, secret)).verdict
}

/// What the daemon says of what it can't read.
pub const MALFORMED: Reply = Reply { version: 1, verdict: Verdict::Unavailable, detail: Detail::MALFORMED };

/// What it says of a version that it does not speak.
pub const OTHER_VERSION: Reply = Reply { version: 1, verdict: Verdict::OtherVersion, detail: Detail::NONE };

/// Sends bytes and open descriptors with them (unix(7), `SCM_RIGHTS`).
///
/// # Errors
/// As sendmsg(2): from Linux 6.16 on `EPERM`, where the listener wants none.
pub fn pass_on(stream: &UnixStream, bytes: &[u8], descriptors: &[RawFd]) -> std::io::Result<usize> {
    let len = 16 + 4 * descriptors.len();
    let mut control = len.to_ne_bytes().to_vec();
    control.extend(libc::SOL_SOCKET.to_ne_bytes());
    control.extend(libc::SCM_RIGHTS.to_ne_bytes());
    control.extend(descriptors.iter().flat_map(|fd| fd.to_ne_bytes()));
    let parts = [IoSlice::new(bytes)];
    SockRef::from(stream).sendmsg(&MsgHdr::new().with_buffers(&parts).with_control(&control), 0)
}
