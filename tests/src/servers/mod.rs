//! Real mail servers of the distribution, running privately: own file system, own processes, loopback ports.
//!
//! ```no_run
//! # use apppw_tests::servers::{dovecot::Dovecot, inside::Inside, tree::{Suite, Tree}, Result};
//! # fn main() -> Result<()> {
//! let Some(tree) = Tree::unpack(Suite::Own)? else { return Ok(()) };      // no mirror on this machine: skip
//! let inside = Inside::new()
//!     .module(&tree, "target/release/libpam_apppw.so")?
//!     .socket_dir("/tmp/some/dir")
//!     .stack(&Inside::packaging("pam/app-passwords-only")?);
//! let server = Dovecot::new(tree.dovecot()?).start(&tree, &inside)?;
//! for client in server.clients() { /* client.login(...) */ }
//! # Ok(()) }
//! ```
//!
//! [`tree`] unpacks the packages, [`namespace`] runs commands in them, [`inside`] describes what a test puts there,
//! [`host`] starts daemons together and waits until they answer; [`dovecot`], [`postfix`] and [`saslauthd`] are the
//! configurations. The files in `packaging/` are used as they are; whatever only a test may do (no TLS, no delay after
//! a failure) stands in these modules.

pub mod distribution;
pub mod dovecot;
pub mod host;
pub mod inside;
pub mod namespace;
pub mod postfix;
pub mod saslauthd;
pub mod tree;

use std::fmt;
use std::io;

/// Why a server isn't there, with the end of its log: a test that fails should say why.
pub struct Failure(pub String);

/// A result with a [`Failure`].
pub type Result<T> = std::result::Result<T, Failure>;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// `expect` and `main` print Debug; a log is unreadable with escaped line ends.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Self {
        Failure(e.to_string())
    }
}

/// Does this process lack root, so that servers run in a user namespace with a single user? Dovecot can do that,
/// Postfix and saslauthd can't.
pub fn rootless() -> bool {
    !nix::unistd::geteuid().is_root()
}
