//! What a login is decided on: whose name it is, and how that account stands.

use super::Reason;
use super::check::Asked;
use super::decide::{self, Facts, Marks};
use crate::account::Names;
use crate::clock::{self, UnixSeconds};
use crate::config::Config;
use crate::daemon::Daemon;
use crate::policy::{self, Primary};
use crate::store::{AccountRecord, Look, Store, StoreError};
use apppw_admin::AppPasswordId;

/// Whether an account is enrolled and locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// It has, or once had, an app password.
    pub enrolled: bool,
    /// It is locked.
    pub locked: bool,
}

impl<S> Daemon<S> {
    /// Why an app password accepts nobody, by the database or by memory alone.
    #[must_use]
    pub fn dead(&self, id: AppPasswordId, marks: impl Into<Marks>, now: UnixSeconds) -> Option<Reason> {
        let seen_expired = self.seen_expired.borrow().contains_key(&id);
        decide::dead(marks, seen_expired, self.in_memory.borrow().reason(id), now)
    }
}

impl<S: Store> Daemon<S> {
    /// The account that a name as typed means; and, where it would fall together with another
    /// one, that other.
    pub(super) fn account_and_twin(
        &self,
        look: &dyn Look,
        names: &Names,
    ) -> Result<(Option<AccountRecord>, Option<AccountRecord>), StoreError> {
        let account = names.account(look)?;
        let twin = match &account {
            Some(account) if account.name != names.canonical => look.account(&names.canonical)?,
            // A Unix account has its bare name also where there is a default domain.
            _ => match self.bare(names) {
                Some(bare) => look.account(bare)?.filter(|bare| bare.uid.is_some()),
                None => None,
            },
        };
        Ok((account, twin))
    }

    /// The name without its domain, if that is the default one.
    fn bare<'n>(&self, names: &'n Names) -> Option<&'n str> {
        let domain = self.config.users.default_domain.as_ref()?;
        names.canonical.strip_suffix(domain.as_str())?.strip_suffix('@')
    }

    /// What a decision on this account is made on.
    pub(super) fn facts<'a>(
        &'a self,
        asked: &Asked<'a>,
        names: &Names,
        account: Option<&AccountRecord>,
        twin: Option<&AccountRecord>,
    ) -> Facts<'a> {
        let Asked { service, address, .. } = *asked;
        let Config { policy, groups, .. } = &self.config;
        let standing = self.standing(names, account);
        let primary = |user, standing: Standing| {
            let account = policy::Account { user, enrolled: standing.enrolled, locked: standing.locked };
            service.map_or(Primary::Refused(Reason::PrimaryRefused), |service| {
                policy::primary(policy, groups, &account, service, address)
            })
        };
        // The mail server may take both for one: the stricter of the two counts.
        let own = account.map_or(names.canonical.as_str(), |account| account.name.as_str());
        let mut primary_here = primary(own, standing);
        if own != names.canonical {
            primary_here = primary_here.stricter(primary(names.canonical.as_str(), standing));
        }
        if let Some(twin) = twin {
            let its_standing = self.standing(&Names::exact(&twin.name), Some(twin));
            primary_here = primary_here.stricter(primary(twin.name.as_str(), its_standing));
        }
        Facts {
            service,
            address,
            groups,
            enrolled: standing.enrolled,
            locked: standing.locked,
            panic: self.panic.borrow().covers(groups, service)
                || self.in_memory.borrow().panics().covers(groups, service),
            primary: primary_here,
            now: clock::now(),
        }
    }

    /// Whether an account is enrolled and locked, by the database or by the journal.
    #[must_use]
    pub fn standing(&self, names: &Names, account: Option<&AccountRecord>) -> Standing {
        let lost = self.lost.borrow().find(&self.keys.borrow(), names);
        let in_memory = |name: &str| self.in_memory.borrow().has_account(name);
        Standing {
            enrolled: account.is_some_and(|account| account.enrolled.is_some())
                || lost.is_some_and(|lost| lost.enrolled.is_some()),
            locked: account.is_some_and(|account| account.locked.is_some())
                || lost.is_some_and(|lost| lost.locked.is_some())
                || names.all().chain(account.map(|account| account.name.as_str())).any(in_memory),
        }
    }
}
