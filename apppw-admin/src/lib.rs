//! The messages on `admin.sock` and a blocking client for them: what the daemon, the CLI,
//! the tests and the web page share.
//!
//! One JSON value per line, at most [`MAX_LINE`] bytes. Who asks is never in a message: the
//! daemon takes it from the connection's peer credentials.
#![forbid(unsafe_code)]

mod client;
pub mod envelope;
pub mod id;
mod secret_text;
pub mod span;
mod suggest;
pub mod text;
pub mod verbs;

pub use client::{Client, ClientError};
pub use envelope::{About, AdminError, Code, Request, Response};
pub use id::{AppPasswordId, IdPrefix};
pub use secret_text::SecretText;
pub use suggest::nearest;
pub use verbs::Verb;

/// The envelope's version (`"v"`).
pub const VERSION: u32 = 1;

/// Longest line in either direction, newline included, in bytes.
pub const MAX_LINE: usize = 64 * 1024;

/// Where the daemon listens for management unless told otherwise.
pub const DEFAULT_ADMIN_SOCKET: &str = "/run/apppwd/admin.sock";
