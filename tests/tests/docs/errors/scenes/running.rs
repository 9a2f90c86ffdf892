//! Lines of the log that somebody should act on, while the daemon runs.

use super::super::page::Page;
use crate::host::{Who, among_people, ask, create, done, fill_key_disk, login, site, start, start_by_clock};
use apppw_tests::among::{fill_disk, with_small_disk};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::Clock;
use apppw_tests::frames::Ask;
use apppw_tests::identity::Identity;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

pub fn play(page: &mut Page) {
    page.title(
        "What the log says while it runs",
        "Verdicts aside (docs/operations.md has their words), and what was simply done. Here as on standard error; in the \
         journal the level is the line's priority.",
    );
    let (daemon, clock) = start_by_clock(
        "[policy]\nself_service = \"create\"\n[policy.user.\"tick@example.org\"]\nsuspend_unused = \"4s\"\n[peers.exim]\nservices = [\"exim\"]\n",
    );
    create(&daemon, "alice", "phone", &[]);
    clock.go(400 * 86_400);
    page.logs(&daemon, &["the clock jumped"], "The clock was set.");
    done(&daemon, &["panic", "on", "--group", "mail"]);
    page.logs(&daemon, &["turned panic on"], "Panic is turned on.");
    done(&daemon, &["panic", "off", "--group", "mail"]);
    page.logs(&daemon, &["panic was on"], "And off: nobody could use what he has.");
    create(&daemon, "carol@example.org", "phone", &[]);
    done(&daemon, &["user", "carol@example.org", "lockdown", "--yes"]);
    page.logs(&daemon, &["locked carol@example.org down"], "An account is locked down.");
    crate::host::apppw(&daemon.admin_socket(), Who::Bob, &["show", "ap-7k3m9qxe"], &Default::default());
    crate::host::apppw(&daemon.admin_socket(), Who::Bob, &["list", "alice"], &Default::default());
    page.logs(&daemon, &["denied to"], "Somebody was refused a command.");
    let gid = daemon.auth_socket().metadata().expect("the socket").gid();
    let exim = Identity { groups: vec![gid], ..Identity::new(450) };
    exim.act(|| {
        (0..40).for_each(|_| {
            ask("alice", "0000000000000000", "imap", "").send(&daemon.auth_socket());
        })
    });
    page.logs(&daemon, &["peer-not-allowed"], "A program asks for a service that `[peers]` doesn't give it.");
    nonsense(page, &daemon, gid);
    flood(page, &daemon, &exim);
    full(page);
    files(page);
}

/// Frames that are none; of each uid one is told.
fn nonsense(page: &mut Page, daemon: &Apppwd, gid: u32) {
    let good = Ask::default().bytes();
    let changed = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let table = [
        (b"GET / HTTP/1.1\r\n\r\n".to_vec(), "A program speaks nonsense: no frame,"),
        (changed(4, 9), "a version that there isn't,"),
        (Ask { kind: 9, ..Ask::default() }.bytes(), "a kind of request that there isn't,"),
        (Ask { flags: 0x80, ..Ask::default() }.bytes(), "flags that there aren't,"),
        (changed(12, 0xff), "more than there can be,"),
        ([good.clone(), b"x".to_vec()].concat(), "more than was announced,"),
        (changed(13, 20), "less than there must be,"),
        (Ask { kind: 2, ..Ask::default() }.bytes(), "a secret where none belongs,"),
        (Ask { user: b"al\xffice", ..Ask::default() }.bytes(), "a name that is no text."),
    ];
    for (uid, (bytes, what)) in (451..).zip(table) {
        let peer = Identity { groups: vec![gid], ..Identity::new(uid) };
        let before = daemon.log().len();
        peer.act(|| apppw_tests::frames::exchange(&daemon.auth_socket(), &bytes));
        daemon.wait_for_line(&["can't be read", &format!("uid {uid} ")]);
        page.line_of(&daemon.path(""), &daemon.log()[before..], "can't be read", what);
    }
}

