//! What is mutated: the files of a daemon that has been in use, as a stop, a kill and a backup leave
//! them, and those of another installation.

use crate::asking::{Made, create, done, login};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site, copy};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// Names of one length: one can stand in the place of another.
pub const ALICE: &str = "alice@example.org";
pub const BOBBY: &str = "bobby@example.org";
pub const CAROL: &str = "carol@example.org";
pub const MALLY: &str = "mally@example.org";

/// As the files were left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// By an orderly stop.
    Stopped,
    /// By kill -9: much is in the WAL.
    Killed,
    /// The database as it was before anything was taken away, beside the journal of today.
    Backup,
}

/// Folders and secrets.
pub struct World {
    dir: TempDir,
    /// Not revoked, by whom.
    pub live: Vec<Made>,
    /// Revoked since the backup.
    pub revoked: Made,
    /// Suspended since the backup.
    pub suspended: Made,
    /// Seen expired since the backup.
    pub expired: Made,
    /// Of an account that is locked since the backup.
    pub locked: Made,
    /// Of the other installation, by the same name.
    pub foreign: Made,
}

/// The world, made once.
pub fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(World::new)
}

/// A site of the world's configuration.
pub fn site() -> Site {
    Site::new(&format!("{CHEAP_ARGON2}[policy]\nprimary = \"refuse-enrolled\"\n"))
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let daemon = site().start();
        let admin = daemon.admin_socket();
        let mut live = vec![
            create(&admin, ALICE, "phone", &json!({})),
            create(&admin, BOBBY, "phone", &json!({"pin": ["service", "network"]})),
            create(&admin, MALLY, "phone", &json!({"networks": ["192.0.2.0/24", "2001:db8::/32"]})),
        ];
        let revoked = create(&admin, ALICE, "lost phone", &json!({}));
        let suspended = create(&admin, ALICE, "lent phone", &json!({}));
        let expired = create(&admin, ALICE, "old phone", &json!({"expires": {"after": "1s"}}));
        let locked = create(&admin, CAROL, "phone", &json!({}));
        // Several pages of everything.
        for n in 0..60 {
            let one = create(&admin, &format!("u{n:04}@example.org"), &"x".repeat(60), &json!({}));
            login(&daemon.auth_socket(), &one.user, &one.secret);
        }
        done(&admin, "rotate", &json!({"id": live[2].id, "grace": "30d"}));
        let (_, site) = daemon.stop();
        keep(&site, dir.path(), "backup");
        let daemon = site.start();
        std::thread::sleep(Duration::from_millis(1100));
        assert_eq!(login(&daemon.auth_socket(), ALICE, &expired.secret), Verdict::Refused);
        done(&admin, "revoke", &json!({"ids": [revoked.id]}));
        done(&admin, "suspend", &json!({"ids": [suspended.id]}));
        done(&admin, "user.lock", &json!({"user": CAROL}));
        let (_, site) = daemon.stop();
        keep(&site, dir.path(), "stopped");
        let daemon = site.start();
        live.push(create(&admin, ALICE, "tablet", &json!({})));
        for one in &live {
            assert_eq!(login(&daemon.auth_socket(), &one.user, &one.secret), Verdict::Accepted);
        }
        done(&admin, "users", &json!({}));
        let site = daemon.kill();
        keep(&site, dir.path(), "killed");
        live.pop();
        Self { foreign: other(dir.path()), dir, live, revoked, suspended, expired, locked }
    }

    /// The state folder as it was left so.
    pub fn state(&self, left: Left) -> PathBuf {
        self.dir.path().join(left.name()).join("state")
    }

    /// The key's folder beside it.
    pub fn key(&self, left: Left) -> PathBuf {
        let name = if left == Left::Backup { Left::Stopped.name() } else { left.name() };
        self.dir.path().join(name).join("key")
    }

    /// A folder of the other installation.
    pub fn other(&self, folder: &str) -> PathBuf {
        self.dir.path().join("other").join(folder)
    }

    /// A new site with those files.
    pub fn copied(&self, left: Left) -> Site {
        let site = site();
        copy_folder(&self.state(left), &site.path("state"));
        copy_folder(&self.key(left), &site.path("key"));
        site
    }
}

impl Left {
    const fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Killed => "killed",
            Self::Backup => "backup",
        }
    }
}

/// Another installation with an account of the same name.
fn other(dir: &Path) -> Made {
    let daemon = Apppwd::start();
    let foreign = create(&daemon.admin_socket(), ALICE, "phone", &json!({}));
    let (_, site) = daemon.stop();
    keep(&site, dir, "other");
    foreign
}

fn keep(site: &Site, dir: &Path, name: &str) {
    let to = dir.join(name);
    fs::create_dir(&to).expect("a folder");
    copy(&site.path("state"), &to.join("state"));
    copy(&site.path("key"), &to.join("key"));
}

/// Without a process: thousands are copied.
fn copy_folder(from: &Path, to: &Path) {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o700).create(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder to copy") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a file can be copied");
    }
}
