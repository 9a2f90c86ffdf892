//! Revoking by anything but ids.

use crate::support::{Daemon, record};
use serde_json::json;

fn revoking() -> Daemon {
    Daemon::answering(|_, _| {
        let records = [record("ap-00000001", "alice", "laptop"), record("ap-00000002", "bob", "phone")];
        Ok(json!({"count": 2, "ids": ["ap-00000001", "ap-00000002"], "app_passwords": records}))
    })
}

#[test]
fn a_selection_needs_yes_without_a_terminal() {
    let daemon = revoking();
    for args in [
        &["revoke", "--unused", "180d"][..],
        &["revoke", "--created-before", "2027-01-15"],
        &["revoke", "--service", "imap", "--user", "alice"],
        &["revoke", "--user", "alice", "--user", "bob", "--all"],
    ] {
        let run = daemon.run_with(args, b"y\n");
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(run.stderr.contains("needs --yes"), "{run:?}");
        assert_eq!(daemon.calls(), []);
    }
}

#[test]
fn what_is_selected_is_sent_as_one_call() {
    let daemon = revoking();
    let filters = ["--unused", "180d", "--created-before", "2027-01-15", "--service", "imap"];
    let users = ["--user", "alice", "--user", "bob"];
    let run = daemon.run(&[&["revoke", "--yes"], &filters[..], &users].concat());
    let told = "ap-00000001 revoked: \"laptop\" of alice\nap-00000002 revoked: \"phone\" of bob\n";
    assert_eq!((run.status, run.stdout.as_str()), (0, told));
    let sent = json!({"users": ["alice", "bob"], "all": false, "unused": "180d", "created_before": 1_799_971_200,
                      "service": "imap", "dry_run": false});
    assert_eq!(daemon.calls(), [("revoke".to_owned(), sent)]);
}

#[test]
fn a_dry_run_is_a_table_and_a_count() {
    let daemon = revoking();
    let run = daemon.run(&["revoke", "--unused", "180d", "--dry-run"]);
    let table = "\
ID           USER   NAME    CREATED     LAST USED
ap-00000001  alice  laptop  2027-01-15  never used
ap-00000002  bob    phone   2027-01-15  never used
2 app passwords would be revoked; nothing was changed
";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, table, ""));
    assert_eq!(daemon.calls()[0].1["dry_run"], true);
    assert_eq!(daemon.calls().len(), 1);
}

#[test]
fn a_person_sees_the_table_and_the_count_first() {
    for (answer, status, calls) in [("y\n", 0, 2), ("n\n", 1, 1)] {
        let daemon = revoking();
        let run = daemon.on_a_terminal("$APPPW revoke --unused 180d", "[y/N]", answer);
        assert_eq!((run.status, daemon.calls().len()), (status, calls), "{run:?}");
        let asked = "ap-00000002  bob    phone   2027-01-15  never used\r\n2 app passwords of alice, bob; none was ever \
             used\r\nRevoke these 2 app passwords? [y/N] ";
        assert!(run.stdout.contains(asked), "{run:?}");
    }
}

#[test]
fn nothing_to_revoke_is_said_and_not_asked() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"count": 0, "ids": [], "app_passwords": []})));
    let run = daemon.on_a_terminal("$APPPW revoke --user alice --all", "[y/N]", "");
    assert_eq!((run.status, run.stdout.as_str()), (0, "no app passwords to revoke\r\n"));
}

#[test]
fn a_user_acting_for_himself_names_nobody() {
    let daemon = revoking();
    let run = daemon.run_with(&["revoke", "--all"], b"y\n");
    assert!(run.status == 2 && run.stderr.contains("needs --yes"), "{run:?}");
    assert_eq!(daemon.run(&["revoke", "--all", "--yes"]).status, 0);
    assert_eq!(daemon.calls(), [("revoke".to_owned(), json!({"all": true, "dry_run": false}))]);
}
