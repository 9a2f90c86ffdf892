//! Files of the daemon that somebody has damaged or edited: it refuses them, or serves, and then lets
//! nobody in who has no right to it.

mod bytes;
mod edits;
mod texts;
mod world;

use crate::asking::{Made, ask, login, made, primary};
use crate::random::Random;
use crate::row::{Outcome, Row};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::Site;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use world::{ALICE, BOBBY, CAROL, Left, MALLY, World, world};

/// The row.
pub const ROW: Row = Row {
    number: 8,
    name: "mutated-files",
    shows: "database, WAL, journal and key mutated: the daemon refuses to start with status 78 or serves; no \
            secret is accepted that should not be, nothing crashes, hangs or grows",
    unit: "mutations",
    full: 20_000,
    short: 250,
    batch: 500,
    run: |cases| {
        world();
        Outcome::of_each_on(2, cases, case)
    },
};

/// Most address space of the daemon, in bytes: all that it maps, not what it uses.
const MOST_MAPPED: u64 = 1 << 30;

/// Most memory that it uses, in KiB.
const MOST_USED: u64 = 128 << 10;

/// Longest that a start may take.
const START_WITHIN: Duration = Duration::from_secs(30);

/// What was done to the files, and what follows from it.
struct Done {
    what: String,
    /// Honest app passwords go on.
    is_harmless: bool,
    /// The database is as it was: it knows what is taken away, whatever the journal says.
    left: Left,
    /// The journal is as it was.
    has_journal: bool,
    /// The database's bytes have been edited by somebody who can set a later end.
    is_edited: bool,
}

fn case(case: u64, outcome: &mut Outcome) {
    let mut random = Random::of(case, 8);
    let world = world();
    let left = *random.one_of(&[Left::Stopped, Left::Killed, Left::Backup]);
    let site = world.copied(left);
    let done = mutate(&site, left, world, &mut random);
    let mut find = |text: String| {
        let log = fs::read_to_string(site.path("log")).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(4).collect();
        outcome.find(case, format!("{left:?}, {}: {text}; log, last first: {tail:?}", done.what));
    };
    let ended = match start(&site) {
        Ok(child) => {
            let daemon = Running { child: Some(child) };
            let acknowledged = look(&site, &done, world, &mut find);
            let used = daemon.used();
            if used > MOST_USED {
                find(format!("{used} KiB of memory"));
            }
            daemon.end(&mut find);
            again(&site, &done, world, &acknowledged, &mut find);
            "served"
        }
        Err(problem) => {
            if let Some(text) = problem {
                find(text);
            }
            "refused to start"
        }
    };
    let log = fs::read_to_string(site.path("log")).unwrap_or_default();
    if log.contains("panicked") || log.contains("fault inside apppwd") {
        find("a panic".to_owned());
    }
    if done.is_harmless && ended != "served" {
        find("refused, though nothing is wrong".to_owned());
    }
    outcome.count(ended, 1);
}

/// Does it.
fn mutate(site: &Site, left: Left, world: &World, random: &mut Random) -> Done {
    let (database, wal) = (site.path("state/apppw.db"), site.path("state/apppw.db-wal"));
    let (journal, key) = (site.path("key/journal.log"), site.path("key/server.key"));
    let mut done = Done { what: String::new(), is_harmless: false, left, has_journal: true, is_edited: true };
    let at = random.below(20);
    done.what = match at {
        0..6 => {
            let mut bytes = fs::read(&database).expect("the database");
            let elder = *random.one_of(&[Left::Stopped, Left::Killed, Left::Backup]);
            let elder = fs::read(world.state(elder).join("apppw.db")).expect("another version");
            let times = 1 + random.below(3);
            let what: Vec<String> = (0..times)
                .map_while(|_| (bytes.len() >= 4096).then(|| bytes::database(&mut bytes, &elder, random)))
                .collect();
            fs::write(&database, bytes).expect("the database can be written");
            format!("database: {}", what.join(", "))
        }
        6..9 if wal.exists() => {
            let mut bytes = fs::read(&wal).expect("the WAL");
            let what = bytes::wal(&mut bytes, random);
            fs::write(&wal, bytes).expect("the WAL can be written");
            format!("WAL: {what}")
        }
        6..13 => format!("edit: {}", edits::edit(&database, random)),
        13 => texts::beside(&site.path("state"), &site.path("key"), random),
        14 => {
            done.is_edited = false;
            done.is_harmless = true;
            "nothing".to_owned()
        }
        15..18 if left != Left::Backup => {
            done.has_journal = false;
            done.is_edited = false;
            let mutated = texts::journal(&journal, random);
            done.is_harmless = mutated.is_harmless;
            mutated.what
        }
        _ => {
            done.is_edited = false;
            let mutated = texts::key(&key, random);
            done.is_harmless = mutated.is_harmless;
            mutated.what
        }
    };
    done
}

