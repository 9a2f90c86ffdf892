//! Who asks: uid and groups of the peer, as the kernel gives them, and the name that the
//! system has for the uid.

use super::login_uid;
use super::staff::{self, Staff};
use crate::clock::UnixSeconds;
use crate::store::By;
use apppw_admin::verbs::{Actor, ActorRole};
use nix::unistd::{Uid, User};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::UnixStream;

/// What a caller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Root, or a member of `apppw-admin`.
    Admin,
    /// A member of `apppw-helpdesk`; the Unix name, if it is a person's, for what he may do to
    /// his own account.
    Helpdesk(Option<String>),
    /// A person with a Unix account: this is its name.
    User(String),
    /// A uid below `UID_MIN`, without a name, or of no person.
    Nobody,
}

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The peer's uid.
    pub uid: u32,
    /// Root's: the uid that the session was logged in with, where the kernel tells.
    pub login_uid: Option<u32>,
    /// Its name, if the system knows one.
    pub name: Option<String>,
    /// What it may be.
    pub role: Role,
}

/// How long the system may take to say who somebody is.
const NSS_WITHIN: Duration = Duration::from_secs(5);

impl Caller {
    /// The caller at the other end of `stream`.
    ///
    /// # Errors
    /// If the kernel doesn't say, or the system takes too long to name the uid.
    pub async fn of(stream: &UnixStream, people: People, staff: &Arc<Staff>) -> io::Result<Self> {
        let peer = stream.peer_cred()?;
        let uid = peer.uid();
        if uid == 0 {
            // Root is root, also when the directory that names others is out of reach.
            let login_uid = login_uid::of_root(stream, &peer);
            return Ok(Self { uid, login_uid, name: Some("root".to_owned()), role: Role::Admin });
        }
        let (groups, staff) = (staff::groups_of(stream)?, Arc::clone(staff));
        ask_nss(move || Self::identify(uid, &groups, people, &staff)).await
    }

    fn identify(uid: u32, groups: &[u32], people: People, staff: &Staff) -> io::Result<Self> {
        let name = User::from_uid(Uid::from_raw(uid))?.map(|user| user.name);
        let person = name.clone().filter(|_| people.include(uid));
        let role = if staff.admin.is_among(groups)? {
            Role::Admin
        } else if staff.helpdesk.is_among(groups)? {
            Role::Helpdesk(person)
        } else {
            person.map_or(Role::Nobody, Role::User)
        };
        Ok(Self { uid, login_uid: None, name, role })
    }

    /// For the trail: this caller, at that second.
    #[must_use]
    pub fn by(&self, at: UnixSeconds) -> By {
        By::actor(self.actor(), at)
    }

    /// For the record.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let role = match self.role {
            Role::Admin => ActorRole::Admin,
            Role::Helpdesk(_) => ActorRole::Helpdesk,
            Role::User(_) => ActorRole::User,
            Role::Nobody => ActorRole::Nobody,
        };
        let (uid, login_uid, name) = (self.uid, self.login_uid, self.name.clone());
        Actor { uid, login_uid, role, on_behalf_of: None, name }
    }
}

/// Whoever runs this process: an administrator at the daemon's own command line.
#[must_use]
pub fn this_process() -> Actor {
    let uid = Uid::current();
    let name = User::from_uid(uid).ok().flatten().map(|user| user.name);
    Actor {
        uid: uid.as_raw(),
        login_uid: login_uid::of_this_process(),
        role: ActorRole::Admin,
        on_behalf_of: None,
        name,
    }
}

/// The daemon itself, acting by `source`: what it is told there, not by a person.
#[must_use]
pub fn daemon_as(source: &str) -> Actor {
    Actor {
        uid: Uid::effective().as_raw(),
        login_uid: None,
        role: ActorRole::Daemon,
        on_behalf_of: None,
        name: Some(source.to_owned()),
    }
}

/// Asks NSS on another thread than the one that answers logins, for it may ask a directory
/// over the network.
async fn ask_nss<T: Send + 'static>(
    question: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let answer = tokio::time::timeout(NSS_WITHIN, tokio::task::spawn_blocking(question)).await;
    answer.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map_err(io::Error::other)?
}

impl std::fmt::Display for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&shown(&self.actor()))
    }
}

/// `alice (uid 1000)`, `root (uid 0, logged in as uid 1000)`, or `uid 1000`.
#[must_use]
pub fn shown(actor: &Actor) -> String {
    let behind = actor.login_uid.filter(|uid| *uid != actor.uid);
    let behind = behind.map(|uid| format!(", logged in as uid {uid}")).unwrap_or_default();
    match &actor.name {
        Some(name) => format!("{} (uid {}{behind})", apppw_admin::text::visible(name), actor.uid),
        None => format!("uid {}{behind}", actor.uid),
    }
}

/// Which uids are people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct People {
    uid_min: u32,
}

impl People {
    /// By `UID_MIN` in `/etc/login.defs` (login.defs(5)), or 1000.
    #[must_use]
    pub fn of_this_host() -> Self {
        let text = std::fs::read_to_string("/etc/login.defs").unwrap_or_default();
        Self { uid_min: uid_min(&text).unwrap_or(1000) }
    }

