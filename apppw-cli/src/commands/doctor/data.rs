//! Key, database and clock.

use super::line::Line;
use crate::hosts::apppwd;
use crate::output::number::thousands;
use apppw_admin::verbs::Checkup;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How old the last backup may be, in seconds: a week.
const OLDEST_BACKUP: i64 = 7 * 86_400;

/// How far the daemon's clock may be from ours, in seconds: what the question takes.
const CLOCKS_MAY_DIFFER: i64 = 5;

/// A time at which this was written: no clock that is right shows an earlier one.
const BEFORE_US: i64 = 1_750_000_000;

/// A file or folder that only the daemon may read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub path: PathBuf,
    pub found: Found,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Missing,
    Unseen(String),
    There { uid: u32, mode: u32 },
}

/// What the files show, beside what the daemon says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub state_dir: Kept,
    pub database: Kept,
    pub key_dir: Kept,
    pub key: Kept,
    /// Whether the folders are those of apppwd.toml: else they are only what the daemon says.
    pub are_configured: bool,
    /// The folders with all links followed, where they can be.
    pub real: Option<(PathBuf, PathBuf)>,
    pub now: i64,
}

/// Looks at them.
pub fn gather(checkup: &Checkup, now: i64) -> Facts {
    let (state_dir, key_dir) = (Path::new(&checkup.state_dir), Path::new(&checkup.key_dir));
    let text = std::fs::read_to_string(apppwd::PATH).unwrap_or_default();
    let configured = apppwd::Config::parse(&text).map(|config| config.folders());
    let real = state_dir.canonicalize().ok().zip(key_dir.canonicalize().ok());
    Facts {
        state_dir: kept(state_dir.to_owned()),
        database: kept(state_dir.join("apppw.db")),
        key_dir: kept(key_dir.to_owned()),
        key: kept(key_dir.join("server.key")),
        are_configured: configured.is_ok_and(|configured| configured == (state_dir.into(), key_dir.into())),
        real,
        now,
    }
}

fn kept(path: PathBuf) -> Kept {
    let found = match std::fs::metadata(&path) {
        Ok(found) => Found::There { uid: found.uid(), mode: found.mode() & 0o7777 },
        Err(e) if e.kind() == ErrorKind::NotFound => Found::Missing,
        Err(e) => Found::Unseen(e.to_string()),
    };
    Kept { path, found }
}

/// What is to be said of all three.
pub fn judge(checkup: &Checkup, facts: &Facts) -> Vec<Line> {
    [key(checkup, facts), database(checkup, facts), clock(checkup, facts)].concat()
}

fn key(checkup: &Checkup, facts: &Facts) -> Vec<Line> {
    let mut lines = Vec::new();
    let credential = checkup.key.credential;
    if !credential {
        lines.extend(missing(
            &facts.key,
            "key-missing",
            "put server.key back from its backup before apppwd is started again",
        ));
    }
    for kept in [&facts.key_dir, &facts.key] {
        lines.extend(open_to_others(kept, facts, checkup.uid, "key-mode"));
    }
    if let Some((state, key)) = &facts.real
        && (state.starts_with(key) || key.starts_with(state))
    {
        let what = format!(
            "{} and {} are not apart: a backup of one has the other in it",
            state.display(),
            key.display()
        );
        lines.push(Line::fault(
            "key-apart",
            what,
            "give key_dir a place of its own in apppwd.toml, and move the files there",
        ));
    }
    if let Some(why) = &checkup.key.not_locked {
        let what = format!("the server key may reach the swap space: {why}");
        lines.push(Line::warning("key-memory", what, "LimitMEMLOCK=1M in the unit, as packaged"));
    }
    if !lines.is_empty() {
        return lines;
    }
    if matches!(facts.key.found, Found::Unseen(_)) && !credential {
        return vec![Line::unseen("key", format!("{} can't be looked at", facts.key.path.display()))];
    }
    let whence =
        if credential { "a systemd credential".to_owned() } else { facts.key.path.display().to_string() };
    let more = match checkup.key.active {
        1 => String::new(),
        active => format!(", {active} active"),
    };
    vec![Line::ok("key", format!("{whence}: key {}{more}, the daemon's alone", checkup.key.newest))]
}

