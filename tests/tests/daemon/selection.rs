//! `revoke` by what app passwords are like: users, last use, age, service. `dry_run` says the
//! same and does nothing.

use super::Case;
use super::asking::{
    OTHER, USER, all, ask, create, create_for, done, imap, journal, login, make, refused, site,
};
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::Clock;
use serde_json::{Value, json};

const DAY: i64 = 86_400;
const CAROL: &str = "carol@example.org";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("what_is_selected_and_what_is_not", table).with_program("cc"),
        Case::new("a_use_that_is_not_written_counts", unwritten).with_program("cc"),
        Case::new("a_rotation_fits_only_if_all_that_lives_of_it_does", rotated).with_program("cc"),
    ];
    cases.extend(wrong().into_iter().map(|(name, verb, args, wanted)| {
        Case::new(format!("wrong_{name}"), move || {
            let daemon = site("").start();
            let one = create(&daemon, "phone", json!({}));
            let before = (all(&daemon), journal(&daemon), daemon.status().accounts);
            let args: Value = serde_json::from_str(&args.to_string().replace("THIS", &one.id)).expect("JSON");
            let (code, field) = refused(&daemon, verb, args.clone());
            assert_eq!((code.as_str(), field.as_str()), wanted, "{args}");
            let answer = ask(&daemon, verb, args);
            assert!(answer["error"]["message"].as_str().is_some_and(|text| text.len() > 10), "{answer}");
            assert_eq!(
                (all(&daemon), journal(&daemon), daemon.status().accounts),
                before,
                "something changed"
            );
            assert_eq!(imap(&daemon, &one), "accepted");
        })
    }));
    cases
}

/// A host with a past: what is there, when each was made (days ago) and used last.
fn past(daemon: &Apppwd, clock: &Clock) {
    #[rustfmt::skip]
    let table = [
        // user  name             services          made  used last
        (USER,   "old, used",     &["mail"][..],    100,  Some(1)),
        (USER,   "old, unused",   &["imap", "xmpp"], 100, None),
        (USER,   "used long ago", &["chat"],        99,   Some(50)),
        (USER,   "new",           &["mail"],        3,    None),
        (OTHER,  "bob, old",      &["imap"],        80,   Some(40)),
        (OTHER,  "bob, new",      &["mail"],        2,    Some(0)),
        (CAROL,  "carol",         &["files"],       60,   None),
        (USER,   "expired",       &["mail"],        90,   None),
        (USER,   "suspended",     &["mail"],        90,   None),
        (USER,   "resumed",       &["mail"],        90,   None),
        (USER,   "revoked",       &["mail"],        90,   None),
    ];
    let now = clock.now();
    let mut events: Vec<(i64, usize, bool)> = Vec::new();
    for (number, (.., made, used)) in table.iter().enumerate() {
        events.push((*made, number, true));
        events.extend(used.map(|used| (used, number, false)));
    }
    events.sort_by_key(|(ago, ..)| -ago);
    let mut made = std::collections::BTreeMap::new();
    for (ago, number, is_creation) in events {
        clock.set(now - ago * DAY);
        let (user, name, services, ..) = table[number];
        if is_creation {
            let life = if name == "expired" { json!({"after": "5d"}) } else { json!("never") };
            made.insert(name, create_for(daemon, user, name, json!({"services": services, "expires": life})));
        } else {
            let service = if services == ["chat"] { "xmpp" } else { "imap" };
            assert_eq!(login(daemon, user, &made[name].secret, service, ""), "accepted", "{name}");
        }
    }
    for name in ["suspended", "resumed"] {
        clock.set(now - 60 * DAY);
        done(daemon, "suspend", json!({"ids": [made[name].id]}));
    }
    clock.set(now - 5 * DAY);
    done(daemon, "resume", json!({"ids": [made["resumed"].id]}));
    done(daemon, "revoke", json!({"ids": [made["revoked"].id]}));
    clock.set(now);
}

