//! What is worth saying about a host's configuration.

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Good to know.
    Note,
    /// Weaker or slower than it could be, or surprising.
    Warning,
    /// Lets somebody in who shouldn't be, keeps what is revoked alive, writes secrets down, or refuses everybody.
    Fault,
}

impl Level {
    /// In output for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

/// A sentence about the configuration, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub level: Level,
    /// Which one it is, for programs and tests: `dovecot-auth-cache`.
    pub id: &'static str,
    /// What is there, and what comes of it.
    pub what: String,
    /// What to do; empty: nothing need be done.
    pub then: String,
}

impl Finding {
    /// A finding of this level.
    pub fn new(level: Level, id: &'static str, what: impl Into<String>, then: impl Into<String>) -> Self {
        Self { level, id, what: what.into(), then: then.into() }
    }

    /// Good to know.
    pub fn note(id: &'static str, what: impl Into<String>, then: impl Into<String>) -> Self {
        Self::new(Level::Note, id, what, then)
    }

    /// Weaker or slower than it could be, or surprising.
    pub fn warning(id: &'static str, what: impl Into<String>, then: impl Into<String>) -> Self {
        Self::new(Level::Warning, id, what, then)
    }

    /// A hole, or a door shut to everybody.
    pub fn grave(id: &'static str, what: impl Into<String>, then: impl Into<String>) -> Self {
        Self::new(Level::Fault, id, what, then)
    }
}
