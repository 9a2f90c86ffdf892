//! `apppw backup`: a copy of one moment, behind the answer, while logins and changes go on.

use super::Case;
use super::asking::{USER, create, imap, login, site};
use super::authorize::{GROUP, PASSWD};
use super::events::events;
use apppw_admin::verbs::{Backup, BackupKept, BackupKeptArgs, Metrics};
use apppw_admin::{ClientError, Code, Verb};
use apppw_proto::frame::Verdict;
use apppw_tests::activate::DAEMON_UID;
use apppw_tests::among::start_among;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::frames::try_login;
use apppw_tests::identity::Identity;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("what_it_has_and_what_it_says", whole),
        Case::new("it_takes_no_other_files_place", exists),
        Case::new("it_goes_to_standard_output", stdout),
        Case::new("it_is_of_one_moment_while_changes_go_on", one_moment),
        Case::new("only_what_was_handed_out_counts", kept),
        Case::new("nobody_has_to_wait_for_who_does_not_read", unread),
        Case::as_root("an_administrator_who_does_not_read_keeps_root_from_none", beside_roots)
            .with_program("unshare"),
        Case::new("half_of_one_is_none", half),
        Case::new("a_crash_leaves_nothing_for_long", leftovers),
        Case::new("a_damaged_database_is_not_handed_out", damaged).with_program("sqlite3"),
        Case::as_root("a_disk_without_room_for_the_copy", no_room).with_program("unshare"),
        Case::as_root("a_target_without_room", full_target),
    ]
}

/// The names in the database's folder.
fn files(site: &Site) -> Vec<String> {
    let names = fs::read_dir(site.path("state")).expect("a folder").flatten();
    let mut names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

const USUAL: [&str; 4] = ["apppw.db", "apppw.db-shm", "apppw.db-wal", "lock"];

fn whole() {
    let daemon = site("").start();
    let (phone, old) = (create(&daemon, "phone", json!({})), create(&daemon, "old", json!({})));
    daemon.revoke(old.id.parse().expect("an id"));
    let file = daemon.path("b.db");
    let begun = apppw_now();
    let done = daemon.cli(&["--json", "backup"]).arg(&file).output().expect("apppw runs");
    assert!(done.status.success(), "{done:?}");
    let said: Value = serde_json::from_slice(&done.stdout).expect("JSON");
    assert_eq!(
        ["accounts", "live", "revoked"].map(|key| said[key].clone()),
        [json!(1), json!(1), json!(1)],
        "{said}"
    );
    assert_eq!(said["key_included"], false);
    assert_eq!(said["key_dir"], daemon.path("key").display().to_string());
    let journal = fs::metadata(daemon.path("key/journal.log")).expect("the journal").len();
    assert_eq!(said["journal_bytes"], journal);
    let meta = fs::metadata(&file).expect("the backup");
    assert_eq!((meta.permissions().mode() & 0o7777, json!(meta.len())), (0o600, said["bytes"].clone()));
    // The key is not in it, in no way that it is written.
    let bytes = fs::read(&file).expect("the backup");
    let key = fs::read_to_string(daemon.path("key/server.key")).expect("the key");
    let hex = key.trim().split(' ').nth(1).expect("a key");
    let raw: Vec<u8> =
        (0..32).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).expect("hex")).collect();
    for part in [&hex.as_bytes()[..16], &raw[..8]] {
        assert!(!bytes.windows(part.len()).any(|found| found == part), "the key is in it");
    }
    assert!(
        bytes.windows(USER.len()).any(|found| found == USER.as_bytes()),
        "the search finds what is there"
    );
    // Who did it, and when the last one was.
    let trail = events(&daemon, json!({"kinds": ["backup"]}));
    assert_eq!(trail.len(), 1, "{trail:?}");
    assert_eq!(trail[0]["actor"]["uid"], 0);
    let last = daemon.status().last_backup.expect("there was one");
    assert!((begun..=apppw_now()).contains(&last), "{last}");
    let metrics: Metrics = daemon.call(Verb::Metrics, &json!({})).expect("numbers");
    assert_eq!(metrics.last_backup, Some(last));
    assert_eq!(files(&daemon), USUAL);
    assert_eq!(imap(&daemon, &phone), "accepted");
    // In words, too.
    let said = daemon.cli(&["backup"]).arg(daemon.path("c.db")).output().expect("apppw runs");
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    for word in [
        "1 account, 1 live app password, 1 revoked",
        "key is NOT in it",
        &daemon.path("key").display().to_string(),
    ] {
        assert!(said.contains(word), "{word}: {said}");
    }
}

