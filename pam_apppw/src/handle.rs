//! The real [`Host`]: libpam and apppwd.

use crate::args::Args;
use crate::failure::Failure;
use crate::host::{Host, Mark, Priority};
use crate::line::Line;
use crate::{client, ffi};
use apppw_proto::frame::{Reply, Request};
use pam::items::{RHost, Service, User};
use pam::module::PamHandle;
use std::ffi::CStr;
use std::fmt;

/// A PAM transaction.
pub struct Handle<'a> {
    pamh: &'a mut PamHandle,
}

impl<'a> Handle<'a> {
    /// Wraps libpam's handle for the time of one hook.
    pub fn new(pamh: &'a mut PamHandle) -> Self {
        Self { pamh }
    }
}

impl Host for Handle<'_> {
    fn service(&self) -> Option<&CStr> {
        point!();
        self.pamh.get_item::<Service<'_>>().ok().flatten().map(|item| item.0)
    }

    fn user(&self) -> Option<&CStr> {
        point!();
        self.pamh.get_item::<User<'_>>().ok().flatten().map(|item| item.0)
    }

    fn rhost(&self) -> Option<&CStr> {
        point!();
        self.pamh.get_item::<RHost<'_>>().ok().flatten().map(|item| item.0)
    }

    fn ask_for_password(&mut self) -> Result<(), i32> {
        point!();
        ffi::get_authtok(self.pamh)
    }

    fn password(&self) -> Option<&[u8]> {
        point!();
        ffi::authtok(self.pamh).map(CStr::to_bytes)
    }

    fn set_mark(&mut self, mark: Option<Mark>) -> Result<(), ()> {
        point!();
        match mark {
            Some(mark) => ffi::leave_mark(self.pamh, letter(mark)),
            // Most handles have none: spare libpam making an entry for nothing.
            None if ffi::mark(self.pamh).is_none() => Ok(()),
            None => ffi::clear_mark(self.pamh),
        }
    }

    fn mark(&self) -> Option<Mark> {
        point!();
        let (first, user) = ffi::mark(self.pamh)?.to_bytes().split_first()?;
        let mark = [Mark::Accepted, Mark::NotMine].into_iter().find(|mark| letter(*mark) == *first)?;
        (self.user()?.to_bytes() == user).then_some(mark)
    }

    fn exchange(&self, args: &Args<'_>, request: &Request<'_>) -> Result<Reply, Failure> {
        point!();
        client::exchange(args, request)
    }

    fn log(&self, priority: Priority, line: fmt::Arguments<'_>) {
        point!();
        ffi::syslog(self.pamh, level(priority), Line::new(line).as_c_str());
    }
}

const fn letter(mark: Mark) -> u8 {
    match mark {
        Mark::Accepted => b'A',
        Mark::NotMine => b'N',
    }
}

const fn level(priority: Priority) -> libc::c_int {
    match priority {
        Priority::Error => libc::LOG_ERR,
        Priority::Warning => libc::LOG_WARNING,
        Priority::Notice => libc::LOG_NOTICE,
        Priority::Debug => libc::LOG_DEBUG,
    }
}
