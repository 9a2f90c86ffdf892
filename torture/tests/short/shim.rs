//! The shim strikes where it is told to, and writes down what happened.

use apppw_tests::apppwd::{CHEAP_ARGON2, Site};
use apppw_tests::lines::Lines;
use apppw_torture::shim::record::Operation;
use apppw_torture::shim::{Act, Plan, Shim, file, kind};
use std::path::Path;

fn site() -> (Site, Shim) {
    let site = Site::new(CHEAP_ARGON2);
    let shim = Shim::new(&site);
    (site, shim)
}

pub fn what_was_written_down_makes_the_files_anew() {
    let (site, shim) = site();
    shim.record(true);
    let daemon = shim.start(site);
    let calls = shim.calls();
    daemon.create("alice@example.org", "phone", &[]);
    assert!(shim.calls() > calls);
    shim.mark(7);
    let (_, site) = daemon.stop();
    let operations = shim.recorded();
    let journal = Path::new("key/journal.log");
    let mut made = Vec::new();
    for operation in &operations {
        match operation {
            Operation::Write(path, offset, bytes) if path == journal => {
                assert_eq!(made.len() as u64, *offset, "it is only appended to");
                made.extend_from_slice(bytes);
            }
            _ => {}
        }
    }
    assert_eq!(made, std::fs::read(site.path("key/journal.log")).unwrap());
    let at = |wanted: &dyn Fn(&Operation) -> bool| operations.iter().position(wanted).unwrap();
    let (mark, mkdir) = (at(&|o| *o == Operation::Mark(7)), at(&|o| matches!(o, Operation::Mkdir(_))));
    let synced = operations.iter().rposition(|o| *o == Operation::Sync(journal.to_owned())).unwrap();
    assert!(mkdir < synced && synced < mark, "{mkdir} {synced} {mark}");
}

pub fn the_nth_operation_fails_or_is_the_last_one() {
    let (site, shim) = site();
    let daemon = shim.start(site);
    shim.arm(Plan { files: file::WAL, kinds: kind::WRITE, ..Plan::at(3, Act::Fail(28)) });
    let args = serde_json::json!({"user": "alice@example.org", "name": "phone"});
    let answer = Lines::connect(&daemon.admin_socket()).call("create", &args);
    assert_eq!(answer["error"]["code"], "read_only", "{answer}");
    assert_eq!((shim.matched(), shim.struck()), (3, 1));
    daemon.create("alice@example.org", "phone", &[]);
    shim.arm(Plan { files: file::JOURNAL, kinds: kind::SYNC, ..Plan::at(1, Act::KillBefore) });
    let mut lines = Lines::connect(&daemon.admin_socket());
    lines.send(b"{\"v\":1,\"id\":1,\"verb\":\"user.lock\",\"args\":{\"user\":\"bob@example.org\"}}\n");
    assert_eq!(lines.receive(), None);
    let site = daemon.kill();
    shim.disarm();
    shim.clock_stands(1_900_000_000);
    let daemon = shim.start(site);
    let created = daemon.create("alice@example.org", "tablet", &[]);
    assert_eq!(created.app_password.created, 1_900_000_000, "{}", daemon.log());
}
