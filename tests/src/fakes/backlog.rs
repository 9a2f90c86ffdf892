//! A listener that never accepts, with no room left.

use super::fake::place;
use socket2::{Domain, SockAddr, Socket, Type};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A listener whose backlog is full; it never accepts until told to.
pub struct FullBacklog {
    listener: Socket,
    path: PathBuf,
    waiting: Vec<Socket>,
    _directory: TempDir,
}

impl FullBacklog {
    /// Listens, and fills the backlog.
    ///
    /// # Panics
    /// If that doesn't work.
    #[must_use]
    pub fn new() -> Self {
        let (directory, path) = place();
        let address = SockAddr::unix(&path).expect("an address");
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
        listener.bind(&address).expect("bound");
        listener.listen(0).expect("listening");
        let mut waiting = Vec::new();
        loop {
            let client = Socket::new(Domain::UNIX, Type::STREAM, None).expect("a socket");
            client.set_nonblocking(true).expect("not blocking");
            match client.connect(&address) {
                Ok(()) => waiting.push(client),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => panic!("filling the backlog: {error}"),
            }
        }
        Self { listener, path, waiting, _directory: directory }
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Accepts those that fill the backlog, and then one more, which it returns.
    ///
    /// # Panics
    /// If accepting fails.
    #[must_use]
    pub fn accept_all_and_one(mut self) -> (Socket, Self) {
        for _ in 0..self.waiting.len() {
            self.listener.accept().expect("one of those that wait");
        }
        self.waiting.clear();
        let (client, _) = self.listener.accept().expect("the one behind them");
        (client, self)
    }
}

impl Default for FullBacklog {
    fn default() -> Self {
        Self::new()
    }
}
