//! What makes an app password open, in a few bits: the sequential model that histories are held against.

use crate::linear::Operation;
use apppw_proto::frame::Verdict;

/// An account's number.
pub type Account = usize;

/// An app password's number: the bits of its id.
pub type Credential = usize;

/// Where a login is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// In the group `mail`.
    Imap,
    /// In the group `mail`.
    Smtp,
    /// In the group `chat`.
    Xmpp,
}

impl Service {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Imap => "imap",
            Self::Smtp => "smtp",
            Self::Xmpp => "xmpp",
        }
    }
}

/// What a history is about: one app password, or what an account is without any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Of that account.
    Credential(Credential, Account),
    /// Whether it is enrolled and locked.
    Account(Account),
}

/// All that bears on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct State {
    /// The panic switch of the host, and of the group `mail`.
    panic: [bool; 2],
    locked: bool,
    enrolled: bool,
    /// The account has its second name now.
    renamed: bool,
    /// The app password was made, and its account was not deleted since.
    exists: bool,
    revoked: bool,
    suspended: bool,
    expired: bool,
    /// Whether its first use locks it to a service, and to which one it did.
    pin: Option<Option<u8>>,
}

impl State {
    /// Whether a login with it is accepted. `renamed`: the account's second name was typed.
    fn is_open(&self, service: Service, renamed: bool) -> bool {
        let panics = self.panic[0] || (self.panic[1] && service != Service::Xmpp);
        let is_pinned_away = self.pin.flatten().is_some_and(|pin| pin != service as u8);
        let is_dead = !self.exists || self.revoked || self.suspended || self.expired;
        !is_dead && !panics && !is_pinned_away && !self.locked && self.renamed == renamed
    }

    /// Whether that is what a login with it is answered.
    fn explains(&self, verdict: Verdict, service: Service, renamed: bool) -> bool {
        match verdict {
            Verdict::Accepted => self.is_open(service, renamed),
            Verdict::Refused => !self.is_open(service, renamed),
            // Only where there is no such app password.
            Verdict::NotMine => !self.exists || self.renamed != renamed,
            _ => false,
        }
    }

    /// What is answered where no app password has that secret.
    fn nothing(&self, renamed: bool) -> Verdict {
        // Nobody has the other name.
        let is_somebody = self.renamed == renamed && (self.enrolled || self.locked);
        if is_somebody { Verdict::Refused } else { Verdict::NotMine }
    }
}

/// What is done, and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A login.
    Login {
        credential: Credential,
        service: Service,
        renamed: bool,
        verdict: Verdict,
    },
    /// A login with an app password that its first use locks to the service, and that was accepted.
    FirstUse {
        credential: Credential,
        service: Service,
    },
    /// The same of one that was not accepted: it may have locked all the same, if something else closed
    /// the app password just then.
    Pin {
        credential: Credential,
        service: Service,
    },
    /// A login with a secret that nobody has, or a question for the primary password.
    Nothing {
        account: Account,
        renamed: bool,
        verdict: Verdict,
    },
    /// A new one; its first use locks it to a service if it is `pinned`.
    Create {
        credential: Credential,
        account: Account,
        pinned: bool,
    },
    /// `new` comes beside `old`.
    Rotate {
        old: Credential,
        new: Credential,
        account: Account,
    },
    /// Those that the answer names.
    Suspend {
        credentials: Vec<Credential>,
        account: Account,
    },
    /// The same, back.
    Resume {
        credentials: Vec<Credential>,
        account: Account,
    },
    /// Those that the answer names.
    Revoke {
        credentials: Vec<Credential>,
        account: Account,
    },
    /// Its time is over.
    Expire {
        credential: Credential,
        account: Account,
    },
    Lock {
        account: Account,
    },
    Unlock {
        account: Account,
    },
    Enroll {
        account: Account,
    },
    Unenroll {
        account: Account,
    },
    /// Locked, and all revoked, as one.
    Lockdown {
        account: Account,
    },
    /// Forgotten with all that it has.
    Delete {
        account: Account,
    },
    /// Given its second name, or its first one again.
    Rename {
        account: Account,
        to_second: bool,
    },
    /// A panic switch: of the host (0), or of `mail` (1).
    Panic {
        switch: usize,
        on: bool,
    },
}