fn table() {
    let ago = |days: i64| apppw_tests::clock::MORNING - days * DAY;
    #[rustfmt::skip]
    let table: [(Value, &[&str]); 17] = [
        (json!({"users": [USER], "all": true}),             &["old, used", "old, unused", "used long ago", "new", "expired", "suspended", "resumed"]),
        (json!({"users": [OTHER, CAROL], "all": true}),     &["bob, old", "bob, new", "carol"]),
        (json!({"users": [OTHER, OTHER], "all": true}),     &["bob, old", "bob, new"]),
        (json!({"unused": "30d"}),                          &["old, unused", "used long ago", "bob, old", "carol", "suspended"]),
        (json!({"unused": "90d"}),                          &["old, unused"]),
        (json!({"unused": "4d"}),                           &["old, unused", "used long ago", "bob, old", "carol", "suspended", "resumed"]),
        (json!({"unused": "5d"}),                           &["old, unused", "used long ago", "bob, old", "carol", "suspended"]),
        (json!({"unused": "30d", "users": [OTHER]}),        &["bob, old"]),
        (json!({"unused": "1y"}),                           &[]),
        (json!({"created_before": ago(80)}),                &["old, used", "old, unused", "used long ago", "suspended", "resumed"]),
        (json!({"created_before": ago(80) + 1}),            &["old, used", "old, unused", "used long ago", "bob, old", "suspended", "resumed"]),
        (json!({"created_before": ago(80), "unused": "60d", "users": [USER]}), &["old, unused", "suspended"]),
        (json!({"service": "xmpp"}),                        &["old, unused"]),
        (json!({"service": "chat"}),                        &["used long ago"]),
        (json!({"service": "imap"}),                        &["old, unused", "bob, old"]),
        (json!({"service": "imap", "users": [USER, CAROL]}), &["old, unused"]),
        (json!({"service": "dav"}),                         &[]),
    ];
    let made = site("");
    let clock = Clock::new(&made);
    let daemon = clock.start(made);
    past(&daemon, &clock);
    let (_, mut made) = daemon.stop();
    apppw_tests::apppwd::copy(&made.path("state"), &made.path("before"));
    apppw_tests::apppwd::copy(&made.path("key"), &made.path("key before"));
    for (args, wanted) in table {
        // From the same past each time, journal and all.
        for (from, to) in [("before", "state"), ("key before", "key")] {
            std::fs::remove_dir_all(made.path(to)).expect("it can be removed");
            apppw_tests::apppwd::copy(&made.path(from), &made.path(to));
        }
        let daemon = clock.start(made);
        let before = (all(&daemon), journal(&daemon));
        let mut dry = args.clone();
        dry["dry_run"] = json!(true);
        let would = done(&daemon, "revoke", dry);
        assert_eq!((all(&daemon), journal(&daemon)), before, "{args}: a dry run changed something");
        let names = |answer: &Value| -> Vec<String> {
            let all = answer["app_passwords"].as_array().expect("records");
            let mut names: Vec<_> =
                all.iter().map(|one| one["name"].as_str().unwrap_or_default().to_owned()).collect();
            names.sort();
            names
        };
        let mut wanted: Vec<_> = wanted.iter().map(|name| (*name).to_owned()).collect();
        wanted.sort();
        assert_eq!(names(&would), wanted, "{args}");
        let did = done(&daemon, "revoke", args.clone());
        assert_eq!((&did["ids"], &did["count"]), (&would["ids"], &would["count"]), "{args}");
        assert_eq!(did["count"], wanted.len(), "{args}");
        for one in all(&daemon) {
            let name = one["name"].as_str().expect("a name");
            let gone = name == "revoked" || wanted.iter().any(|gone| gone == name);
            assert_eq!(one["state"] == "revoked", gone, "{args}: {name} is {}", one["state"]);
            let id = one["id"].as_str().expect("an id");
            assert_eq!(
                journal(&daemon).contains(&format!(" revoke {id} ")),
                gone,
                "{args}: {name} in the journal"
            );
        }
        // Once more: there is nothing left of it.
        assert_eq!(done(&daemon, "revoke", args.clone())["count"], 0, "{args}");
        made = daemon.stop().1;
    }
}