fn apppw_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("a time")
}

fn exists() {
    let daemon = Apppwd::start();
    let file = daemon.back_up("b.db");
    let before = fs::read(&file).expect("a file");
    daemon.create(USER, "phone", &[]);
    let link = daemon.path("link.db");
    std::os::unix::fs::symlink(daemon.path("elsewhere"), &link).expect("a link");
    for taken in [&file, &link, &daemon.path("key")] {
        let done = daemon.cli(&["--json", "backup"]).arg(taken).output().expect("apppw runs");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(1), "{said}");
        assert!(said.contains("\"exists\"") && said.contains("is there already"), "{said}");
    }
    assert_eq!(fs::read(&file).expect("a file"), before);
    assert!(!daemon.path("elsewhere").exists());
    let names: Vec<_> = fs::read_dir(daemon.path("")).expect("a folder").flatten().collect();
    assert!(!names.iter().any(|name| name.file_name().to_string_lossy().contains(".part-")), "{names:?}");
}

fn stdout() {
    let daemon = Apppwd::start();
    let done = daemon.cli(&["backup", "-"]).output().expect("apppw runs");
    assert!(done.status.success(), "{done:?}");
    assert!(done.stdout.starts_with(b"SQLite format 3\0"));
    assert!(String::from_utf8_lossy(&done.stderr).contains("key is NOT in it"), "{done:?}");
    // Who stops reading has no backup, and that is no success.
    let mut child = daemon
        .cli(&["backup", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("apppw runs");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("an end");
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
}

/// App passwords are made and revoked two at a time, each pair in an order: a copy that isn't of one moment would have
/// the later without the earlier.
fn one_moment() {
    let daemon = Site::in_memory(CHEAP_ARGON2).start();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut made = 0;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                for half in ["a", "b"] {
                    daemon.create(&format!("user{made}@example.org"), half, &[]);
                }
                made += 1;
            }
            made
        });
        for n in 0..12 {
            daemon.back_up(&format!("b{n}.db"));
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(writer.join().expect("a count") > 5);
    });
    let (_, site) = daemon.stop();
    let mut before = 0;
    for n in 0..12 {
        let said = site.restore(&site.path(&format!("b{n}.db")));
        let numbers: Vec<u64> =
            said.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).take(2).collect();
        let (accounts, app_passwords) = (numbers[0], numbers[1]);
        assert!(app_passwords == 2 * accounts || app_passwords + 1 == 2 * accounts, "{said}");
        assert!(accounts >= before, "an older one came later: {said}");
        before = accounts;
    }
}

