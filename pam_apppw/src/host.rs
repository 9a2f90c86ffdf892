//! What the logic needs from the process that it runs in: libpam, and apppwd. The unit tests
//! play it by a script.

use crate::args::Args;
use crate::failure::Failure;
use apppw_proto::frame::{Reply, Request};
use std::ffi::CStr;
use std::fmt;

/// How urgent a line in syslog is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Somebody must mend something.
    Error,
    /// Something is odd, logins go on.
    Warning,
    /// Of interest.
    Notice,
    /// Only with the argument `debug`.
    Debug,
}

/// What the last authentication of this PAM handle left behind for the account phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// We let this user in.
    Accepted,
    /// We left this user to the next module.
    NotMine,
}

/// The PAM transaction and the daemon.
pub trait Host {
    /// `PAM_SERVICE`.
    fn service(&self) -> Option<&CStr>;

    /// `PAM_USER`. Never prompts: an application without a user name has no login for us.
    fn user(&self) -> Option<&CStr>;

    /// `PAM_RHOST`.
    fn rhost(&self) -> Option<&CStr>;

    /// Has libpam ask for the password, unless an earlier module did; [`Host::password`] then
    /// has it.
    ///
    /// # Errors
    /// The code of `pam_get_authtok`.
    fn ask_for_password(&mut self) -> Result<(), i32>;

    /// `PAM_AUTHTOK`; it stays with libpam, which wipes it.
    fn password(&self) -> Option<&[u8]>;

    /// Sets or clears the mark, for the current `PAM_USER`.
    ///
    /// # Errors
    /// libpam couldn't keep it.
    fn set_mark(&mut self, mark: Option<Mark>) -> Result<(), ()>;

    /// The mark, if its user is still `PAM_USER`.
    fn mark(&self) -> Option<Mark>;

    /// One exchange with apppwd; the request's deadline is filled in here.
    ///
    /// # Errors
    /// Everything that is not a reply.
    fn exchange(&self, args: &Args<'_>, request: &Request<'_>) -> Result<Reply, Failure>;

    /// A line in syslog. It may block, so the verdict must be in hand by then.
    fn log(&self, priority: Priority, line: fmt::Arguments<'_>);
}
