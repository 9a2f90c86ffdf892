//! All accounts.

use crate::support::{Daemon, refusing};
use apppw_admin::Code;
use serde_json::{Value, json};

fn account(user: &str, live: u64) -> Value {
    json!({"user": user, "created": 0, "enrolled": 1_800_000_000, "live": live, "suspended": 0, "revoked": 1})
}

#[test]
fn accounts_are_read_page_by_page() {
    let daemon = Daemon::answering(|_, args| {
        Ok(match args["cursor"].as_str() {
            None => json!({"users": [account("alice", 2)], "next": "alice"}),
            Some(_) => json!({"users": [account("bob", 0)]}),
        })
    });
    let run = daemon.run(&["users"]);
    let expected = "\
USER   APP PASSWORDS  REVOKED  ENROLLED    LOCKED  LAST USED
alice  2              1        2027-01-15          never used
bob    0              1        2027-01-15          never used
";
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, expected, ""));
    assert_eq!(
        daemon.calls(),
        [("users".to_owned(), json!({})), ("users".to_owned(), json!({"cursor": "alice"}))]
    );
    let run = daemon.run(&["users", "--json"]).json();
    assert_eq!((&run["users"][1]["user"], &run["users"][1]["locked"]), (&json!("bob"), &Value::Null));
    assert_eq!(run["users"].as_array().unwrap().len(), 2);
}

#[test]
fn no_accounts_are_none_and_a_refusal_is_1() {
    let daemon = Daemon::answering(|_, _| Ok(json!({"users": []})));
    let run = daemon.run(&["users"]);
    assert_eq!((run.status, run.stdout.as_str()), (0, ""));
    assert!(run.stderr.starts_with("No account is known"), "{run:?}");
    assert_eq!(daemon.run(&["users", "--json"]).stdout, "{\"schema\":1,\"users\":[]}\n");
    let run = refusing(Code::Denied, "no, because").run(&["users"]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (1, "", "apppw: no, because\n"));
}