/// Connections that are kept open.
fn flood(page: &mut Page, daemon: &Apppwd, exim: &Identity) {
    let socket = daemon.auth_socket();
    exim.act(|| {
        let open: Vec<_> =
            (0..400).filter_map(|_| std::os::unix::net::UnixStream::connect(&socket).ok()).collect();
        page.logs(
            daemon,
            &["too many connections on auth.sock"],
            "A program keeps more connections than one may.",
        );
        drop(open);
    });
}

/// Disks without room.
fn full(page: &mut Page) {
    let place = site("[limits]\nsuspend_unused = \"30s\"\n");
    let clock = Clock::new(&place);
    let command = clock.drive(with_small_disk(&place, "state", &among_people(&place)));
    let daemon = place.start_by(command);
    let (_, secret) = create(&daemon, "alice", "phone", &["--expires", "20s"]);
    let (_, tablet) = create(&daemon, "alice", "tablet", &[]);
    fill_disk(&daemon, "state");
    clock.go(40);
    for (words, what) in [
        (
            &["could not note how far"][..],
            "The database can't be written: what was looked at can't be noted.",
        ),
        (&["it will be tried again"], "The same: an end can't be noted."),
        (&["was to be"], "The same: an unused app password stays."),
    ] {
        page.logs(&daemon, words, what);
    }
    login(&daemon, "alice", &secret, "imap", "192.0.2.8");
    login(&daemon, "alice", &tablet, "imap", "192.0.2.8");
    page.logs(
        &daemon,
        &["uses could not be written"],
        "The same: uses wait, and more of them than can be kept may be lost.",
    );
    let (_, place) = daemon.stop();
    let log = std::fs::read_to_string(place.path("log")).expect("the log");
    page.line_of(&place.path(""), &log, "could not write the last uses", "At a stop: uses are lost.");
    page.line_of(
        &place.path(""),
        &log,
        "could not note what has expired: the",
        "At a stop: an end isn't noted.",
    );
    page.line_of(&place.path(""), &log, "the last events are lost", "At a stop: events are lost.");
    let place = site("[policy]\nprimary = \"refuse-enrolled\"\n");
    let command = with_small_disk(&place, "key", &among_people(&place));
    let daemon = place.start_by(command);
    let (phone, _) = create(&daemon, "alice", "phone", &[]);
    fill_key_disk(&daemon);
    let desk = super::super::page::Desk::at(&daemon);
    page.title("On a full disk of the key", "The journal can't be written, and the database can.");
    page.fails(&desk, Who::Root, &["revoke", &phone], "Access is taken away.");
    page.logs(&daemon, &["changed, but"], "In the log:");
    page.fails(
        &desk,
        Who::Root,
        &["create", "bob", "phone"],
        "A first app password: its enrolment can't be written down.",
    );
    page.logs(&daemon, &["nothing has changed"], "In the log:");
}

/// A database that somebody damages, while it runs.
fn files(page: &mut Page) {
    let daemon = start("");
    let (_, secret) = create(&daemon, "alice", "phone", &[]);
    let locked = Command::new("sqlite3")
        .arg(daemon.path("state/apppw.db"))
        .arg("DROP TABLE app_password; DROP TABLE account")
        .status();
    assert!(locked.expect("sqlite3 runs").success());
    login(&daemon, "alice", &secret, "imap", "192.0.2.7");
    page.logs(&daemon, &["can't judge a login"], "Somebody has damaged the database while apppwd runs.");
    Ask { kind: 3, secret: b"", ..Ask::default() }.send(&daemon.auth_socket());
    page.logs(&daemon, &["could not note the use of a primary"], "The same, of a primary password.");
    let desk = super::super::page::Desk::at(&daemon);
    page.fails(&desk, Who::Root, &["list"], "The same, of a command.");
}