fn unwritten() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let (used, unused) = (create(&daemon, "used", json!({})), create(&daemon, "unused", json!({})));
    clock.go(10 * DAY);
    assert_eq!(imap(&daemon, &used), "accepted");
    clock.go(60);
    let listed = done(&daemon, "list", json!({"unused": "1d"}));
    assert_eq!(listed["app_passwords"][0]["id"], json!(unused.id));
    assert_eq!(listed["app_passwords"].as_array().map(Vec::len), Some(1));
    let did = done(&daemon, "revoke", json!({"unused": "1d"}));
    assert_eq!(did["ids"], json!([unused.id]));
    assert_eq!(imap(&daemon, &used), "accepted");
}

fn rotated() {
    let site = site("");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let old = create(&daemon, "phone", json!({}));
    let new = make(&daemon, "rotate", json!({"id": old.id, "grace": "30d"}));
    clock.go(10 * DAY);
    assert_eq!(imap(&daemon, &old), "accepted");
    for dry_run in [true, false] {
        let answer = done(&daemon, "revoke", json!({"unused": "5d", "dry_run": dry_run}));
        assert_eq!(answer["count"], 0, "the phone goes on with the old half: {answer}");
    }
    clock.go(10 * DAY);
    assert_eq!(done(&daemon, "revoke", json!({"unused": "5d"}))["count"], 2);
    assert_eq!([&old, &new].map(|one| imap(&daemon, one)), ["revoked", "revoked"]);
}

type Row = (&'static str, &'static str, Value, (&'static str, &'static str));

