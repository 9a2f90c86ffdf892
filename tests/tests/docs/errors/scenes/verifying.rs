//! `verify`.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, create, start};

pub fn play(page: &mut Page) {
    page.title("Verifying a secret", "What a login would come to is no error: `verify` says it on standard output, and ends with 1 if it isn't accepted.");
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let long = "x".repeat(256);
    for (args, shown, what) in [
        (&["verify"][..], "verify < secret.txt", "Root names nobody."),
        (
            &["verify", "alice", "--rhost", "mail.example.org"],
            "verify alice --rhost mail.example.org < secret.txt",
            "A name in place of an address.",
        ),
        (&["verify", "alice", "--rhost", ""], "verify alice --rhost '' < secret.txt", "An empty address."),
        (
            &["verify", "alice", "--service", &long],
            "verify alice --service xxxxxx... < secret.txt",
            "A service that is too long.",
        ),
    ] {
        let how = How { stdin: b"0000-0000-0000-0000\n", ..How::default() };
        page.fails_as_shown(&Desk::at(&daemon).with(how), Who::Root, args, shown, what);
    }
}
