//! What happened since the start, in numbers.

mod histogram;

pub use histogram::Histogram;

use crate::auth::Reason;
use crate::config::Groups;
use crate::log::verdict_word;
use apppw_admin::verbs::{LoginCount, OTHER_SERVICE, Verdicts};
use apppw_proto::frame::Verdict;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// Most services that are told apart: the answer that tells of all is one line.
const MAX_SERVICES: usize = 24;

/// Counters of one thread.
#[derive(Debug, Default)]
pub struct Tally {
    logins: RefCell<BTreeMap<String, BTreeMap<Reason, u64>>>,
    memo_hits: Cell<u64>,
    denied: Cell<u64>,
    /// From a whole request to its answer.
    pub login_time: Histogram,
}

impl Tally {
    /// Counts a verdict. A service in no group is anybody's invention.
    pub fn verdict(&self, service: &str, reason: Reason, groups: &Groups) {
        let mut logins = self.logins.borrow_mut();
        if let Some(reasons) = logins.get_mut(service) {
            *reasons.entry(reason).or_default() += 1;
            return;
        }
        let is_told_apart = logins.len() < MAX_SERVICES && groups.has_service(service);
        let service = if is_told_apart { service } else { OTHER_SERVICE };
        *logins.entry(service.to_owned()).or_default().entry(reason).or_default() += 1;
    }

    /// Counts a login that the memo answered.
    pub fn memo_hit(&self) {
        self.memo_hits.set(self.memo_hits.get() + 1);
    }

    /// Counts a management request that was refused.
    pub fn denied(&self) {
        self.denied.set(self.denied.get() + 1);
    }

    /// How many were.
    #[must_use]
    pub const fn denials(&self) -> u64 {
        self.denied.get()
    }

    /// The verdicts, all services together.
    #[must_use]
    pub fn verdicts(&self) -> Verdicts {
        let mut verdicts = Verdicts::default();
        for (reason, count) in self.logins.borrow().values().flatten() {
            match reason.verdict() {
                Verdict::Accepted => verdicts.accepted += count,
                Verdict::Refused => verdicts.refused += count,
                Verdict::NotMine => verdicts.not_mine += count,
                Verdict::Unavailable => verdicts.unavailable += count,
                Verdict::OtherVersion => {}
            }
        }
        verdicts
    }

    /// The verdicts by service and reason.
    #[must_use]
    pub fn logins(&self) -> BTreeMap<String, BTreeMap<String, LoginCount>> {
        let count = |(reason, count): (&Reason, &u64)| {
            let verdict = verdict_word(reason.verdict()).to_owned();
            (reason.as_str().to_owned(), LoginCount { verdict, count: *count })
        };
        let logins = self.logins.borrow();
        logins
            .iter()
            .map(|(service, reasons)| (service.clone(), reasons.iter().map(count).collect()))
            .collect()
    }

    /// The memo's hits.
    #[must_use]
    pub const fn memo_hits(&self) -> u64 {
        self.memo_hits.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_no_group_and_too_many_count_as_other() {
        let names: Vec<String> = (0..2 * MAX_SERVICES).map(|i| format!("service{i}")).collect();
        let list = names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(",");
        let config = crate::config::parse(&format!("[groups]\nmany = [{list}]\n"), std::path::Path::new("x"));
        let groups = config.unwrap().groups;
        let tally = Tally::default();
        tally.verdict("\u{1b}[2J\"} evil", Reason::ServiceInNoGroup, &groups);
        for name in names.iter().chain(&names) {
            tally.verdict(name, Reason::Accepted, &groups);
        }
        let logins = tally.logins();
        assert_eq!(logins.len(), MAX_SERVICES);
        assert_eq!(logins[OTHER_SERVICE]["service-in-no-group"].verdict, "refused");
        assert_eq!(tally.verdicts().accepted, 4 * u64::try_from(MAX_SERVICES).unwrap());
        assert_eq!(logins["service0"]["accepted"].count, 2);
    }
}
