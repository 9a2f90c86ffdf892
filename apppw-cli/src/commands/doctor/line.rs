//! What is said of each thing that was looked at.

use crate::hosts::finding::{Finding, Level};

/// How it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Ok,
    /// Weaker, slower or older than it should be; or it could not be looked at.
    Warning,
    /// Lets somebody in who should not be, or nobody; loses what should be kept.
    Fault,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub state: State,
    /// Which check says it, for programs: `socket-mode`.
    pub id: &'static str,
    /// What is there, and what comes of it.
    pub what: String,
    /// What to do; none: nothing.
    pub remedy: Option<String>,
}

impl Line {
    pub fn ok(id: &'static str, what: impl Into<String>) -> Self {
        Self { state: State::Ok, id, what: what.into(), remedy: None }
    }

    pub fn warning(id: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Warning, id, what: what.into(), remedy: Some(remedy.into()) }
    }

    pub fn fault(id: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Fault, id, what: what.into(), remedy: Some(remedy.into()) }
    }

    /// What this caller may not look at.
    pub fn unseen(id: &'static str, what: impl Into<String>) -> Self {
        Self::warning(id, what, "run `apppw doctor` as root")
    }
}

impl From<Finding> for Line {
    fn from(finding: Finding) -> Self {
        let state = match finding.level {
            Level::Note => State::Ok,
            Level::Warning => State::Warning,
            Level::Fault => State::Fault,
        };
        let remedy = (!finding.then.is_empty()).then_some(finding.then);
        Self { state, id: finding.id, what: finding.what, remedy }
    }
}
