//! `rename`, `suspend`, `resume`, `revoke`, and `--kick`.

use super::super::page::{Desk, Page};
use crate::host::{How, Who, create, done, done_as, doveadm, start};

pub fn play(page: &mut Page) {
    page.title(
        "Changing app passwords",
        "`rename`, `suspend`, `resume`, `revoke`: all that are named, or none.",
    );
    let daemon = start("[limits]\ncreations_per_day = 2\n");
    let desk = Desk::at(&daemon);
    let (phone, _) = create(&daemon, "alice", "phone", &[]);
    create(&daemon, "alice", "laptop", &[]);
    let (dead, _) = create(&daemon, "alice", "dead", &[]);
    done(&daemon, &["revoke", &dead]);
    let table: &[(&[&str], &str)] = &[
        (&["rename", "ap-7k3m9qxe", "tablet"], "An id that there isn't."),
        (&["rename", &phone, "laptop"], "A name that is taken."),
        (&["rename", &dead, "tablet"], "One that is revoked."),
        (&["suspend", &phone, &dead], "One of those to be suspended is revoked."),
        (&["resume", &dead], "One to be resumed is revoked."),
        (&["revoke", &phone, "ap-7k3m9qxe"], "One of those to be revoked doesn't exist."),
        (&["revoke", "--all", "--yes"], "All, of nobody."),
        (
            &["revoke", "--user", "nobody@example.org", "--all", "--yes"],
            "All, of an account that there isn't.",
        ),
        (&["revoke", "--service", "imao", "--yes"], "A selection by a service with a slip in it."),
        (&["revoke", "--service", "gopher", "--yes"], "A selection by a service in no group."),
        (&["panic", "on", "--group", "mial"], "A group with a slip in it."),
        (&["panic", "on", "--group", "printers"], "A group that there isn't."),
    ];
    for (args, what) in table {
        page.fails(&desk, Who::Root, args, what);
    }
    page.fails(&desk, Who::Bob, &["show", &phone], "Another's id.");
    let users: Vec<String> = (0..1001).map(|n| format!("--user=u{n}")).collect();
    let users: Vec<&str> =
        ["revoke", "--all", "--yes"].into_iter().chain(users.iter().map(String::as_str)).collect();
    page.fails_as_shown(
        &desk,
        Who::Root,
        &users,
        "revoke --all --yes --user u0 --user u1 ...",
        "Too many users at once.",
    );
    for name in ["a", "b"] {
        done_as(&daemon, Who::Alice, &["rename", &phone, name]);
    }
    page.fails(
        &desk,
        Who::Alice,
        &["rename", &phone, "c"],
        "As many renamings as a person may make in a day.",
    );
    page.declined(&desk, &["revoke", &phone], "The person at the terminal says no.");
    page.declined(&desk, &["user", "alice", "delete"], "The same, of an account.");
    page.declined(&desk, &["panic", "on"], "The same, of a panic.");
    kick(page);
}

/// What Dovecot says, or doesn't.
fn kick(page: &mut Page) {
    page.title(
        "Ending open sessions (`--kick`)",
        "The change is made before doveadm is asked, and holds whatever comes of it. (What doveadm says here is a script's.)",
    );
    let daemon = start("");
    let place = daemon.path("");
    let nothing = place.join("nowhere");
    let desk = || Desk::at(&daemon);
    let mut number = 0;
    let mut new = || {
        number += 1;
        create(&daemon, "alice", &format!("phone {number}"), &[]).0
    };
    let id = new();
    let how = How { path: Some(&nothing), ..How::default() };
    page.fails(&desk().with(how), Who::Root, &["revoke", &id, "--kick"], "There is no doveadm.");
    let table = [
        (
            "case \"$1\" in auth) echo 'Error: auth: connect(/run/dovecot/auth-master) failed: Permission denied' >&2; exit 75;; -f) echo '[]';; esac",
            "The cache can't be flushed.",
        ),
        (
            "case \"$1\" in kick) echo 'Fatal: anvil: connect(/run/dovecot/anvil) failed: No such file or directory' >&2; exit 75;; -f) echo '[]';; esac",
            "Dovecot doesn't run.",
        ),
        (
            "case \"$1\" in kick) echo \"kicked connections from the following users: (use the '-f' option)\";; -f) echo '[]';; esac",
            "Another user's session is in the same process.",
        ),
        ("case \"$1\" in -f) echo 'Error: who: no' >&2; exit 75;; esac", "Who is logged in can't be asked."),
        ("case \"$1\" in -f) echo 'username proto';; esac", "Who is logged in can't be understood."),
        ("case \"$1\" in kick) exit 9;; -f) echo '[]';; esac", "It fails and says nothing."),
        ("case \"$1\" in kick) kill -9 $$;; -f) echo '[]';; esac", "It is killed."),
    ];
    for (script, what) in table {
        let id = new();
        let bin = doveadm(&place, script);
        let how = How { path: Some(&bin), ..How::default() };
        page.says(&desk().with(how), Who::Root, &["revoke", &id, "--kick"], what);
    }
    let bin = doveadm(&place, "exec /bin/sleep 60");
    let id = new();
    let how = How { path: Some(&bin), ..How::default() };
    page.says(&desk().with(how), Who::Root, &["revoke", &id, "--kick"], "It hangs.");
    let bin = doveadm(&place, "case \"$1\" in -f) echo '[]';; esac");
    for (user, what) in [
        ("a*@example.org", "A name that doveadm takes for a pattern."),
        ("192.0.2.7", "A name that doveadm takes for an address."),
    ] {
        create(&daemon, user, "phone", &[]);
        let how = How { path: Some(&bin), ..How::default() };
        page.says(&desk().with(how), Who::Root, &["user", user, "lock", "--kick"], what);
    }
    let file = daemon.path("bin/doveadm");
    std::fs::write(&file, "no program").expect("a file");
    let id = new();
    let how = How { path: Some(&bin), ..How::default() };
    page.says(&desk().with(how), Who::Root, &["revoke", &id, "--kick"], "It can't be run.");
}
