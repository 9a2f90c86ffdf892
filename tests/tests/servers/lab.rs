//! What runs: each host with its daemon, started by the first case that needs it.

use super::hosts::{HOSTS, Host};
use super::tally::Tally;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::bin;
use apppw_tests::servers::host::MailServer;
use apppw_tests::servers::tree::{Suite, Tree};
use apppw_tests::servers::{Failure, rootless};
use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock, RwLockReadGuard};

/// Everything that the trials share. It ends with the last of them.
pub struct Lab {
    own: OnceLock<Found>,
    trixie: OnceLock<Found>,
    cyrus: OnceLock<Found>,
    exim: OnceLock<Found>,
    others: OnceLock<Found>,
    hosts: BTreeMap<&'static str, OnceLock<Start>>,
    secrets: Mutex<Vec<String>>,
    next_number: AtomicUsize,
    pub tally: Tally,
}

/// A tree, or why there is none.
type Found = Result<Result<Tree, Absent>, String>;

/// A host, or why there is none.
type Start = Result<Result<Running, Absent>, String>;

/// Why the cases of a host can't be run here.
#[derive(Clone, Debug)]
pub struct Absent(pub String);

/// A running host.
pub struct Running {
    /// `None` while a case has stopped it.
    pub daemon: RwLock<Option<Apppwd>>,
    pub server: MailServer,
}

impl Lab {
    /// Nothing runs yet.
    pub fn new() -> Arc<Lab> {
        Arc::new(Lab {
            own: OnceLock::new(),
            trixie: OnceLock::new(),
            cyrus: OnceLock::new(),
            exim: OnceLock::new(),
            others: OnceLock::new(),
            hosts: HOSTS.iter().map(|host| (host.name, OnceLock::new())).collect(),
            secrets: Mutex::default(),
            next_number: AtomicUsize::new(1),
            tally: Tally::default(),
        })
    }

    /// The host, running.
    pub fn running(&self, host: &'static Host) -> Result<Result<&Running, Absent>, String> {
        let start = self.hosts[host.name].get_or_init(|| self.start(host));
        start.as_ref().map(|start| start.as_ref().map_err(Clone::clone)).map_err(Clone::clone)
    }

    /// One that nobody had before.
    pub fn number(&self) -> usize {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Remembers a secret for [`Lab::leaks`].
    pub fn keep(&self, secret: &str) {
        self.secrets.lock().expect("no holder panics").push(secret.to_owned());
    }

    /// A tree, if this is root: Postfix needs several users, and to make other people's app
    /// passwords takes root.
    pub fn root_tree(&self, suite: Suite) -> Found {
        if rootless() { Ok(Err(Absent("not run as root".into()))) } else { self.tree(suite) }
    }

    fn start(&self, host: &'static Host) -> Start {
        let tree = match self.root_tree(host.suite())? {
            Ok(tree) => tree,
            Err(absent) => return Ok(Err(absent)),
        };
        match tree.dovecot() {
            Ok(version) if version == host.dovecot => {}
            Ok(version) => return Ok(Err(Absent(format!("this machine's release has Dovecot {version:?}")))),
            Err(Failure(why)) => return Err(why),
        }
        let daemon = Site::new(&host.config()).start_activated(DAEMON_UID);
        let server = host
            .files(&tree)
            .and_then(|inside| inside.module(&tree, bin::module()))
            .map(|inside| inside.bind(bin::apppw(), "/usr/local/bin/apppw"))
            .and_then(|inside| host.start(&tree, &inside.socket_dir(daemon.socket_dir())))
            .map_err(|Failure(why)| why)?;
        Ok(Ok(Running { daemon: RwLock::new(Some(daemon)), server }))
    }

    fn tree(&self, suite: Suite) -> Found {
        let slot = match suite {
            Suite::Cyrus => &self.cyrus,
            Suite::Exim => &self.exim,
            Suite::Others => &self.others,
            Suite::Trixie => &self.trixie,
            Suite::Own | Suite::Tools => &self.own,
        };
        slot.get_or_init(|| {
            if suite == Suite::Trixie && std::env::var_os("APPPW_SKIP_TRIXIE").is_some() {
                return Ok(Err(Absent("APPPW_SKIP_TRIXIE is set".into())));
            }
            match Tree::unpack(suite) {
                Ok(Some(tree)) => Ok(Ok(tree)),
                Ok(None) => Ok(Err(Absent(format!(
                    "this machine's apt sources have no mirror for the packages of {}",
                    suite.name()
                )))),
                Err(Failure(why)) => Err(why),
            }
        })
        .clone()
    }

    /// What no log may have: a secret, in any way that it was typed; or a control character.
    pub fn leaks(&self) -> Vec<String> {
        let secrets = self.secrets.lock().expect("no holder panics");
        let running = self.hosts.iter().filter_map(|(name, start)| Some((name, start.get()?.as_ref().ok()?)));
        let mut found = Vec::new();
        for (name, running) in running.filter_map(|(name, start)| Some((name, start.as_ref().ok()?))) {
            let server = running.server.log();
            let ours = server.lines().filter(|line| line.contains("pam_apppw"));
            let logs: String = ours.chain(running.daemon().log().lines()).map(|l| format!("{l}\n")).collect();
            if let Some(line) = logs.lines().find(|line| line.chars().any(char::is_control)) {
                found.push(format!("{name}: a control character in {line:?}"));
            }
            let folded = fold(&logs);
            if secrets.iter().any(|secret| folded.contains(&fold(secret))) {
                found.push(format!("{name}: a secret in the log of apppwd or pam_apppw"));
            }
        }
        found
    }
}

/// Whatever separates and ornaments a secret, away.
fn fold(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect()
}

impl Running {
    /// The daemon; it is not stopped while this is held.
    pub fn daemon(&self) -> Daemon<'_> {
        Daemon(self.daemon.read().expect("whoever stops it starts it again"))
    }
}

/// See [`Running::daemon`].
pub struct Daemon<'a>(RwLockReadGuard<'a, Option<Apppwd>>);

impl Deref for Daemon<'_> {
    type Target = Apppwd;

    fn deref(&self) -> &Apppwd {
        self.0.as_ref().expect("it runs while nobody has the lock for writing")
    }
}
