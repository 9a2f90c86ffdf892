//! A [`Host`] that plays a script: what the logic does must be what the script expects, in that
//! order, and at the end nothing may be left over.

use crate::args::Args;
use crate::failure::Failure;
use crate::host::{Host, Mark, Priority};
use apppw_proto::frame::{Detail, Kind, Reply, Request, Verdict};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::{CStr, CString};
use std::fmt;

/// Something that the logic is expected to do, with the answer that it gets.
#[derive(Debug)]
pub enum Step {
    /// The password is asked for; this comes (`None`: success without one), or this code.
    Password(Result<Option<&'static [u8]>, i32>),
    /// apppwd is asked.
    Exchange(Expected, Result<Reply, Failure>),
    /// The mark is set or cleared, or libpam refuses.
    Mark(Option<Mark>, Result<(), ()>),
    /// A line that contains all of these.
    Log(Priority, &'static [&'static str]),
}

/// What must be in a request.
#[derive(Debug)]
pub struct Expected {
    /// What is asked.
    pub kind: Kind,
    /// The flag.
    pub wrong_check: bool,
    /// The canonical secret.
    pub secret: &'static [u8],
    /// What remains of `timeout=` for it at most.
    pub timeout_ms: u32,
}

/// The script and the items of the PAM handle.
pub struct Script {
    /// `PAM_SERVICE`
    pub service: Option<CString>,
    /// `PAM_USER`
    pub user: Option<CString>,
    /// `PAM_RHOST`
    pub rhost: Option<CString>,
    /// What the last authentication left, and for whom.
    pub mark: Option<(Mark, CString)>,
    /// What `PAM_USER` becomes during the prompt.
    pub user_after_prompt: Option<CString>,
    password: Option<&'static [u8]>,
    steps: RefCell<VecDeque<Step>>,
}

/// A reply with that verdict.
pub fn reply(verdict: Verdict) -> Result<Reply, Failure> {
    Ok(Reply { version: 1, verdict, detail: Detail::NONE })
}

impl Script {
    /// alice at 192.0.2.7 on the service imap, with these steps to come.
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self {
            service: Some(c"imap".to_owned()),
            user: Some(c"alice".to_owned()),
            rhost: Some(c"192.0.2.7".to_owned()),
            mark: None,
            user_after_prompt: None,
            password: None,
            steps: RefCell::new(steps.into_iter().collect()),
        }
    }

    /// Nothing more was expected.
    #[track_caller]
    pub fn end(self) {
        let left = self.steps.into_inner();
        assert!(left.is_empty(), "expected, but not done: {left:?}");
    }

    #[track_caller]
    fn next(&self, doing: &str) -> Step {
        let step = self.steps.borrow_mut().pop_front();
        step.unwrap_or_else(|| panic!("done, but not expected: {doing}"))
    }
}

impl Host for Script {
    fn service(&self) -> Option<&CStr> {
        self.service.as_deref()
    }

    fn user(&self) -> Option<&CStr> {
        self.user.as_deref()
    }

    fn rhost(&self) -> Option<&CStr> {
        self.rhost.as_deref()
    }

    fn ask_for_password(&mut self) -> Result<(), i32> {
        let Step::Password(answer) = self.next("prompt") else { panic!("a prompt, not expected here") };
        self.password = answer?;
        if let Some(user) = self.user_after_prompt.take() {
            self.user = Some(user);
        }
        Ok(())
    }

    fn password(&self) -> Option<&[u8]> {
        self.password
    }

    fn set_mark(&mut self, mark: Option<Mark>) -> Result<(), ()> {
        let step = self.next("mark");
        let Step::Mark(expected, answer) = step else { panic!("{mark:?} set where {step:?} was expected") };
        assert_eq!(mark, expected);
        answer?;
        self.mark = mark.zip(self.user.clone());
        Ok(())
    }

    fn mark(&self) -> Option<Mark> {
        let (mark, user) = self.mark.as_ref()?;
        (Some(user) == self.user.as_ref()).then_some(*mark)
    }

    fn exchange(&self, args: &Args<'_>, request: &Request<'_>) -> Result<Reply, Failure> {
        let step = self.next("exchange");
        let Step::Exchange(expected, answer) = step else {
            panic!("{request:?} where {step:?} was expected")
        };
        assert_eq!(request.kind, expected.kind);
        assert_eq!(request.wrong_check, expected.wrong_check);
        assert_eq!(request.secret, expected.secret);
        assert_eq!(args.timeout_ms, expected.timeout_ms);
        assert_eq!(Some(request.user.as_bytes()), self.user.as_deref().map(CStr::to_bytes));
        assert_eq!(Some(request.service.as_bytes()), self.service.as_deref().map(CStr::to_bytes));
        assert_eq!(request.rhost.as_bytes(), self.rhost.as_deref().unwrap_or_default().to_bytes());
        answer
    }

    fn log(&self, priority: Priority, line: fmt::Arguments<'_>) {
        let line = line.to_string();
        let step = self.next(&line);
        let Step::Log(expected, parts) = step else { panic!("{line} where {step:?} was expected") };
        assert_eq!(priority, expected, "{line}");
        for part in parts {
            assert!(line.contains(part), "{part:?} is not in {line:?}");
        }
        assert!(!line.contains("00000000000000"), "a secret in the log: {line}");
    }
}
