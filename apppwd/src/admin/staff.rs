//! The numbers of the groups whose members look after others, as they were last seen: who gets a place on `admin.sock`
//! must be known before the system, which may ask a directory, is asked.

use crate::sys;
use nix::unistd::Group;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::UnixStream;

/// A group of them.
#[derive(Debug)]
pub struct StaffGroup {
    name: &'static str,
    /// Its gid, as last known; beyond 32 bits: never.
    last: AtomicU64,
}

/// All of them.
#[derive(Debug)]
pub struct Staff {
    /// Members may manage every account.
    pub admin: StaffGroup,
    /// Members may look at every account and take app passwords away.
    pub helpdesk: StaffGroup,
}

impl StaffGroup {
    const UNKNOWN: u64 = u64::MAX;

    const fn named(name: &'static str) -> Self {
        Self { name, last: AtomicU64::new(Self::UNKNOWN) }
    }

    /// Whether it is among `groups`: by what the system says now, which may take its time.
    ///
    /// # Errors
    /// If the system can't say.
    pub fn is_among(&self, groups: &[u32]) -> io::Result<bool> {
        let gid = Group::from_name(self.name)?.map(|group| group.gid.as_raw());
        // A directory that is away may have no groups for a while.
        if let Some(gid) = gid {
            self.last.store(u64::from(gid), Ordering::Relaxed);
        }
        Ok(gid.is_some_and(|gid| groups.contains(&gid)))
    }

    fn was_among(&self, groups: &[u32]) -> bool {
        let last = self.last.load(Ordering::Relaxed);
        groups.iter().any(|gid| u64::from(*gid) == last)
    }
}

impl Default for Staff {
    fn default() -> Self {
        Self { admin: StaffGroup::named("apppw-admin"), helpdesk: StaffGroup::named("apppw-helpdesk") }
    }
}

impl Staff {
    /// Learns the numbers. What can't be learnt is learnt from the first caller.
    pub fn learn(&self) {
        let _ = (self.admin.is_among(&[]), self.helpdesk.is_among(&[]));
    }

    /// Whether the peer is one of them, as far as is known: for its place only, never for what it may do.
    #[must_use]
    pub fn may_include(&self, peer: &UnixStream) -> bool {
        let groups = groups_of(peer).unwrap_or_default();
        self.admin.was_among(&groups) || self.helpdesk.was_among(&groups)
    }
}

#[cfg(test)]
impl Staff {
    /// Other groups than those of a system that has apppw.
    pub(super) fn of(admin: &'static str, helpdesk: &'static str) -> Self {
        Self { admin: StaffGroup::named(admin), helpdesk: StaffGroup::named(helpdesk) }
    }
}

/// The peer's groups, as they were when it connected.
///
/// # Errors
/// If the kernel doesn't say.
pub fn groups_of(peer: &UnixStream) -> io::Result<Vec<u32>> {
    let mut groups = sys::peer_groups(peer)?;
    groups.push(peer.peer_cred()?.gid());
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::unistd::{Gid, getgroups};

    /// The one that every system has under the same name and number.
    const ROOT: (&str, u32) = ("root", 0);

    #[test]
    fn members_are_those_with_the_number_of_that_name() {
        let group = StaffGroup::named(ROOT.0);
        assert!(group.is_among(&[7, ROOT.1]).unwrap());
        assert!(!group.is_among(&[7, 8]).unwrap());
        assert!(!group.is_among(&[]).unwrap());
    }

    #[test]
    fn a_group_that_there_is_not_has_no_members() {
        let group = StaffGroup::named("no-such-group-here");
        for groups in [&[0][..], &[u32::MAX], &[]] {
            assert!(!group.is_among(groups).unwrap() && !group.was_among(groups), "{groups:?}");
        }
    }

    #[test]
    fn a_number_is_known_once_it_was_asked_for() {
        let staff = Staff::of(ROOT.0, "no-such-group-here");
        assert!(!staff.admin.was_among(&[ROOT.1]), "nobody has asked yet");
        staff.learn();
        assert!(staff.admin.was_among(&[7, ROOT.1]) && !staff.admin.was_among(&[7]));
        assert!(!staff.helpdesk.was_among(&[ROOT.1]));
    }

    #[tokio::test]
    async fn a_place_is_kept_for_each_of_the_two_and_for_nobody_else() {
        let (peer, _other) = UnixStream::pair().unwrap();
        let mut mine = vec![Gid::current().as_raw()];
        mine.extend(getgroups().unwrap().into_iter().map(Gid::as_raw));
        let mut found = groups_of(&peer).unwrap();
        for groups in [&mut found, &mut mine] {
            groups.sort_unstable();
            groups.dedup();
        }
        assert_eq!(found, mine, "the peer's groups and its own");
        let knowing = |admin: u64, helpdesk: u64| {
            let staff = Staff::default();
            staff.admin.last.store(admin, Ordering::Relaxed);
            staff.helpdesk.last.store(helpdesk, Ordering::Relaxed);
            staff.may_include(&peer)
        };
        let (one_of_mine, none) = (u64::from(mine[0]), StaffGroup::UNKNOWN);
        assert!(knowing(one_of_mine, none) && knowing(none, one_of_mine));
        assert!(!knowing(none, none));
    }
}