/// Every new argument with a wrong value. `THIS` stands for the id of what is there.
#[rustfmt::skip]
fn wrong() -> Vec<Row> {
    let create = |key: &str, value: Value| json!({"user": USER, "name": "x", key: value});
    vec![
        ("network_unreadable",       "create", create("networks", json!(["192.0.2.0/33"])),      ("invalid", "networks")),
        ("network_with_host_bits",   "create", create("networks", json!(["192.0.2.7/24"])),      ("invalid", "networks")),
        ("network_a_name",           "create", create("networks", json!(["mail.example.org"])),  ("invalid", "networks")),
        ("network_empty",            "create", create("networks", json!([""])),                  ("invalid", "networks")),
        ("network_around_mapped",    "create", create("networks", json!(["::/64"])),             ("invalid", "networks")),
        ("network_with_newline",     "create", create("networks", json!(["192.0.2.0/24\n::/0"])), ("invalid", "networks")),
        ("network_one_good_one_bad", "create", create("networks", json!(["192.0.2.0/24", "x"])), ("invalid", "networks")),
        ("networks_65",              "create", create("networks", json!(vec!["192.0.2.0/24"; 65])), ("invalid", "networks")),
        ("networks_no_list",         "create", create("networks", json!("192.0.2.0/24")),        ("invalid", "args")),
        ("expires_past",             "create", create("expires", json!({"at": 1})),              ("invalid", "expires")),
        ("expires_negative",         "create", create("expires", json!({"at": -1})),             ("invalid", "expires")),
        ("expires_no_span",          "create", create("expires", json!({"after": "soon"})),      ("invalid", "args")),
        ("expires_no_time",          "create", create("expires", json!({"after": "0d"})),        ("invalid", "args")),
        ("expires_in_102_years",     "create", create("expires", json!({"after": "102y"})),      ("invalid", "args")),
        ("expires_a_number",         "create", create("expires", json!(90)),                     ("invalid", "args")),
        ("expires_another_word",     "create", create("expires", json!("always")),               ("invalid", "args")),
        ("pin_unknown",              "create", create("pin", json!(["device"])),                 ("invalid", "args")),
        ("pin_no_list",              "create", create("pin", json!("service")),                  ("invalid", "args")),
        ("preset_unknown",           "create", create("preset", json!("phone")),                 ("invalid", "preset")),
        ("preset_empty",             "create", create("preset", json!("")),                      ("invalid", "preset")),
        ("service_of_no_group",      "create", create("services", json!(["gopher"])),            ("invalid", "services")),
        ("user_of_two_words",        "create", json!({"user": "my phone", "name": "x"}),         ("invalid", "user")),
        ("list_unused_and_all",      "list",   json!({"unused": "1d", "all": true}),             ("invalid", "unused")),
        ("list_unused_no_span",      "list",   json!({"unused": "1"}),                           ("invalid", "args")),
        ("revoke_unused_no_span",    "revoke", json!({"unused": "90"}),                          ("invalid", "args")),
        ("revoke_ids_and_unused",    "revoke", json!({"ids": ["THIS"], "unused": "1d"}),         ("invalid", "ids")),
        ("revoke_ids_and_before",    "revoke", json!({"ids": ["THIS"], "created_before": 9}),    ("invalid", "ids")),
        ("revoke_ids_and_service",   "revoke", json!({"ids": ["THIS"], "service": "imap"}),      ("invalid", "ids")),
        ("revoke_all_and_unused",    "revoke", json!({"users": [USER], "all": true, "unused": "1d"}), ("invalid", "all")),
        ("revoke_users_alone",       "revoke", json!({"users": [USER]}),                         ("invalid", "ids")),
        ("revoke_dry_run_alone",     "revoke", json!({"dry_run": true}),                         ("invalid", "ids")),
        ("revoke_one_user_unknown",  "revoke", json!({"users": [USER, OTHER], "all": true}),     ("not_found", "users")),
        ("revoke_bad_user",          "revoke", json!({"users": ["a\nb"], "all": true}),          ("invalid", "user")),
        ("revoke_1001_users",        "revoke", json!({"users": vec![USER; 1001], "all": true}),  ("invalid", "users")),
        ("revoke_user",              "revoke", json!({"user": USER, "all": true}),               ("invalid", "args")),
        ("suspend_nothing",          "suspend", json!({"ids": []}),                              ("invalid", "ids")),
        ("suspend_1001",             "suspend", json!({"ids": vec!["THIS"; 1001]}),              ("invalid", "ids")),
        ("suspend_a_user",           "suspend", json!({"ids": ["THIS"], "users": [USER]}),       ("invalid", "args")),
        ("resume_unknown",           "resume", json!({"ids": ["THIS", "ap-00000000"]}),          ("not_found", "id")),
        ("rename_empty",             "rename", json!({"id": "THIS", "name": ""}),                ("invalid", "name")),
        ("rename_81",                "rename", json!({"id": "THIS", "name": "x".repeat(81)}),    ("invalid", "name")),
        ("rename_bidi",              "rename", json!({"id": "THIS", "name": "a\u{202e}b"}),      ("invalid", "name")),
        ("rename_newline",           "rename", json!({"id": "THIS", "name": "a\nb"}),            ("invalid", "name")),
        ("rename_unknown",           "rename", json!({"id": "ap-00000000", "name": "x"}),        ("not_found", "id")),
        ("lock_nobody",              "user.lock", json!({}),                                     ("invalid", "user")),
        ("lock_two_words",           "user.lock", json!({"user": "a b"}),                        ("invalid", "user")),
        ("lock_empty",               "user.lock", json!({"user": ""}),                           ("invalid", "user")),
        ("unlock_unknown",           "user.unlock", json!({"user": OTHER}),                      ("not_found", "user")),
        ("lockdown_bidi",            "user.lockdown", json!({"user": "a\u{202e}b"}),             ("invalid", "user")),
        ("lockdown_nobody",          "user.lockdown", json!({}),                                 ("invalid", "user")),
        ("delete_nobody",            "user.delete", json!({}),                                   ("invalid", "user")),
        ("delete_unknown",           "user.delete", json!({"user": OTHER}),                      ("not_found", "user")),
        ("delete_with_more",         "user.delete", json!({"user": USER, "force": true}),        ("invalid", "args")),
        ("rotate_unknown",           "rotate", json!({"id": "ap-00000000"}),                     ("not_found", "id")),
        ("rotate_grace_of_a_year",   "rotate", json!({"id": "THIS", "grace": "1y"}),             ("invalid", "grace")),
    ]
}
