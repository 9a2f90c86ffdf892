//! A command line that can't be understood: nobody is asked.

use super::super::page::{Desk, Page};
use crate::host::{How, Who};
use std::path::Path;

pub fn play(page: &mut Page) {
    page.title("Typing a command", "Found before anybody is asked: nothing has changed.");
    let place = tempfile::tempdir().expect("a folder");
    let desk = Desk::without_daemon(place.path());
    let table: &[(&[&str], &str)] = &[
        (&[], "No command."),
        (&["crate", "alice", "laptop"], "A command that there isn't."),
        (&["list", "--unsued", "90d"], "An option that there isn't."),
        (&["create"], "A name is missing."),
        (&["show"], "An id is missing."),
        (&["show", "laptop"], "A name where an id belongs."),
        (&["revoke"], "Nothing says which ones."),
        (&["revoke", "ap-7k3m9qxe", "--all"], "Ids and a selection."),
        (&["revoke", "--user", "alice", "--all", "--unused", "90d"], "All, and a selection."),
        (&["revoke", "--unused", "180d"], "A selection, where nobody can be asked."),
        (&["revoke", "--created-before", "31.1.2027"], "A day that is none."),
        (&["revoke", "--created-before", "9999-12-31", "--yes"], "A day that no calendar reaches."),
        (&["list", "--unused", "90"], "A span without its unit."),
        (&["create", "alice", "laptop", "--expires", "tomorrow"], "An end that can't be read."),
        (&["create", "alice", "laptop", "--expires", "2027-02-30"], "A day that there isn't."),
        (&["create", "alice", "laptop", "--expires", "9999-12-31"], "An end that no calendar reaches."),
        (&["create", "alice", "laptop", "--pin", "host"], "A word that an option doesn't know."),
        (&["events", "--kind", "revoked"], "A kind of event that there isn't."),
        (&["events", "--since", "yesterday"], "A beginning that can't be read."),
        (&["events", "--since", "9999-12-31"], "A beginning that no calendar reaches."),
        (&["events", "--since", "2027-02-01", "--until", "2027-01-01"], "An end before the beginning."),
        (&["events", "--last", "0"], "A number out of range."),
        (&["events", "ap-7k3m9qxe"], "An id where a user belongs."),
        (&["events", "--by", "nosuchuser"], "A Unix user that this host hasn't."),
        (&["user"], "Neither user nor action."),
        (&["user", "alice"], "No action."),
        (&["user", "alice", "look"], "An action that there isn't."),
        (&["user", "alice", "rename"], "No new name."),
        (&["user", "alice", "lock", "now"], "A word too many."),
        (&["user", "alice", "delete"], "What can't be taken back, where nobody can be asked."),
        (&["user", "alice", "unlock", "--kick"], "`--kick` where no session is ended."),
        (&["verify", "alice", "0000-0000-0000-0000"], "A secret on the command line."),
        (&["panic", "stop"], "Neither on nor off."),
    ];
    for (args, what) in table {
        page.fails(&desk, Who::Root, args, what);
    }
    let many: Vec<String> = (0..1001_u32).map(|n| format!("ap-{n:08}")).collect();
    let many: Vec<&str> = ["suspend"].into_iter().chain(many.iter().map(String::as_str)).collect();
    page.fails_as_shown(
        &desk,
        Who::Root,
        &many,
        "suspend ap-00000000 ap-00000001 ap-00000002 ...",
        "Too many ids at once.",
    );
    page.fails(&desk, Who::Adele, &["revoke", "ap-7k3m9qxe", "--kick"], "`--kick` without root.");
    page.says(&desk, Who::Root, &["list", "--csv", "--json"], "Two formats; it is told as JSON.");
    play_secrets(page, place.path());
}

fn play_secrets(page: &mut Page, place: &Path) {
    let desk = || Desk::without_daemon(place);
    let long = vec![b'x'; 5000];
    for (stdin, shown, what) in [
        (&b""[..], "verify alice < /dev/null", "No secret."),
        (b"\xff\xfe\n", "verify alice < photo.jpg", "A secret that is no text."),
        (&long, "verify alice < large.txt", "A secret that is too long."),
    ] {
        let how = How { stdin, ..How::default() };
        page.fails_as_shown(&desk().with(how), Who::Root, &["verify", "alice"], shown, what);
    }
    let how = How { stdin_from: Some(Path::new("/")), ..How::default() };
    page.fails_as_shown(
        &desk().with(how),
        Who::Root,
        &["verify", "alice"],
        "verify alice < /",
        "A folder in place of the secret.",
    );
}
