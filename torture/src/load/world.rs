//! What must be so: who there is, what they have, how it stands.

use std::collections::BTreeMap;

/// How many secrets of deleted accounts are kept.
const DEAD: usize = 12;

/// All of it, of the people whose names begin with `whose`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// What their names begin with.
    pub whose: &'static str,
    /// By the names that the accounts have now.
    pub people: BTreeMap<String, Person>,
    /// A group that nobody here uses, and whether panic is on for it.
    pub panic: (&'static str, bool),
    /// Users and secrets of accounts that were deleted.
    pub dead: Vec<(String, String)>,
    /// How many labels and names were given out.
    pub(super) given: u64,
}

/// An account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// It is locked.
    pub locked: bool,
    /// It is enrolled.
    pub enrolled: bool,
    /// By their labels, each of which is used once.
    pub has: BTreeMap<String, AppPassword>,
}

/// An app password, or both halves of one that was rotated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppPassword {
    /// How it stands.
    pub state: State,
    /// The old one first.
    pub halves: Vec<Half>,
}

/// What is known of one of them; nothing, if its creation was never answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Half {
    /// Its id.
    pub id: Option<String>,
    /// Its secret, as it goes over the socket.
    pub secret: Option<String>,
}

/// How an app password stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It opens.
    Live,
    /// It was suspended.
    Suspended,
    /// It was revoked.
    Revoked,
}

impl State {
    /// As it is told.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
        }
    }
}

impl World {
    /// One without anybody.
    #[must_use]
    pub const fn new(whose: &'static str, group: &'static str) -> Self {
        Self { whose, people: BTreeMap::new(), panic: (group, false), dead: Vec::new(), given: 0 }
    }

    /// Forgets an account, but for its secrets.
    pub(super) fn delete(&mut self, user: &str) {
        let Some(person) = self.people.remove(user) else { return };
        let secrets = person.has.into_values().flat_map(|one| one.halves).filter_map(|half| half.secret);
        self.dead.extend(secrets.map(|secret| (user.to_owned(), secret)));
        self.dead.drain(..self.dead.len().saturating_sub(DEAD));
    }

    /// The app password of that label.
    #[must_use]
    pub fn find(&self, user: &str, label: &str) -> Option<&AppPassword> {
        self.people.get(user)?.has.get(label)
    }
}