impl Action {
    /// Whether it bears on that part.
    pub fn is_of(&self, part: Part) -> bool {
        let (its_own, its_account) = match part {
            Part::Credential(credential, account) => (self.names(credential), account),
            Part::Account(account) => (false, account),
        };
        match self {
            Self::Panic { .. } => matches!(part, Part::Credential(..)),
            Self::Lock { account }
            | Self::Unlock { account }
            | Self::Lockdown { account }
            | Self::Delete { account }
            | Self::Rename { account, .. } => *account == its_account,
            Self::Nothing { account, .. } | Self::Enroll { account } | Self::Unenroll { account } => {
                part == Part::Account(*account)
            }
            Self::Create { account, .. } | Self::Rotate { account, .. } => {
                its_own || part == Part::Account(*account)
            }
            _ => its_own,
        }
    }

    /// Whether it is about that app password.
    pub fn names(&self, of: Credential) -> bool {
        match self {
            Self::Login { credential, .. }
            | Self::FirstUse { credential, .. }
            | Self::Pin { credential, .. }
            | Self::Create { credential, .. }
            | Self::Expire { credential, .. } => *credential == of,
            Self::Rotate { old, new, .. } => [*old, *new].contains(&of),
            Self::Suspend { credentials, .. }
            | Self::Resume { credentials, .. }
            | Self::Revoke { credentials, .. } => credentials.contains(&of),
            _ => false,
        }
    }
}

/// An action, as it bears on a part.
#[derive(Debug, Clone)]
pub struct Act {
    /// What is done.
    pub action: Action,
    /// The part.
    pub part: Part,
}

impl Operation<State> for Act {
    fn is_seen_in(&self, state: &State) -> bool {
        match &self.action {
            Action::Login { service, renamed, verdict, .. } => state.explains(*verdict, *service, *renamed),
            Action::Nothing { renamed, verdict, .. } => state.nothing(*renamed) == *verdict,
            // It is locked to that service already.
            Action::FirstUse { service, .. } => {
                state.pin == Some(Some(*service as u8)) && state.is_open(*service, false)
            }
            _ => false,
        }
    }

    fn may_change(&self) -> bool {
        !matches!(self.action, Action::Login { .. } | Action::Nothing { .. })
    }

    fn changes(&self, state: &State) -> Option<State> {
        let mut then = *state;
        let is_so = match &self.action {
            Action::Login { .. } | Action::Nothing { .. } => self.is_seen_in(state),
            Action::FirstUse { service, .. } | Action::Pin { service, .. } => {
                then.pin = Some(Some(*service as u8));
                state.is_open(*service, false)
            }
            // Nobody makes one for an account that is locked.
            Action::Create { credential, pinned, .. } => {
                then.enrolled = true;
                if self.is_its(*credential) {
                    then.exists = true;
                    then.pin = pinned.then_some(None);
                }
                !state.locked
            }
            // Or in the place of one that is closed.
            Action::Rotate { old, new, .. } => {
                let is_old = self.is_its(*old);
                then.enrolled = true;
                then.exists |= self.is_its(*new);
                !state.locked && !(is_old && (!state.exists || state.revoked || state.suspended))
            }
            Action::Suspend { .. } => set(&mut then.suspended, true),
            Action::Resume { .. } => set(&mut then.suspended, false),
            Action::Revoke { .. } => set(&mut then.revoked, true),
            Action::Expire { .. } => set(&mut then.expired, true),
            Action::Lock { .. } => set(&mut then.locked, true),
            Action::Unlock { .. } => set(&mut then.locked, false),
            Action::Enroll { .. } => set(&mut then.enrolled, true),
            Action::Unenroll { .. } => set(&mut then.enrolled, false),
            Action::Lockdown { .. } => {
                then.revoked |= state.exists;
                set(&mut then.locked, true)
            }
            Action::Delete { .. } => {
                (then.locked, then.enrolled, then.renamed) = (false, false, false);
                // What was there is gone for good.
                then.revoked |= state.exists;
                then.exists = false;
                true
            }
            Action::Rename { to_second, .. } => set(&mut then.renamed, *to_second),
            Action::Panic { switch, on } => set(&mut then.panic[*switch], *on),
        };
        is_so.then_some(then)
    }
}

impl Act {
    fn is_its(&self, of: Credential) -> bool {
        matches!(self.part, Part::Credential(credential, _) if credential == of)
    }
}

fn set(register: &mut bool, to: bool) -> bool {
    *register = to;
    true
}
