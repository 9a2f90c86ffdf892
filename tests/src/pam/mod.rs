//! libpam itself, driven as a mail server drives it, with a private configuration directory:
//! no root, nothing of the machine's own `/etc/pam.d` is read.
//!
//! ```no_run
//! use apppw_tests::pam::{Code, Confdir, Login};
//!
//! let confdir = Confdir::new();
//! confdir.write("imap", "auth required pam_permit.so\naccount required pam_permit.so\n");
//! let mut transaction = Login::new("imap", "alice").password("hunter2").start(&confdir);
//! assert_eq!(transaction.authenticate(), Code::SUCCESS);
//! assert_eq!(transaction.acct_mgmt(), Code::SUCCESS);
//! ```

mod code;
mod confdir;
mod conversation;
mod ffi;
pub mod syslog;

pub use code::Code;
pub use confdir::Confdir;
pub use conversation::Answer;
pub use ffi::{Plain, Transaction};

use std::path::Path;

/// A login to be tried.
#[derive(Debug, Clone)]
pub struct Login {
    service: Vec<u8>,
    user: Option<Vec<u8>>,
    rhost: Option<Vec<u8>>,
    answer: Answer,
}

impl Login {
    /// A login of `user` at `service`, from 192.0.2.7, with an empty password.
    pub fn new(service: impl AsRef<[u8]>, user: impl AsRef<[u8]>) -> Self {
        Self {
            service: service.as_ref().to_vec(),
            user: Some(user.as_ref().to_vec()),
            rhost: Some(b"192.0.2.7".to_vec()),
            answer: Answer::Password(Vec::new()),
        }
    }

    /// What the application answers to a hidden prompt. A NUL ends it, as it does in C.
    #[must_use]
    pub fn password(mut self, password: impl AsRef<[u8]>) -> Self {
        self.answer = Answer::Password(password.as_ref().to_vec());
        self
    }

    /// How the application answers.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// `PAM_RHOST`; `None` leaves it unset, as Cyrus saslauthd does.
    #[must_use]
    pub fn rhost(mut self, rhost: Option<&str>) -> Self {
        self.rhost = rhost.map(|rhost| rhost.as_bytes().to_vec());
        self
    }

    /// The same with any bytes but NUL.
    #[must_use]
    pub fn rhost_bytes(mut self, rhost: &[u8]) -> Self {
        self.rhost = Some(rhost.to_vec());
        self
    }

    /// Leaves `PAM_USER` unset.
    #[must_use]
    pub fn without_user(mut self) -> Self {
        self.user = None;
        self
    }

    /// `pam_start_confdir`.
    ///
    /// # Panics
    /// If libpam doesn't take it.
    #[must_use]
    pub fn start(&self, confdir: &Confdir) -> Transaction {
        self.start_in(confdir.path())
    }

    /// As [`Login::start`], with a directory that somebody else looks after.
    ///
    /// # Panics
    /// If libpam doesn't take it.
    #[must_use]
    pub fn start_in(&self, confdir: &Path) -> Transaction {
        let mut transaction = Transaction::start(confdir, &self.service, self.user.as_deref(), &self.answer);
        if let Some(rhost) = &self.rhost {
            transaction.set_rhost(rhost);
        }
        transaction
    }

    /// The whole of it, once: the code of `pam_authenticate`.
    #[must_use]
    pub fn try_once(&self, confdir: &Confdir) -> Code {
        self.start(confdir).authenticate()
    }
}
