//! kill -9 while one database takes the place of another: a backup that is put back, and a newer schema.

use crate::row::{Cases, Outcome, Row};
use crate::shim::{Act, Plan, Shim};
use apppw_proto::frame::Verdict;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::try_login;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Killed while a backup is put back.
pub const RESTORE: Row = Row {
    number: 9,
    name: "kill-at-restore",
    shows: "kill -9 before, after and within the n-th change that `apppwd --restore` makes on the disk: the daemon starts with the \
            one database or the other, nothing revoked is revived, and putting it back again works",
    unit: "kills",
    full: 300,
    short: 45,
    batch: 60,
    run: |cases| replace(cases, restored),
};

/// Killed while the database is brought to a newer schema.
pub const MIGRATION: Row = Row {
    name: "kill-at-migration",
    shows: "kill -9 before, after and within the n-th change of a start that finds an older schema, before its backup is made, in \
            between and behind: the next start comes up by itself, and what was there before can be put back",
    short: 60,
    run: |cases| replace(cases, migrated),
    ..RESTORE
};

const USER: &str = "alice@example.org";

/// What undoes the last step of the schema.
const OLDER: &str = "DROP INDEX app_password_suspended; DROP INDEX account_bound; PRAGMA user_version = 3;";

/// A site, the secrets of one that lives and of one that was revoked since the backup, and that backup.
struct Bed {
    site: Site,
    shim: Shim,
    live: String,
    revoked: String,
    backup: PathBuf,
}

impl Bed {
    fn new() -> Self {
        let site = Site::new(CHEAP_ARGON2);
        let shim = Shim::new(&site);
        let daemon = site.start();
        let [live, revoked] = ["live", "revoked"].map(|name| daemon.create(USER, name, &[]));
        let backup = daemon.back_up("b.db");
        daemon.revoke(revoked.app_password.id);
        let (_, site) = daemon.stop();
        let [live, revoked] = [live, revoked].map(|one| one.secret.expose().to_owned());
        Self { site, shim, live, revoked, backup }
    }

    /// Starts, looks, stops.
    fn holds(self, when: &str) -> Result<Self, String> {
        let Self { site, shim, live, revoked, backup } = self;
        let _ = fs::remove_file(site.path("log"));
        let daemon = start(site).map_err(|why| format!("{when}: {why}"))?;
        let socket = daemon.auth_socket();
        let found = [&live, &revoked].map(|secret| try_login(&socket, USER, secret));
        if found != [Verdict::Accepted, Verdict::Refused] {
            return Err(format!("{when}: {found:?}, {}", daemon.log()));
        }
        let (_, site) = daemon.stop();
        let left = ["apppw.db.copying", "apppw.db.copying-journal"];
        if let Some(name) = left.into_iter().find(|name| site.path("state").join(name).exists()) {
            return Err(format!("{when}: {name} is left"));
        }
        Ok(Self { site, shim, live, revoked, backup })
    }
}

fn start(site: Site) -> Result<Apppwd, String> {
    let started = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| site.start()));
    started.map_err(|panic| {
        panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it doesn't start".to_owned())
    })
}

fn replace(cases: &Cases, one: fn(Bed, u64, &mut Outcome) -> Result<Bed, String>) -> Outcome {
    let mut bed = None;
    Outcome::of_each(cases, |case, outcome| {
        let own = bed.take().unwrap_or_else(Bed::new);
        match one(own, case, outcome) {
            Ok(own) => bed = Some(own),
            Err(why) => outcome.find(case, why),
        }
    })
}

/// Each change, in three ways.
fn plan(case: u64, of: u64) -> Plan {
    let act = [Act::KillBefore, Act::KillAfter, Act::KillShort(100)][usize::try_from(case % 3).unwrap_or(0)];
    // A few cases are spread over all of them.
    Plan::at_change(1 + case * 7 % of, act)
}

fn restored(bed: Bed, case: u64, outcome: &mut Outcome) -> Result<Bed, String> {
    bed.shim.arm(plan(case, 25));
    put_back(&bed, true);
    outcome.count("killed", bed.shim.struck());
    bed.shim.disarm();
    let bed = bed.holds("after the kill")?;
    put_back(&bed, false);
    let bed = bed.holds("after another try")?;
    clear(&bed.site);
    Ok(bed)
}

fn put_back(bed: &Bed, through_shim: bool) {
    let mut command = bed.site.command();
    command.arg("--restore").stdin(Stdio::from(File::open(&bed.backup).expect("the backup")));
    command.stderr(Stdio::null());
    let mut command = if through_shim { bed.shim.drive(command) } else { command };
    let status = command.status().expect("apppwd runs");
    assert!(through_shim || status.success(), "{status}");
}

/// Each kept one is another file.
fn clear(site: &Site) {
    for entry in fs::read_dir(site.path("state")).expect("a folder").flatten() {
        if entry.file_name().to_string_lossy().contains(".before-restore-") {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn migrated(bed: Bed, case: u64, outcome: &mut Outcome) -> Result<Bed, String> {
    let database = bed.site.path("state/apppw.db");
    let kept = bed.site.path("state/apppw.db.before-schema-4");
    let _ = fs::remove_file(&kept);
    sql(&database, OLDER);
    bed.shim.arm(plan(case, 60));
    let mut command = bed.shim.drive(bed.site.command());
    command.stderr(Stdio::null());
    let mut child = command.spawn().expect("apppwd runs");
    while child.try_wait().expect("a child").is_none() && !bed.site.admin_socket().exists() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    let _ = fs::remove_file(bed.site.admin_socket());
    let _ = fs::remove_file(bed.site.auth_socket());
    outcome.count("killed", bed.shim.struck());
    bed.shim.disarm();
    let bed = bed.holds("after the kill")?;
    if version(&kept) != "3" {
        return Err(format!("what was kept has schema {:?}", version(&kept)));
    }
    bed.site.restore(&kept);
    clear(&bed.site);
    bed.holds("with what was kept")
}

fn sql(database: &Path, statement: &str) -> String {
    let done = Command::new("sqlite3").arg(database).arg(statement).output().expect("sqlite3 runs");
    assert!(done.status.success(), "{statement}: {done:?}");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn version(database: &Path) -> String {
    if database.exists() { sql(database, "PRAGMA user_version") } else { "none".to_owned() }
}
