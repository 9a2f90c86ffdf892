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

/// The peer's groups, as they were when it connected.
///
/// # Errors
/// If the kernel doesn't say.
pub fn groups_of(peer: &UnixStream) -> io::Result<Vec<u32>> {
    let mut groups = sys::peer_groups(peer)?;
    groups.push(peer.peer_cred()?.gid());
    Ok(groups)
}
