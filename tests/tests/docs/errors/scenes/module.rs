//! What the PAM module says to syslog.

use super::super::login::Try;
use super::super::page::Page;
use crate::host::{create, start};
use apppw_proto::frame::{Detail, Verdict};
use apppw_tests::fakes::{Act, Fake};
use apppw_tests::identity::Identity;
use std::os::unix::net::UnixListener;
use std::path::Path;

pub fn play(page: &mut Page) {
    page.title(
        "What the PAM module says in syslog",
        "With its priority before it; in syslog stands the name of the module and the service, too. What the login comes to \
         is in docs/operations.md.",
    );
    let place = tempfile::tempdir().expect("a folder");
    let path = place.path();
    let at = |socket: &Path, more: &str| format!("socket={} {more}", socket.display());
    let socket = path.join("run/auth.sock");
    let mut say = |line: &str, what: &str| page.module(path, &Try { line, ..Try::default() }, what);
    say("socket=run/auth.sock", "An argument with a value that can't be used.");
    say("timeout=30s", "The same.");
    say("server_uid=apppwd", "The same.");
    say(&at(&socket, ""), "apppwd was never started.");
    std::fs::create_dir(path.join("run")).expect("a folder");
    drop(UnixListener::bind(&socket).expect("a socket"));
    say(&at(&socket, ""), "Nobody listens any more.");
    let daemon = start("");
    create(&daemon, "alice", "phone", &[]);
    let real = at(&daemon.auth_socket(), "");
    let place = daemon.path("");
    let mut say = |attempt: Try<'_>, what: &str| page.module(&place, &attempt, what);
    let line = at(&daemon.auth_socket(), "timeuot=2s");
    say(
        Try { line: &line, ..Try::default() },
        "An argument that there isn't: the login is judged all the same.",
    );
    let line = at(&daemon.auth_socket(), "server_uid=990");
    say(Try { line: &line, ..Try::default() }, "Another user's process listens there than is trusted.");
    say(Try { line: &real, user: b"al\x07ice", ..Try::default() }, "A user name with a control character.");
    say(Try { line: &real, user: b"al\xffice", ..Try::default() }, "A user name that is no UTF-8.");
    say(Try { line: &real, user: &[b'a'; 256], ..Try::default() }, "A user name that is too long.");
    say(Try { line: &real, password: None, ..Try::default() }, "The application gives no password.");
    let real = format!("{real} debug");
    say(Try { line: &real, ..Try::default() }, "With `debug`: what was asked, and what came of it.");
    let secret = Try { line: "socket=/run/none.sock", user: b"0000-0000-0000-0000", ..Try::default() };
    say(secret, "Somebody has typed the app password in place of the user name.");
    let stranger = Some(Identity::new(33));
    say(
        Try { line: &real, stranger, ..Try::default() },
        "The mail server's user isn't in the group `apppw-auth`.",
    );
    fakes(page);
}

/// Daemons that aren't apppwd, or are not well.
fn fakes(page: &mut Page) {
    for (acts, account, what) in [
        (vec![Act::CloseAfterRequest], false, "apppwd was killed in the middle of it."),
        (vec![Act::Silent], false, "apppwd hangs."),
        (vec![Act::Unavailable(Detail::INTERNAL)], false, "apppwd has a fault of its own."),
        (
            vec![Act::Unavailable(Detail::PEER)],
            false,
            "`[peers]` doesn't give this service to the mail server's user.",
        ),
        (vec![Act::Unavailable(Detail::MALFORMED)], false, "apppwd doesn't understand the module."),
        (vec![Act::Bytes(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())], false, "Another program listens there."),
        (vec![Act::SpeaksOnly(9)], false, "apppwd is newer than the module in this long-lived process."),
        (vec![Act::Unavailable(Detail::OVERLOADED)], false, "apppwd has too much to do."),
        (vec![Act::Unavailable(Detail::DEADLINE)], false, "apppwd was too slow."),
        (vec![Act::Unavailable(Detail::STORE)], false, "apppwd can't read its database."),
        (
            vec![Act::Verdict(Verdict::NotMine), Act::CloseAfterRequest],
            true,
            "The use of a primary password can't be reported.",
        ),
    ] {
        let fake = Fake::start(acts);
        let line = format!("socket={} timeout=300ms", fake.path().display());
        let password = if account { "primary password" } else { "0000-0000-0000-0000" };
        let attempt = Try { line: &line, account, password: Some(password), ..Try::default() };
        page.module_at(fake.path(), &attempt, what);
    }
    let fake = Fake::start([Act::Verdict(Verdict::Accepted)]);
    let line = format!("socket={} timeout=300ms", fake.path().display());
    let attempt = Try { line: &line, password: Some("primary password"), ..Try::default() };
    page.module_at(
        fake.path(),
        &attempt,
        "What answers isn't apppwd: it accepts a login that has shown nothing.",
    );
}