/// What a backup's answer says, and the copy.
fn take(daemon: &Apppwd) -> (Backup, Vec<u8>) {
    let mut client = daemon.client();
    let (backup, mut copy) =
        client.call_followed(Verb::Backup, &json!({}), |backup: &Backup| backup.bytes).expect("a backup");
    let mut bytes = Vec::new();
    copy.read_to_end(&mut bytes).expect("the copy");
    (backup, bytes)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn refused<T>(done: Result<T, ClientError>) -> (Code, String) {
    match done.map(drop) {
        Err(ClientError::Refused(error)) => (error.code, error.message),
        other => panic!("not refused: {other:?}"),
    }
}

fn kept() {
    let daemon = Apppwd::start();
    let kept = |sha256: &str| -> Result<BackupKept, ClientError> {
        daemon.call(Verb::BackupKept, &BackupKeptArgs { sha256: sha256.to_owned() })
    };
    assert_eq!(refused(kept("00")).0, Code::NotFound);
    let (backup, bytes) = take(&daemon);
    assert_eq!(u64::try_from(bytes.len()).expect("a length"), backup.bytes);
    // Nobody has said that it lies anywhere.
    assert_eq!(daemon.status().last_backup, None);
    assert_eq!(refused(kept("00")).0, Code::NotFound);
    assert_eq!(kept(&sha256(&bytes)).expect("it counts").last_backup, backup.at);
    assert_eq!(daemon.status().last_backup, Some(backup.at));
    let (_, site) = daemon.stop();
    assert_eq!(site.start().status().last_backup, Some(backup.at), "also after a restart");
}

/// More than a socket holds.
fn fill(daemon: &Apppwd, users: u32) {
    for n in 0..users {
        for name in ["a", "b", "c", "d"] {
            daemon.create(&format!("user{n}@example.org"), name, &[]);
        }
    }
}

/// Asks for a backup, and reads no more than the beginning of the answer.
fn ask_only(daemon: &Apppwd) -> UnixStream {
    let stream = ask(daemon);
    daemon_waits_with_the_copy(daemon);
    stream
}

fn ask(daemon: &Apppwd) -> UnixStream {
    let mut stream = UnixStream::connect(daemon.admin_socket()).expect("a connection");
    stream.write_all(b"{\"v\":1,\"id\":7,\"verb\":\"backup\"}\n").expect("a request");
    stream
}

fn beside_roots() {
    let daemon = start_among(Site::in_memory(CHEAP_ARGON2), PASSWD, GROUP);
    fill(&daemon, 60);
    let administrator = Identity { groups: vec![777], ..Identity::new(4003) };
    let _unread = administrator.act(|| ask(&daemon));
    daemon_waits_with_the_copy(&daemon);
    daemon.back_up("b.db");
    let second = administrator.act(|| daemon.call::<_, Backup>(Verb::Backup, &json!({})));
    assert_eq!(refused(second).0, Code::Busy);
}

fn unread() {
    let daemon = Site::in_memory(CHEAP_ARGON2).start();
    let phone = daemon.create(USER, "phone", &[]);
    fill(&daemon, 60);
    let stream = ask_only(&daemon);
    assert_eq!(try_login(&daemon.auth_socket(), USER, phone.secret.expose()), Verdict::Accepted);
    daemon.revoke(phone.app_password.id);
    let second: Result<Backup, _> = daemon.call(Verb::Backup, &json!({}));
    let (code, message) = refused(second);
    assert!(code == Code::Busy && message.contains("another backup"), "{message}");
    // Whoever has gone ends it.
    drop(stream);
    daemon
        .wait_for_line(&["warning: the backup that ", "could not be handed over: nobody reads it any more"]);
    daemon.back_up("b.db");
    // And a stop doesn't wait for it: logins would wait for the next start.
    let mut stream = ask_only(&daemon);
    let begun = Instant::now();
    let (status, site) = daemon.stop();
    assert!(status.success() && begun.elapsed() < Duration::from_secs(3), "{status}, {:?}", begun.elapsed());
    let mut got = Vec::new();
    stream.read_to_end(&mut got).expect("what there was");
    let end = got.iter().position(|byte| *byte == b'\n').expect("a whole answer") + 1;
    let answer: Value = serde_json::from_slice(&got[..end]).expect("JSON");
    let whole = answer["ok"]["bytes"].as_u64().expect("a length");
    assert!(u64::try_from(got.len() - end).expect("a length") < whole, "it was sent whole: {answer}");
    assert_eq!(files(&site), USUAL);
}

/// The daemon ends in between.
fn half() {
    let daemon = Site::in_memory(CHEAP_ARGON2).start();
    // And a pipe.
    fill(&daemon, 200);
    let mut child = daemon
        .cli(&["backup", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("apppw runs");
    daemon_waits_with_the_copy(&daemon);
    let (status, site) = daemon.stop();
    assert!(status.success(), "{status}");
    let mut stdout = child.stdout.take().expect("its standard output");
    let read = std::io::copy(&mut stdout, &mut std::io::sink()).expect("a part");
    let ended = child.wait_with_output().expect("an end");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(1), "{read} bytes: {said}");
    assert!(said.contains("the backup did not come whole") && said.contains("apppwd has hung up"), "{said}");
    assert_eq!(site.start().status().last_backup, None);
}

/// The copy is made and has no name any more.
fn daemon_waits_with_the_copy(daemon: &Apppwd) {
    let deadline = Instant::now() + Duration::from_secs(30);
    let is_open = || {
        let open = fs::read_dir(format!("/proc/{}/fd", daemon.id())).expect("its descriptors").flatten();
        open.filter_map(|fd| fs::read_link(fd.path()).ok())
            .any(|path| path.to_string_lossy().contains("apppw.db.copying (deleted)"))
    };
    while !is_open() {
        assert!(Instant::now() < deadline, "no copy is being handed out");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::thread::sleep(Duration::from_millis(100));
}

fn leftovers() {
    let daemon = Apppwd::start();
    let phone = daemon.create(USER, "phone", &[]);
    let site = daemon.kill();
    for name in ["apppw.db.copying", "apppw.db.copying-journal"] {
        fs::write(site.path("state").join(name), "half a copy").expect("a file");
    }
    let daemon = site.start();
    assert_eq!(files(&daemon), USUAL);
    assert_eq!(try_login(&daemon.auth_socket(), USER, phone.secret.expose()), Verdict::Accepted);
    // One that is in the way while it runs is no harm.
    std::os::unix::fs::symlink(daemon.path("elsewhere"), daemon.path("state/apppw.db.copying"))
        .expect("a link");
    daemon.back_up("b.db");
    assert!(!daemon.path("elsewhere").exists(), "the link was followed");
    assert_eq!(files(&daemon), USUAL);
}

fn damaged() {
    let daemon = Site::in_memory(CHEAP_ARGON2).start();
    let phone = daemon.create(USER, "phone", &[]);
    fill(&daemon, 60);
    let (_, site) = daemon.stop();
    let daemon = site.start();
    // While it runs: a page of the trail, which no login reads.
    let path = daemon.path("state/apppw.db");
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'event_user'";
    let page = std::process::Command::new("sqlite3").arg(&path).arg(sql).output().expect("sqlite3 runs");
    let page: u64 = String::from_utf8_lossy(&page.stdout).trim().parse().expect("a page");
    let file = fs::File::options().write(true).open(&path).expect("the database");
    std::os::unix::fs::FileExt::write_all_at(&file, &[0x55; 4096], (page - 1) * 4096).expect("damage");
    let target = daemon.path("b.db");
    let done = daemon.cli(&["backup"]).arg(&target).output().expect("apppw runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("the database is damaged"), "{said}");
    assert!(!target.exists());
    assert_eq!(daemon.status().last_backup, None);
    assert_eq!(try_login(&daemon.auth_socket(), USER, phone.secret.expose()), Verdict::Accepted);
}

fn no_room() {
    let daemon =
        Site::new(CHEAP_ARGON2).with_small_disk("state", DAEMON_UID, "2m").start_activated(DAEMON_UID);
    let phone = create(&daemon, "phone", json!({}));
    daemon.disk().fill();
    let target = daemon.path("b.db");
    let done = daemon.cli(&["--json", "backup"]).arg(&target).output().expect("apppw runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("read_only") && said.contains("needs 2 MiB, and 0 MiB are free"), "{said}");
    assert!(!target.exists() && !target.with_extension("db.part").exists());
    assert_eq!(login(&daemon, USER, &phone.secret, "imap", ""), "accepted");
    daemon.disk().empty();
    daemon.back_up("b.db");
}

/// The one who writes the file sees that its disk is full.
fn full_target() {
    let daemon = Site::in_memory(CHEAP_ARGON2).start();
    fill(&daemon, 60);
    let full = Path::new("/dev/full");
    let done = daemon
        .cli(&["backup", "-"])
        .stdout(fs::File::options().write(true).open(full).expect("/dev/full"))
        .stderr(Stdio::piped())
        .output()
        .expect("apppw runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(said.contains("can't write the backup to standard output: No space left"), "{said}");
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(daemon.status().last_backup, None, "it doesn't count");
    assert_eq!(fs::metadata(full).expect("it is there").uid(), 0);
}