/// Starts the daemon and waits until it serves; else what is wrong with how it ended.
fn start(site: &Site) -> Result<Child, Option<String>> {
    let plain = site.command();
    let log = File::options().append(true).create(true).open(site.path("log")).expect("the log");
    let mut child = Command::new("prlimit")
        .args([&format!("--as={MOST_MAPPED}"), "--core=0"])
        .arg(plain.get_program())
        .args(plain.get_args())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("prlimit runs");
    let begun = Instant::now();
    loop {
        if std::os::unix::net::UnixStream::connect(site.admin_socket()).is_ok() {
            return Ok(child);
        }
        if let Some(status) = child.try_wait().expect("a child") {
            let log = fs::read_to_string(site.path("log")).unwrap_or_default();
            let says_why =
                log.lines().last().is_some_and(|line| line.starts_with("<3>") || line.contains("error"));
            return Err(match status.code() {
                Some(78) if says_why => None,
                Some(78) => Some("status 78 without an error".to_owned()),
                _ => Some(format!("ended with {status}, signal {:?}", status.signal())),
            });
        }
        if begun.elapsed() > START_WITHIN {
            let _ = child.kill();
            let _ = child.wait();
            return Err(Some("neither serves nor ends".to_owned()));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Secrets that must never be accepted, with what is wrong with them.
fn forbidden<'w>(world: &'w World, done: &Done) -> Vec<(&'static str, &'w str, &'w str)> {
    let [alice, bobby, mally, ..] = world.live.as_slice() else { panic!("three live ones") };
    let mut all = vec![
        ("never issued", ALICE, "0000000000000000"),
        ("another account's", ALICE, bobby.secret.as_str()),
        ("another account's", ALICE, mally.secret.as_str()),
        ("another account's", BOBBY, alice.secret.as_str()),
        ("another account's", MALLY, alice.secret.as_str()),
        ("another installation's", ALICE, world.foreign.secret.as_str()),
        ("revoked", ALICE, world.revoked.secret.as_str()),
        ("suspended", ALICE, world.suspended.secret.as_str()),
        ("of a locked account", CAROL, world.locked.secret.as_str()),
    ];
    // A later end in a backup of before it was seen to come is what an edited backup can do (ADR 7).
    if done.left != Left::Backup || !done.is_edited {
        all.push(("expired", ALICE, world.expired.secret.as_str()));
    }
    all
}

/// Logs in, manages, and returns what was acknowledged as revoked.
fn look(site: &Site, done: &Done, world: &World, find: &mut impl FnMut(String)) -> Vec<Made> {
    let (auth, admin) = (site.auth_socket(), site.admin_socket());
    refuses(site, done, world, find);
    if done.is_harmless {
        for one in &world.live {
            if login(&auth, &one.user, &one.secret) != Verdict::Accepted {
                find(format!("a live one of {} is not accepted", one.user));
            }
        }
    }
    for (verb, args) in [
        ("status", json!({})),
        ("list", json!({"all": true})),
        ("list", json!({"user": ALICE, "unused": "1d"})),
        ("show", json!({"id": world.live[0].id})),
        ("events", json!({})),
        ("users", json!({})),
        ("report", json!({})),
        ("metrics", json!({})),
        ("doctor", json!({})),
        ("user.show", json!({"user": ALICE})),
    ] {
        answered(&ask(&admin, verb, &args), verb, find);
    }
    let mut acknowledged = Vec::new();
    let answer = ask(&admin, "create", &json!({"user": ALICE, "name": "new"}));
    answered(&answer, "create", find);
    acknowledged.extend(made(ALICE, &answer).ok());
    acknowledged.extend(world.live.iter().take(1).cloned());
    acknowledged.retain(|one| {
        let _ = login(&auth, &one.user, &one.secret);
        let answer = ask(&admin, "revoke", &json!({"ids": [one.id]}));
        answered(&answer, "revoke", find);
        let is_revoked = answer["ok"]["ids"].as_array().is_some_and(|ids| ids.contains(&json!(one.id)));
        let ended = is_revoked || answer["error"]["message"].to_string().contains("NOT written down");
        if ended && login(&auth, &one.user, &one.secret) == Verdict::Accepted {
            find(format!("{} was answered as revoked and is accepted", one.id));
        }
        is_revoked
    });
    acknowledged
}

fn answered(answer: &Value, verb: &str, find: &mut impl FnMut(String)) {
    let text = answer.to_string();
    if answer.get("ok").is_none() && answer["error"]["code"].as_str().is_none()
        || text.contains("fault inside")
    {
        find(format!("{verb}: {text}"));
    }
}

fn refuses(site: &Site, done: &Done, world: &World, find: &mut impl FnMut(String)) {
    for (what, user, secret) in forbidden(world, done) {
        let verdict = login(&site.auth_socket(), user, secret);
        if verdict == Verdict::Accepted || verdict == Verdict::NotMine {
            find(format!("{what} of {user}: {verdict:?}"));
        }
    }
    if done.has_journal {
        for user in [ALICE, BOBBY, CAROL, MALLY] {
            if primary(&site.auth_socket(), user) == Verdict::NotMine {
                find(format!("the primary password of {user}, who is enrolled"));
            }
        }
    }
}

/// After a kill: what was acknowledged holds.
fn again(site: &Site, done: &Done, world: &World, acknowledged: &[Made], find: &mut impl FnMut(String)) {
    match start(site) {
        Ok(child) => {
            let daemon = Running { child: Some(child) };
            refuses(site, done, world, find);
            for one in acknowledged {
                if login(&site.auth_socket(), &one.user, &one.secret) == Verdict::Accepted {
                    find(format!("{} was acknowledged as revoked and is accepted after a kill", one.id));
                }
            }
            daemon.end(find);
        }
        Err(Some(text)) => find(format!("second start: {text}")),
        Err(None) => {}
    }
}

struct Running {
    child: Option<Child>,
}

impl Running {
    /// Most memory that it has used, in KiB.
    fn used(&self) -> u64 {
        let id = self.child.as_ref().map_or(0, Child::id);
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }

    /// kill -9; it must still have been there.
    fn end(mut self, find: &mut impl FnMut(String)) {
        if let Some(mut child) = self.child.take() {
            if let Ok(Some(status)) = child.try_wait() {
                find(format!("it has ended with {status}"));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
