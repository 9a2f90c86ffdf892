//! A blocking client for `admin.sock`.

use crate::envelope::{Call, Response, to_line};
use crate::{AdminError, Code, MAX_LINE, VERSION, Verb};
use serde::{Serialize, de::DeserializeOwned};
use socket2::{Domain, SockAddr, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// How long one call may take, unless [`Client::connect_with_timeout`] says otherwise. A
/// `create` may wait for its turn behind other creations, each of which costs one Argon2id.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection to the daemon. Calls follow one another; an error in one leaves the
/// connection usable, unless it is [`ClientError::Io`] or [`ClientError::Protocol`].
#[derive(Debug)]
pub struct Client {
    stream: UnixStream,
    next_id: u64,
}

/// Why a call brought no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody answers at the socket.
    #[error("can't reach apppwd at {path}: {source}")]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The connection broke or timed out.
    #[error("lost the connection to apppwd: {0}")]
    Io(#[from] std::io::Error),
    /// The answer was no answer of ours.
    #[error("apppwd's answer can't be understood: {0}")]
    Protocol(String),
    /// The daemon said no.
    #[error(transparent)]
    Refused(#[from] AdminError),
}

impl Client {
    /// Connects to the daemon's `admin.sock` at `path`.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`].
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        Self::connect_with_timeout(path, DEFAULT_TIMEOUT)
    }

    /// As [`Client::connect`], with another limit for each call.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`].
    pub fn connect_with_timeout(path: &Path, timeout: Duration) -> Result<Self, ClientError> {
        let unreachable = |source| ClientError::Unreachable { path: path.to_owned(), source };
        // The write timeout bounds connect(2) too (unix(7)): the listener's backlog may be full.
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).map_err(unreachable)?;
        socket.set_read_timeout(Some(timeout)).map_err(unreachable)?;
        socket.set_write_timeout(Some(timeout)).map_err(unreachable)?;
        let address = SockAddr::unix(path).map_err(unreachable)?;
        socket.connect(&address).map_err(unreachable)?;
        Ok(Self { stream: OwnedFd::from(socket).into(), next_id: 1 })
    }

    /// Asks for `verb` with `args` and waits for the result.
    ///
    /// # Errors
    /// [`ClientError::Refused`] with the daemon's own words, or what went wrong on the way.
    pub fn call<A: Serialize, R: DeserializeOwned>(
        &mut self,
        verb: Verb,
        args: &A,
    ) -> Result<R, ClientError> {
        let id = self.next_id();
        self.send(id, verb, args)?;
        let (line, more) = self.receive()?;
        if !more.is_empty() {
            return Err(ClientError::Protocol("it has more than one line".to_owned()));
        }
        result(id, &line)
    }

    /// As [`Client::call`], for a result that `len` bytes follow.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub fn call_followed<A: Serialize, R: DeserializeOwned>(
        &mut self,
        verb: Verb,
        args: &A,
        len: impl FnOnce(&R) -> u64,
    ) -> Result<(R, Following<'_>), ClientError> {
        let id = self.next_id();
        self.send(id, verb, args)?;
        let (line, begun) = self.receive()?;
        let result = result(id, &line)?;
        let left = len(&result);
        Ok((result, Following { stream: &mut self.stream, begun, left }))
    }

    const fn next_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    fn send<A: Serialize>(&mut self, id: u64, verb: Verb, args: &A) -> Result<(), ClientError> {
        let call = Call { v: VERSION, id, verb: verb.name(), args };
        let line = to_line(&call).map_err(|e| ClientError::Protocol(e.to_string()))?;
        if line.len() > MAX_LINE {
            let message = format!(
                "the request has {} bytes, at most {MAX_LINE} are allowed: give shorter values",
                line.len()
            );
            return Err(AdminError::new(Code::Invalid, message).into());
        }
        match self.stream.write_all(&line) {
            // Who was turned away before he asked finds the reason where the answer would be.
            Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => Ok(written?),
        }
    }

    /// One line, and what has come behind it. No buffer is left over, which would keep a secret unwiped.
    fn receive(&mut self) -> Result<(Zeroizing<Vec<u8>>, Vec<u8>), ClientError> {
        let mut line = Zeroizing::new(vec![0; MAX_LINE]);
        let mut len = 0;
        while let Some(room) = line.get_mut(len..).filter(|room| !room.is_empty()) {
            let read = match self.stream.read(room) {
                Ok(0) => break,
                Ok(n) => room.get(..n).unwrap_or_default(),
                // A stopped process that goes on: a read with a time limit isn't resumed by itself
                // (signal(7)).
                Err(e) if e.kind() == ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            let newline = read.iter().position(|byte| *byte == b'\n');
            let filled = len + read.len();
            if let Some(newline) = newline {
                let end = len + newline + 1;
                let behind = line.get(end..filled).unwrap_or_default().to_vec();
                line.truncate(end);
                return Ok((line, behind));
            }
            len = filled;
        }
        let ended = "it ended before the whole answer had come";
        Err(std::io::Error::new(ErrorKind::UnexpectedEof, ended).into())
    }
}

/// What follows a result. It has to be read to its end before the next call.
#[derive(Debug)]
pub struct Following<'c> {
    stream: &'c mut UnixStream,
    /// What came together with the result.
    begun: Vec<u8>,
    left: u64,
}

impl Read for Following<'_> {
    /// 0 at its end only: a connection that ends before it is an error.
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(room.len());
        let room = room.get_mut(..most).unwrap_or_default();
        if room.is_empty() {
            return Ok(0);
        }
        let read = if self.begun.is_empty() {
            self.stream.read(room)?
        } else {
            let read = self.begun.as_slice().read(room)?;
            self.begun.drain(..read);
            read
        };
        if read == 0 {
            let ended = format!("apppwd has hung up {} bytes before its end", self.left);
            return Err(std::io::Error::new(ErrorKind::UnexpectedEof, ended));
        }
        self.left -= u64::try_from(read).unwrap_or(u64::MAX);
        Ok(read)
    }
}

fn result<R: DeserializeOwned>(id: u64, line: &[u8]) -> Result<R, ClientError> {
    let protocol = |e: serde_json::Error| ClientError::Protocol(e.to_string());
    let response: Response<R> = serde_json::from_slice(line).map_err(protocol)?;
    if response.id != id && response.id != 0 {
        return Err(ClientError::Protocol(format!("answer to request {} instead of {id}", response.id)));
    }
    match (response.ok, response.error) {
        (_, Some(error)) => Err(error.into()),
        (Some(result), None) => Ok(result),
        (None, None) => Err(ClientError::Protocol("neither a result nor an error".to_owned())),
    }
}
