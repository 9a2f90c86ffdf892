//! Backups, and what is no backup.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, create, done, restart, start, start_on_small_disk};
use apppw_tests::apppwd::{Apppwd, Site, copy};
use std::fs;
use std::path::Path;
use std::process::Command;

pub fn play(page: &mut Page) {
    page.title(
        "Backups",
        "A backup that isn't whole has no name; one that can't become the database leaves the present one alone.",
    );
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    backup(page, &daemon);
    let (_, site) = daemon.stop();
    restore(page, &site);
    let site = put_back(page, site);
    migrate(page, &site);
    full(page);
}

fn path(site: &Site, name: &str) -> String {
    site.path(name).display().to_string()
}

fn backup(page: &mut Page, daemon: &Apppwd) {
    let desk = Desk::at(daemon);
    let file = path(daemon, "apppw.db");
    done(daemon, &["backup", &file]);
    page.fails(&desk, Who::Root, &["backup", &file], "The file is there already.");
    let nowhere = path(daemon, "nowhere/apppw.db");
    page.fails(&desk, Who::Root, &["backup", &nowhere], "The folder is not there.");
    let full = How { stdout_to: Some(Path::new("/dev/full")), ..How::default() };
    page.fails(
        &Desk::at(daemon).with(full),
        Who::Root,
        &["backup", "-"],
        "Standard output can't be written.",
    );
    for (line, what) in
        [("backup -", "Standard output is a terminal."), ("restore -", "Standard input is one.")]
    {
        page.on_a_terminal(&desk, line, line, "usage", what);
    }
    page.fails(&desk, Who::Alice, &["backup", "-"], "A user asks for it.");
    page.asks(
        daemon,
        Who::Root,
        "{\"v\":1,\"id\":7,\"verb\":\"backup.kept\",\"args\":{\"sha256\":\"00\"}}\n",
        "A backup that this apppwd hasn't handed out.",
    );
    let config = daemon.config_path().display().to_string();
    page.fails(&desk, Who::Root, &["restore", "--yes", "--config", &config, &file], "The daemon still runs.");
    page.fails(&desk, Who::Root, &["restore", &file], "In a script, without `--yes`.");
}

fn restore(page: &mut Page, site: &Site) {
    let desk = Desk::without_daemon(&site.path(""));
    let config = site.config_path().display().to_string();
    let mut fails = |name: &str, what: &str| {
        let file = path(site, name);
        page.fails(&desk, Who::Root, &["restore", "--yes", "--config", &config, &file], what);
    };
    fails("missing.db", "The file is not there.");
    fs::write(site.path("text.db"), "This is not a backup, only some text.").expect("a file");
    fails("text.db", "It is something else.");
    for (name, statement, what) in [
        ("newer.db", "PRAGMA user_version = 999", "It is a newer apppwd's."),
        ("changed.db", "CREATE TABLE guest (id INTEGER)", "Somebody has changed it."),
        (
            "other.db",
            "UPDATE meta SET value = x'00' WHERE key = 'key.1'",
            "It was made with another server key.",
        ),
    ] {
        copy(&site.path("apppw.db"), &site.path(name));
        sql(&site.path(name), statement);
        fails(name, what);
    }
    let all = fs::read(site.path("apppw.db")).expect("a backup");
    fs::write(site.path("half.db"), &all[..all.len() / 2]).expect("a file");
    fails("half.db", "It is damaged.");
    let asked = format!("restore --config '{config}' '{}'", path(site, "apppw.db"));
    page.on_a_terminal(&desk, &asked, "restore /apppw.db", "declined", "The person at the terminal says no.");
}

/// The start behind it.
fn put_back(page: &mut Page, site: Site) -> Site {
    site.restore(&site.path("apppw.db"));
    let _ = fs::remove_file(site.path("log"));
    let daemon = restart(site);
    page.logs(&daemon, &["the database is a backup"], "The first start after a backup was put back.");
    daemon.stop().1
}

fn migrate(page: &mut Page, site: &Site) {
    let database = site.path("state/apppw.db");
    sql(&database, "DROP INDEX app_password_suspended; DROP INDEX account_bound; PRAGMA user_version = 3");
    fs::create_dir(site.path("state/apppw.db.before-schema-4")).expect("a folder in the way");
    page.starts(
        &site.path(""),
        &mut site.command(),
        "apppwd",
        "The database is of an older apppwd, and can't be copied before it is changed.",
    );
    fs::remove_dir(site.path("state/apppw.db.before-schema-4")).expect("it goes");
    fs::write(site.path("state/apppw.db.before-schema-5"), "").expect("a file");
    sql(&database, "PRAGMA user_version = 5");
    page.starts(
        &site.path(""),
        &mut site.command(),
        "apppwd",
        "The database is of a newer apppwd, which has kept what was before it.",
    );
}

fn full(page: &mut Page) {
    let daemon = start_on_small_disk("", "state");
    apppw_tests::among::fill_disk(&daemon, "state");
    let file = path(&daemon, "apppw.db");
    page.fails(
        &Desk::at(&daemon),
        Who::Root,
        &["backup", &file],
        "The daemon's disk has no room for its copy.",
    );
}

fn sql(database: &Path, statement: &str) {
    let status = Command::new("sqlite3").arg(database).arg(statement).status();
    assert!(status.expect("sqlite3 runs").success(), "{statement}");
}
