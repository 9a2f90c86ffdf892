//! `list`, `show`, `events`, `status`: what only looks.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, create, done, start};
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
    page.follows(daemon, "apppwd goes away while events are followed.");
}
