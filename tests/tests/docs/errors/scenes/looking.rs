//! `list`, `show`, `events`, `status`: what only looks.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, alike_ids, create, done, login, start};
use apppw_tests::apppwd::Apppwd;
use std::path::Path;

pub fn play(page: &mut Page) {
    page.title("Looking", "`list`, `show`, `users`, `events`, `report`, `status`.");
    let daemon = start("");
    let desk = Desk::at(&daemon);
    create(&daemon, "alice", "phone", &[]);
    page.fails(&desk, Who::Root, &["show", "ap-7k3m9qxe"], "An id that there isn't.");
    page.fails(&desk, Who::Root, &["list", "al\u{200b}ice"], "A user with a character that can't be seen.");
    page.fails(
        &desk,
        Who::Root,
        &["list", "--all", "--unused", "90d"],
        "Two options that don't go together.",
    );
    let full = How { stdout_to: Some(Path::new("/dev/full")), ..How::default() };
    page.fails_as_shown(
        &Desk::at(&daemon).with(full),
        Who::Root,
        &["list"],
        "list > /dev/full",
        "The result can't be written.",
    );
    done(&daemon, &["panic", "on", "--group", "mail"]);
    page.says(&desk, Who::Root, &["list"], "Panic is on: whatever is listed is refused.");
    page.fails(&desk, Who::Root, &["show", "ap-7k"], "A beginning of an id that is too short.");
    page.fails(&desk, Who::Root, &["show", "7k3m"], "A beginning that no id has.");
    page.fails(&desk, Who::Root, &["help", "lsit"], "Help on a command that there isn't.");
    let (waited, _) = create(&daemon, "carol@example.org", "phone", &[]);
    let (refused, secret) = create(&daemon, "dave@example.org", "phone", &["--service", "smtp"]);
    page.fails(
        &desk,
        Who::Root,
        &["wait", &waited, "--for", "1s"],
        "A login that is waited for doesn't come.",
    );
    done(&daemon, &["panic", "off", "--group", "mail"]);
    std::thread::scope(|scope| {
        let logins = scope.spawn(|| {
            for _ in 0..12 {
                std::thread::sleep(std::time::Duration::from_millis(300));
                login(&daemon, "dave@example.org", &secret, "imap", "192.0.2.7");
            }
        });
        page.fails(&desk, Who::Root, &["wait", &refused, "--for", "1s"], "One comes that is refused.");
        drop(logins);
    });
    let daemon = alike(page, daemon);
    page.follows(daemon, "apppwd goes away while events are followed.");
}

/// Ids that begin alike.
fn alike(page: &mut Page, daemon: Apppwd) -> Apppwd {
    let daemon = alike_ids(daemon);
    let desk = Desk::at(&daemon);
    page.fails(&desk, Who::Root, &["show", "7k3"], "A beginning that two ids have.");
    page.fails(
        &desk,
        Who::Root,
        &["revoke", "7k3"],
        "A beginning where something is changed and nobody can be asked.",
    );
    daemon
}
