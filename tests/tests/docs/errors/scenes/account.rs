//! `apppw user`.

use super::super::page::{Desk, Page};
use crate::host::{Who, create, done, start};

pub fn play(page: &mut Page) {
    page.title("Changing accounts", "`apppw user`.");
    let daemon = start("[users]\nfold_case = true\n");
    let desk = Desk::at(&daemon);
    create(&daemon, "alice", "phone", &[]);
    create(&daemon, "carol@example.org", "phone", &[]);
    let table: &[(&[&str], &str)] = &[
        (&["user", "lock"], "No user."),
        (&["user", "dave@example.org", "show"], "An account that there isn't."),
        (&["user", "dave@example.org", "unlock"], "The same, to be unlocked."),
        (&["user", "dave@example.org", "rename", "d@example.org"], "The same, to be renamed."),
        (&["user", "dave@example.org", "delete", "--yes"], "The same, to be deleted."),
        (&["user", "dave example", "lock"], "A user with a space in it."),
        (&["user", "carol@example.org", "rename", "alice"], "A new name that is taken."),
        (&["user", "carol@example.org", "rename", "carol anne"], "A new name with a space in it."),
        (&["user", "carol@example.org", "rename", ""], "An empty new name."),
        (
            &["user", "carol@example.org", "rename", "0000-0000-0000-0000"],
            "A secret in place of the new name.",
        ),
        (&["user", "alice", "rename", "bob"], "A new name that is another person's."),
    ];
    for (args, what) in table {
        page.fails(&desk, Who::Root, args, what);
    }
    lost(page);
}

/// Accounts that only the journal knows: the database is an older one.
fn lost(page: &mut Page) {
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let (_, site) = daemon.stop();
    let backup = site.path("backup");
    apppw_tests::apppwd::copy(&site.path("state"), &backup);
    let daemon = crate::host::restart(site);
    create(&daemon, "bob", "phone", &[]);
    done(&daemon, &["user", "carol@example.org", "lock"]);
    create(&daemon, "dave@example.org", "phone", &[]);
    done(&daemon, &["user", "dave@example.org", "lock"]);
    let (_, site) = daemon.stop();
    std::fs::remove_dir_all(site.path("state")).expect("the database goes");
    std::fs::rename(backup, site.path("state")).expect("the backup comes");
    let daemon = crate::host::restart(site);
    let desk = Desk::at(&daemon);
    for (user, what) in [
        ("bob", "An account that is younger than the database that was put back: it was enrolled."),
        ("carol@example.org", "The same; it was locked."),
        ("dave@example.org", "The same; it was both."),
    ] {
        page.fails(&desk, Who::Root, &["user", user, "show"], what);
    }
}
