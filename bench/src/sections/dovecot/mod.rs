//! Real Dovecots, one for each way to check a password, with services tuned alike.

mod auth;
mod imap;

use crate::Effort;
use crate::peers::{self, Floor};
use crate::report::{Section, at_least, at_most};
use crate::rounds::{Contestant, Results, interleave};
use crate::stats::Sample;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::apppwd::{Apppwd, Site};
use apppw_tests::bin;
use apppw_tests::servers::dovecot::{Dovecot, Passdb, Version};
use apppw_tests::servers::host::{Endpoint, MailServer};
use apppw_tests::servers::inside::Inside;
use apppw_tests::servers::tree::{Suite, Tree};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const ALICE: &str = "alice@example.org";

/// `doveadm pw` of Dovecot 2.3, with its defaults.
const ARGON2ID: &str = "alice@example.org:{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1\
    $DIrfClUYlpLgbyUNBWsCMQ$86qLRgo2HnFY+uqrzRxvnd23j5fG69COy1XJsLo/VW4\n";
const BLF_CRYPT: &str =
    "alice@example.org:{BLF-CRYPT}$2y$05$Ibq15FiXKennBw8XojuJsuDNjRe7sgHSkZYLizyoiIGdbTcIQ60CG\n";

/// Processes that serve more than one login and are there before it: otherwise starting them costs
/// five times as much as PAM, and hides it.
const TUNED: &str = "
service imap-login {
  service_count = 0
  process_min_avail = 2
}
service imap {
  service_count = 1000
  process_min_avail = 4
}
service auth {
  unix_listener /bench/auth {
    mode = 0666
  }
}
";

/// A Dovecot and a login that it accepts.
struct Contender {
    name: &'static str,
    server: MailServer,
    user: &'static str,
    password: String,
    /// How much slower than a look-up.
    is_slow: bool,
    sockets: TempDir,
}

pub fn run(effort: Effort) -> Vec<Section> {
    let mut section = Section::new("Real Dovecot");
    let tree = match Tree::unpack(Suite::Own) {
        Ok(Some(tree)) if tree.dovecot().is_ok_and(|version| version == Version::V2_3) => tree,
        _ => {
            section.say("Skipped: this machine's apt sources have no Dovecot 2.3.");
            return vec![section];
        }
    };
    let daemon = Site::new("").start_activated(DAEMON_UID);
    let secret = daemon.create(ALICE, "phone", &[]).secret.expose().to_owned();
    let password = || peers::PASSWORD.to_owned();
    let (permit, unix) = (peers::stack("pam_permit.so"), peers::stack("pam_unix.so"));
    let floor_dir = TempDir::with_prefix("apppw-bench-").expect("a folder");
    let _floor = Floor::start(floor_dir.path()).expect("the floor");
    let floor = peers::stack("/floor/floor /floor/floor.sock");
    let ours = Inside::packaging("pam/app-passwords-only").expect("the packaged stack");
    let start = |name, stack: &str, passdb, user, password, is_slow| {
        let sockets = TempDir::with_prefix("apppw-bench-").expect("a folder");
        fs::set_permissions(sockets.path(), fs::Permissions::from_mode(0o755)).expect("its mode");
        let server = server(&tree, &daemon, stack, passdb, &[(&sockets, "/bench"), (&floor_dir, "/floor")]);
        Contender { name, server, user, password, is_slow, sockets }
    };
    let contenders = [
        start("pam_permit", &permit, Passdb::PerProtocol, ALICE, password(), false),
        start("C floor", &floor, Passdb::PerProtocol, ALICE, password(), false),
        start("apppw, warm", &ours, Passdb::PerProtocol, ALICE, secret, false),
        start("pam_unix, yescrypt", &unix, Passdb::PerProtocol, "yescrypt", password(), true),
        start("passwd-file, ARGON2ID", &permit, Passdb::PasswdFile(ARGON2ID), ALICE, password(), true),
        start("passwd-file, BLF-CRYPT", &permit, Passdb::PasswdFile(BLF_CRYPT), ALICE, password(), true),
    ];
    section.say(
        "Dovecot 2.3 with its login and mail processes kept; the PAM service file has two lines, `other` is pam_deny. \
         A round of the auth protocol is asked on a connection that stays open.",
    );
    let protocol = |in_flight: usize| {
        move |contender: &Contender, count| {
            let socket = contender.sockets.path().join("auth");
            auth::ask(&socket, contender.user, &contender.password, count, in_flight)
        }
    };
    let (one, eight) =
        ("the auth protocol, one request in flight", "the auth protocol, eight requests in flight");
    let results = [
        asked(&contenders, effort, one, (200, 1), protocol(1)),
        asked(&contenders, effort, eight, (800, 8), protocol(8)),
        asked(&contenders, effort, "IMAP, from connect to the end of LOGOUT", (60, 1), |contender, count| {
            let address = contender.server.address(Endpoint::Imap).expect("an IMAP port");
            imap::log_in(address, contender.user, &contender.password, count)
        }),
    ];
    for (what, results) in &results {
        section.say(format!("**{what}**"));
        section.ratios(results, "pam_permit");
    }
    let [(_, one), (_, eight), (_, imap)] = &results;
    let pair = ("apppw, warm", "pam_permit");
    section.goals(&[
        at_most("auth, p50 against pam_permit", 1.05, one, pair, |s| s.p50),
        at_least("auth, eight in flight, requests a second against pam_permit", 0.95, eight, pair, |s| {
            s.rate
        }),
        at_least("IMAP logins a second against pam_permit", 0.97, imap, pair, |s| s.rate),
    ]);
    vec![section]
}

/// `counts`: of those that are fast, and of those that are slow.
fn asked(
    contenders: &[Contender],
    effort: Effort,
    what: &'static str,
    counts: (usize, usize),
    ask: impl Fn(&Contender, usize) -> Sample,
) -> (&'static str, Results) {
    let ask = &ask;
    let contestants = contenders.iter().map(|contender| {
        let count = if contender.is_slow { counts.1 } else { effort.count(counts.0).max(counts.1) };
        Contestant::new(contender.name, move |_| ask(contender, count))
    });
    (what, interleave(effort.rounds(31, 5), contestants.collect()))
}

fn server(
    tree: &Tree,
    daemon: &Apppwd,
    stack: &str,
    passdb: Passdb,
    dirs: &[(&TempDir, &str)],
) -> MailServer {
    let mut inside = Inside::new()
        .pam("imap", stack)
        .pam("other", &peers::other())
        .module(tree, bin::module())
        .expect("a place for the module")
        .socket_dir(daemon.socket_dir());
    for (dir, path) in dirs {
        inside = inside.bind(dir.path(), *path);
    }
    for (file, ours) in [("/etc/passwd", peers::PASSWD), ("/etc/shadow", peers::SHADOW)] {
        let theirs =
            fs::read_to_string(tree.path().join(file.trim_start_matches('/'))).expect("the tree's own");
        let ours = ours.lines().filter(|line| !line.starts_with("root:")).map(|line| format!("{line}\n"));
        inside = inside.file(file, theirs + &ours.collect::<String>());
    }
    let dovecot = Dovecot::new(Version::V2_3).passdb(passdb).extra(TUNED);
    dovecot.start(tree, &inside).expect("Dovecot starts")
}
