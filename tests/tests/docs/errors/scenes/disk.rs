//! A disk that is full or broken.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, apppw, create, done, doveadm, login, start_on_small_disk};
use apppw_tests::among::fill_disk;

pub fn play(page: &mut Page) {
    page.title(
        "On a full disk",
        "What gives access isn't done. What takes access away holds in memory at once, and says that it isn't written down. \
         Logins go on.",
    );
    let daemon = start_on_small_disk("", "state");
    let desk = Desk::at(&daemon);
    let (phone, secret) = create(&daemon, "alice", "phone", &[]);
    let (laptop, _) = create(&daemon, "alice", "laptop", &[]);
    let (old, dead) = create(&daemon, "alice", "old", &[]);
    done(&daemon, &["revoke", &old]);
    fill_disk(&daemon, "state");
    page.fails(&desk, Who::Root, &["create", "alice", "tablet"], "The database can't be written.");
    page.fails(&desk, Who::Root, &["revoke", &phone], "The same, where access is taken away.");
    let bin = doveadm(&daemon.path(""), ":");
    let how = How { path: Some(&bin), ..How::default() };
    page.fails(
        &Desk::at(&daemon).with(how),
        Who::Root,
        &["revoke", &laptop, "--kick"],
        "The same, and sessions were to be ended.",
    );
    page.logs(&daemon, &["in memory only", "app password"], "In the log:");
    page.fails(&desk, Who::Root, &["user", "bob", "lock"], "An account that is locked in memory only.");
    page.logs(&daemon, &["bob is locked in memory only"], "In the log:");
    page.fails(&desk, Who::Root, &["panic", "on"], "Panic, in memory only.");
    page.logs(&daemon, &["turned panic on, in memory only"], "In the log:");
    page.fails(
        &desk,
        Who::Root,
        &["user", "bob", "show"],
        "An account that was not known before, and is locked in memory.",
    );
    apppw(&daemon.admin_socket(), Who::Root, &["user", "alice", "lock"], &How::default());
    page.fails(
        &desk,
        Who::Root,
        &["user", "alice", "rename", "alicia"],
        "A new name for an account that is locked in memory.",
    );
    page.fails(&desk, Who::Root, &["rotate", &phone], "A new secret for one that is refused in memory.");
    login(&daemon, "alice", &dead, "imap", "192.0.2.7");
    login(&daemon, "alice", &secret, "imap", "192.0.2.7");
    page.logs(&daemon, &["could not write the last events"], "Events that wait.");
}