fn database(checkup: &Checkup, facts: &Facts) -> Vec<Line> {
    let database = &checkup.database;
    let path = facts.database.path.display();
    let mut lines = Vec::new();
    if let Some(damage) = &database.damage {
        lines.push(Line::fault(
            "database-damage",
            format!("{path} is damaged: {damage}"),
            "stop apppwd, keep the file, and put back the last backup (docs/operations.md); then look at the disk",
        ));
    }
    lines.extend(missing(
        &facts.database,
        "database-missing",
        "don't stop apppwd: apppw backup FILE first, while it has it open",
    ));
    for kept in [&facts.state_dir, &facts.database] {
        lines.extend(open_to_others(kept, facts, checkup.uid, "database-mode"));
    }
    if checkup.errors > 0 {
        let what = format!(
            "{} reads or writes of the database failed since apppwd was started",
            thousands(checkup.errors)
        );
        lines.push(Line::warning(
            "database-errors",
            what,
            "journalctl -u apppwd says which; look at the disk (dmesg, df)",
        ));
    }
    match database.last_backup.map(|at| facts.now.saturating_sub(at)) {
        None => lines.push(Line::warning(
            "backup",
            "no backup of the database was ever made with `apppw backup`",
            "apppw backup FILE, each night by a timer; the key apart from it (docs/operations.md)",
        )),
        Some(age) if age > OLDEST_BACKUP => lines.push(Line::warning(
            "backup",
            format!("the last backup of the database is {} days old", age / 86_400),
            "apppw backup FILE; see why the timer doesn't (systemctl list-timers)",
        )),
        Some(_) => {}
    }
    if lines.is_empty() {
        let kib = thousands(database.bytes / 1024);
        let what = format!(
            "{path}: sound, {kib} KiB, schema {}, generation {:x}",
            database.schema, database.generation
        );
        lines.push(Line::ok("database", what));
    }
    lines
}

fn missing(kept: &Kept, id: &'static str, remedy: &str) -> Option<Line> {
    (kept.found == Found::Missing).then(|| {
        Line::fault(id, format!("{} is gone: the next start of apppwd fails", kept.path.display()), remedy)
    })
}

/// A command as root on a path that the daemon has named, which somebody might have taken over.
fn as_root(command: &str, path: &Path, are_configured: bool) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    if are_configured && is_plain {
        return format!("{command} {text}");
    }
    format!("look first: apppwd names that folder, and {} doesn't (systemctl cat apppwd)", apppwd::PATH)
}

fn open_to_others(kept: &Kept, facts: &Facts, daemon: u32, id: &'static str) -> Option<Line> {
    let Found::There { uid, mode } = kept.found else { return None };
    let path = kept.path.display();
    let remedy = |command: &str| as_root(command, &kept.path, facts.are_configured);
    if uid != daemon {
        let what = format!("{path} belongs to uid {uid}, and apppwd runs as {daemon}: the next start fails");
        return Some(Line::fault(id, what, remedy(&format!("chown {daemon}"))));
    }
    (mode & 0o077 != 0).then(|| {
        let what = format!(
            "{path} has the mode {mode:04o}: others than apppwd can look into it, and the next start fails"
        );
        Line::fault(id, what, remedy("chmod go="))
    })
}

