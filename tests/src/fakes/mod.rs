//! Daemons that aren't apppwd: they answer by a script, badly, late or not at all, and keep
//! everything that was sent to them.
//!
//! ```no_run
//! use apppw_proto::frame::Verdict;
//! use apppw_tests::fakes::{Act, Fake};
//!
//! let fake = Fake::start([Act::Verdict(Verdict::Accepted)]);
//! // ... a login through the module, with socket={fake.path()} ...
//! assert_eq!(fake.seen().len(), 1);
//! ```

mod act;
mod backlog;
mod connection;
mod fake;
mod listen;

pub use act::Act;
pub use backlog::FullBacklog;
pub use fake::Fake;
pub use listen::bind_as;