    /// Whether `uid` is a person's: not a system account, a dynamic service user (systemd's
    /// 61184 to 65519) or one of the two numbers that stand for nobody.
    #[must_use]
    pub const fn include(self, uid: u32) -> bool {
        uid >= self.uid_min && !matches!(uid, 61_184..=65_519 | 65_534 | 65_535 | u32::MAX)
    }

    /// The uid of the person whose Unix name that is; `None`: there is no such person.
    ///
    /// # Errors
    /// If the system can't say now.
    pub async fn uid_of(self, name: &str) -> io::Result<Option<u32>> {
        let name = name.to_owned();
        let user = ask_nss(move || Ok(User::from_name(&name)?)).await?;
        Ok(user.map(|user| user.uid.as_raw()).filter(|uid| self.include(*uid)))
    }
}

fn uid_min(login_defs: &str) -> Option<u32> {
    login_defs.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("UID_MIN")).then(|| words.next()?.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_not_system_accounts() {
        let people = People { uid_min: uid_min("# UID_MIN 7\nUID_MIN\t\t 1000\nUID_MAX 60000\n").unwrap() };
        for uid in [1000, 1001, 60_000, 1_800_000_001] {
            assert!(people.include(uid), "{uid}");
        }
        for uid in [0, 1, 33, 999, 61_184, 65_519, 65_534, 65_535, u32::MAX] {
            assert!(!people.include(uid), "{uid}");
        }
    }

    #[tokio::test]
    async fn the_kernel_says_who_asks_and_only_root_is_root() {
        let (stream, _other) = UnixStream::pair().unwrap();
        let caller = Caller::of(&stream, People { uid_min: 1000 }, &Arc::default()).await.unwrap();
        assert_eq!(caller.uid, Uid::effective().as_raw());
        assert!(caller.login_uid.is_none() || caller.uid == 0, "only root stands for others");
        if caller.uid == 0 {
            assert_eq!((caller.role, caller.name.as_deref()), (Role::Admin, Some("root")));
        } else {
            assert_ne!(caller.role, Role::Admin, "run by one who is not in apppw-admin");
        }
    }

    #[test]
    fn groups_make_the_staff_and_who_is_in_none_is_a_person_or_nobody() {
        // A uid that no system gives away, and the group that each has.
        let role = |groups: &[u32], staff: &Staff| {
            Caller::identify(u32::MAX - 7, groups, People { uid_min: 1000 }, staff).unwrap().role
        };
        let (admin, helpdesk) = (Staff::of("root", "no-such-group"), Staff::of("no-such-group", "root"));
        assert_eq!(role(&[0], &admin), Role::Admin);
        assert_eq!(role(&[0], &Staff::of("root", "root")), Role::Admin);
        assert_eq!(role(&[7, 0], &helpdesk), Role::Helpdesk(None));
        assert_eq!(role(&[7], &admin), Role::Nobody);
        assert_eq!(role(&[], &helpdesk), Role::Nobody);
        // Uid 0 has a name, but is no person.
        let of_root = Caller::identify(0, &[7], People { uid_min: 1000 }, &admin).unwrap();
        assert_eq!((of_root.role, of_root.name.as_deref()), (Role::Nobody, Some("root")));
        let person = Caller::identify(0, &[7], People { uid_min: 0 }, &admin).unwrap();
        assert_eq!(person.role, Role::User("root".to_owned()));
    }

    #[tokio::test]
    async fn a_name_is_a_persons_uid_or_nobodys() {
        let (all, people) = (People { uid_min: 0 }, People { uid_min: 1000 });
        assert_eq!(all.uid_of("root").await.unwrap(), Some(0));
        assert_eq!(people.uid_of("root").await.unwrap(), None, "root is no person");
        assert_eq!(all.uid_of("nobody-has-this-name").await.unwrap(), None);
    }

    #[test]
    fn a_caller_is_told_by_name_and_uid() {
        let caller = |uid, login_uid, name: Option<&str>| {
            let (name, role) = (name.map(str::to_owned), Role::Admin);
            Caller { uid, login_uid, name, role }.to_string()
        };
        #[rustfmt::skip]
        let table = [
            (caller(1000, None, Some("alice")),      "alice (uid 1000)"),
            (caller(0, Some(1000), Some("root")),    "root (uid 0, logged in as uid 1000)"),
            (caller(0, Some(0), Some("root")),       "root (uid 0)"),
            (caller(1000, None, None),               "uid 1000"),
            (caller(1000, None, Some("a\u{1b}b")),  "a\\u{1b}b (uid 1000)"),
        ];
        for (told, expected) in table {
            assert_eq!(told, expected);
        }
    }

    #[test]
    fn the_record_has_the_role() {
        let roles = [
            (Role::Admin, ActorRole::Admin),
            (Role::Helpdesk(Some("heidi".into())), ActorRole::Helpdesk),
            (Role::User("alice".into()), ActorRole::User),
            (Role::Nobody, ActorRole::Nobody),
        ];
        for (role, told) in roles {
            let caller = Caller { uid: 7, login_uid: Some(8), name: None, role };
            let actor = caller.actor();
            assert_eq!((actor.role, actor.uid, actor.login_uid), (told, 7, Some(8)));
        }
    }
}