fn clock(checkup: &Checkup, facts: &Facts) -> Vec<Line> {
    let apart = facts.now.saturating_sub(checkup.now);
    let mut lines = Vec::new();
    if facts.now < BEFORE_US {
        let what = "the clock is years behind: app passwords that have an end don't end";
        lines.push(Line::fault("clock", what, "set it (timedatectl set-ntp true)"));
    }
    if apart.abs() > CLOCKS_MAY_DIFFER {
        let what = format!("apppwd's clock is {} s from this command's", apart.abs());
        lines.push(Line::warning(
            "clock-apart",
            what,
            "the same clock for both: is apppwd in a container, or was the clock set just now?",
        ));
    }
    if checkup.clock_doubted {
        let what = "the clock has jumped within the last day: what it made expired is refused, but not noted for good";
        lines.push(Line::warning(
            "clock-jumped",
            what,
            "see that time is synchronised (timedatectl); this line goes after a day",
        ));
    }
    if lines.is_empty() {
        lines.push(Line::ok("clock", "apppwd's clock has not jumped, and is this host's"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::daemon::tests::sound;
    use crate::commands::doctor::line::State;
    use apppw_admin::verbs::{DatabaseCheckup, KeyCheckup};

    fn facts() -> Facts {
        let kept = |path: &str, mode| Kept { path: path.into(), found: Found::There { uid: 990, mode } };
        Facts {
            state_dir: kept("/s", 0o700),
            database: kept("/s/apppw.db", 0o600),
            key_dir: kept("/k", 0o700),
            key: kept("/k/server.key", 0o600),
            are_configured: true,
            real: Some(("/s".into(), "/k".into())),
            now: 1_800_000_000,
        }
    }

    fn said(checkup: &Checkup, facts: &Facts) -> Vec<(&'static str, State)> {
        judge(checkup, facts)
            .iter()
            .map(|line| (line.id, line.state))
            .filter(|(_, state)| *state != State::Ok)
            .collect()
    }

    #[test]
    fn a_sound_host() {
        let lines = judge(&sound(), &facts());
        assert_eq!(lines.iter().map(|line| line.id).collect::<Vec<_>>(), ["key", "database", "clock"]);
        assert!(lines.iter().all(|line| line.state == State::Ok), "{lines:?}");
    }

    #[test]
    fn files_that_are_gone_or_open() {
        let gone = |kept: &Kept| Kept { found: Found::Missing, ..kept.clone() };
        let mode = |kept: &Kept, uid, mode| Kept { found: Found::There { uid, mode }, ..kept.clone() };
        for (facts, id) in [
            (Facts { key: gone(&facts().key), ..facts() }, "key-missing"),
            (Facts { key: mode(&facts().key, 990, 0o640), ..facts() }, "key-mode"),
            (Facts { key_dir: mode(&facts().key_dir, 990, 0o750), ..facts() }, "key-mode"),
            (Facts { key: mode(&facts().key, 0, 0o600), ..facts() }, "key-mode"),
            (Facts { real: Some(("/s".into(), "/s/key".into())), ..facts() }, "key-apart"),
            (Facts { real: Some(("/s".into(), "/s".into())), ..facts() }, "key-apart"),
            (Facts { database: gone(&facts().database), ..facts() }, "database-missing"),
            (Facts { database: mode(&facts().database, 990, 0o604), ..facts() }, "database-mode"),
            (Facts { state_dir: mode(&facts().state_dir, 0, 0o700), ..facts() }, "database-mode"),
        ] {
            assert_eq!(said(&sound(), &facts), [(id, State::Fault)], "{facts:?}");
        }
        let credential = Checkup { key: KeyCheckup { credential: true, ..sound().key }, ..sound() };
        assert_eq!(said(&credential, &Facts { key: gone(&facts().key), ..facts() }), []);
    }

    #[test]
    fn what_the_daemon_says() {
        let database = |database| Checkup { database, ..sound() };
        let was = || sound().database;
        for (checkup, id, state) in [
            (
                database(DatabaseCheckup { damage: Some("page 3".into()), ..was() }),
                "database-damage",
                State::Fault,
            ),
            (database(DatabaseCheckup { last_backup: None, ..was() }), "backup", State::Warning),
            (
                database(DatabaseCheckup { last_backup: Some(1_799_000_000), ..was() }),
                "backup",
                State::Warning,
            ),
            (Checkup { errors: 3, ..sound() }, "database-errors", State::Warning),
            (Checkup { now: 1_799_999_900, ..sound() }, "clock-apart", State::Warning),
            (Checkup { clock_doubted: true, ..sound() }, "clock-jumped", State::Warning),
            (
                Checkup { key: KeyCheckup { not_locked: Some("EPERM".into()), ..sound().key }, ..sound() },
                "key-memory",
                State::Warning,
            ),
        ] {
            assert_eq!(said(&checkup, &facts()), [(id, state)]);
        }
        let early = Facts { now: 1_000, ..facts() };
        let checkup = Checkup { now: 1_000, ..sound() };
        assert_eq!(said(&checkup, &early), [("clock", State::Fault)]);
    }

    #[test]
    fn what_cannot_be_seen_is_said() {
        let unseen = |kept: &Kept| Kept { found: Found::Unseen("EACCES".into()), ..kept.clone() };
        let facts = Facts { key: unseen(&facts().key), database: unseen(&facts().database), ..facts() };
        assert_eq!(said(&sound(), &facts), [("key", State::Warning)]);
    }

    #[test]
    fn root_is_told_to_change_nothing_that_only_the_daemon_names() {
        for (path, are_configured, told) in [
            ("/var/lib/apppwd", true, "chown 990 /var/lib/apppwd"),
            ("/etc", false, "look first: apppwd names that folder"),
            ("/s/a;touch$IFS${HOME}x;#", true, "look first: apppwd names that folder"),
        ] {
            let remedy = as_root("chown 990", Path::new(path), are_configured);
            assert!(remedy.starts_with(told), "{remedy}");
            assert_eq!(remedy.contains("chown"), remedy == told, "{remedy}");
            assert!(!remedy.contains("touch"), "{remedy}");
        }
    }
}
