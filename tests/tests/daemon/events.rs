//! The trail: what happened, who did it, and that nothing of it is missing or made up.

use super::Case;
use super::asking::{USER, ask, create, done, login, outcome, reconfigured, refused, site};
use super::authorize::{GROUP, PASSWD};
use super::hashing::sql;
use super::housekeeping::OFTEN;
use apppw_tests::among::start_among;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::clock::Clock;
use apppw_tests::identity::Identity;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

const DAY: i64 = 86_400;

/// Runs a command in a session of its own, logged in as 4242.
const CHOOSE_LOGIN: &str = "echo 4242 > /proc/self/loginuid && exec \"$@\"";

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("each_verb_leaves_its_events_with_who_did_it", each_verb).with_program("unshare"),
        Case::as_root("an_owner_sees_what_befell_his_account_and_no_other", owner).with_program("unshare"),
        Case::as_root("an_owner_hears_nothing_of_what_is_forgotten_of_others", owner_of_a_short_trail)
            .with_program("unshare")
            .with_program("cc"),
        Case::as_root("who_is_behind_sudo_is_told", login_uid),
        Case::as_root("a_person_chooses_no_login", chosen_login).with_program("unshare"),
        Case::new("pages_show_each_event_once_while_others_happen", pages),
        Case::new("a_page_has_as_many_as_fit_into_a_line", full_pages),
        Case::new("what_is_acknowledged_is_told_after_a_kill", killed),
        Case::new("old_events_are_forgotten_and_that_is_told", forgotten).with_program("cc"),
        Case::new("more_than_are_kept_are_forgotten", too_many).with_program("sqlite3"),
    ]
}

/// The events that fit, all pages.
#[track_caller]
pub fn events(daemon: &Apppwd, args: Value) -> Vec<Value> {
    let (mut all, mut args) = (Vec::new(), args);
    loop {
        let page = done(daemon, "events", args.clone());
        all.extend(page["events"].as_array().expect("events").iter().cloned());
        if page["more"] != true {
            return all;
        }
        args["after"] = page["cursor"].clone();
    }
}

/// Each as `kind user id-or-name was actor`, `-` for none.
pub fn told(events: &[Value]) -> Vec<String> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let one = |event: &Value| {
        let actor = &event["actor"];
        let who =
            actor.get("uid").map_or("a login".to_owned(), |uid| format!("{uid} {}", word(&actor["role"])));
        format!(
            "{} {} {} {} by {who}",
            word(&event["kind"]),
            word(&event["user"]),
            word(&event["name"]),
            word(&event["was"])
        )
    };
    events.iter().map(one).collect()
}

pub fn among_people(config: &str) -> Apppwd {
    start_among(site(config), PASSWD, GROUP)
}

pub fn act(uid: u32, groups: &[u32], daemon: &Apppwd, verb: &str, args: Value) -> Value {
    Identity { groups: groups.to_vec(), ..Identity::new(uid) }.act(|| ask(daemon, verb, args))
}

pub const OLIVE: u32 = 4001;
const ADELE: (u32, &[u32]) = (4003, &[777]);
pub const HEIDI: (u32, &[u32]) = (4004, &[778]);

fn each_verb() {
    let daemon = among_people("[policy]\nself_service = \"create\"\n");
    let olive = |verb: &str, args: Value| act(OLIVE, &[], &daemon, verb, args)["ok"].clone();
    let adele = |verb: &str, args: Value| act(ADELE.0, ADELE.1, &daemon, verb, args)["ok"].clone();
    let heidi = |verb: &str, args: Value| act(HEIDI.0, HEIDI.1, &daemon, verb, args)["ok"].clone();
    let phone = olive("create", json!({"name": "phone", "pin": ["service"]}));
    let id = phone["app_password"]["id"].clone();
    olive("rename", json!({"id": id, "name": "mobile"}));
    let secret = apppw_tests::frames::canonical(phone["secret"].as_str().expect("a secret"));
    assert_eq!(login(&daemon, "olive", &secret, "imap", ""), "accepted");
    let tablet = olive("rotate", json!({"id": id}))["app_password"]["id"].clone();
    heidi("suspend", json!({"ids": [tablet]}));
    adele("resume", json!({"ids": [tablet]}));
    olive("revoke", json!({"ids": [tablet]}));
    adele("user.lock", json!({"user": "olive"}));
    adele("user.unlock", json!({"user": "olive"}));
    adele("user.unenroll", json!({"user": "olive"}));
    adele("user.enroll", json!({"user": "olive"}));
    done(&daemon, "create", json!({"user": "olive", "name": "lost"}));
    adele("user.lockdown", json!({"user": "olive"}));
    done(&daemon, "user.rename", json!({"user": "olive", "new": "olga"}));
    done(&daemon, "panic", json!({"on": true, "group": "mail"}));
    done(&daemon, "panic", json!({"on": false, "group": "mail"}));
    done(&daemon, "user.delete", json!({"user": "olga"}));
    // What only looks, and what changes nothing, leaves nothing.
    for (verb, args) in [
        ("list", json!({})),
        ("users", json!({})),
        ("status", json!({})),
        ("metrics", json!({})),
        ("doctor", json!({})),
        ("report", json!({})),
        ("panic", json!({"on": false})),
    ] {
        done(&daemon, verb, args);
    }
    assert_eq!(refused(&daemon, "create", json!({"user": "x y", "name": "n"})).0, "invalid");
    assert_eq!(refused(&daemon, "user.lock", json!({})).0, "invalid");
    let expected = [
        "create olive phone - by 4001 user",
        "user.enroll olive - - by 4001 user",
        "rename olive mobile phone by 4001 user",
        "pin olive mobile - by a login",
        &format!("rotate olive mobile {} by 4001 user", id.as_str().expect("an id")),
        // Both halves of the rotation.
        "suspend olive mobile - by 4004 helpdesk",
        "suspend olive mobile - by 4004 helpdesk",
        "resume olive mobile - by 4003 admin",
        "resume olive mobile - by 4003 admin",
        "revoke olive mobile - by 4001 user",
        "revoke olive mobile - by 4001 user",
        "user.lock olive - - by 4003 admin",
        "user.unlock olive - - by 4003 admin",
        "user.unenroll olive - - by 4003 admin",
        "user.enroll olive - - by 4003 admin",
        "create olive lost - by 0 admin",
        "revoke olive lost - by 4003 admin",
        "user.lockdown olive - - by 4003 admin",
        "user.rename olga - olive by 0 admin",
        "panic.on - - - by 0 admin",
        "panic.off - - - by 0 admin",
        "user.delete olga - - by 0 admin",
    ];
    let all = events(&daemon, json!({}));
    assert_eq!(told(&all), expected);
    let numbers: Vec<_> = all.iter().filter_map(|event| event["seq"].as_u64()).collect();
    assert!(numbers.len() == all.len() && numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    let (first, last) = (all[0]["at"].as_i64(), all[all.len() - 1]["at"].as_i64());
    assert_eq!(events(&daemon, json!({"until": first})).len(), 0, "before that second");
    assert_eq!(events(&daemon, json!({"since": first, "until": last.map(|last| last + 1)})).len(), all.len());
    let host = nix::unistd::gethostname().expect("a name").into_string().expect("text");
    assert!(all.iter().all(|event| event["host"] == host.as_str()), "{all:?}");
    assert_eq!(all[3]["services"], json!(["imap"]), "what it was pinned to");
    assert_eq!(all[19]["services"], json!(["mail"]));
    assert_eq!(all[0]["actor"]["name"], "olive");
    // The name is another person's later: what is asked for by name is told of both.
    done(&daemon, "create", json!({"user": "olive", "name": "new"}));
    assert_eq!(events(&daemon, json!({"user": "olga"})).len(), 2);
    let of_id = told(&events(&daemon, json!({"id": id})));
    assert_eq!(of_id.len(), 6, "{of_id:?}");
    let by_heidi = told(&events(&daemon, json!({"by": HEIDI.0})));
    assert_eq!(by_heidi, ["suspend olive mobile - by 4004 helpdesk"; 2]);
    assert_eq!(events(&daemon, json!({"by": 400})).len(), 0, "not the beginning of a uid");
    let kinds = json!({"user": "olive", "kinds": ["user.lock", "create"], "last": 2});
    assert_eq!(told(&events(&daemon, kinds))[1], "create olive new - by 0 admin");
}

fn owner() {
    let daemon = among_people("");
    done(&daemon, "create", json!({"user": "olive", "name": "phone"}));
    let oscars = done(&daemon, "create", json!({"user": "oscar", "name": "secret plans"}));
    let id = oscars["app_password"]["id"].clone();
    // Others are refused olive's account, and olive is refused oscar's.
    assert_eq!(outcome(&act(4002, &[], &daemon, "list", json!({"user": "olive"}))), "denied");
    assert_eq!(outcome(&act(OLIVE, &[], &daemon, "events", json!({"user": "oscar"}))), "denied");
    let own = |args: Value| {
        let answer = act(OLIVE, &[], &daemon, "events", args);
        (told(answer["ok"]["events"].as_array().expect("events")), answer["ok"]["cursor"].as_u64())
    };
    let (found, cursor) = own(json!({}));
    assert_eq!(found, ["create olive phone - by 0 admin", "user.enroll olive - - by 0 admin"]);
    assert_eq!(own(json!({"id": id})).0, Vec::<String>::new());
    assert_eq!(own(json!({"after": 0, "kinds": ["denied"]})).0, Vec::<String>::new());
    // Not even that something happens is told.
    done(&daemon, "revoke", json!({"ids": [id]}));
    assert_eq!(own(json!({})).1, cursor);
    // The account's name was another's before.
    done(&daemon, "user.delete", json!({"user": "olive"}));
    assert_eq!(own(json!({})).0, Vec::<String>::new());
    done(&daemon, "create", json!({"user": "olive", "name": "anew"}));
    assert_eq!(own(json!({})).0.len(), 2);
    assert_eq!(
        told(&events(&daemon, json!({"user": "olive"}))).len(),
        7,
        "all that had the name, and a refusal"
    );
    done(&daemon, "user.lock", json!({"user": "olive"}));
    assert_eq!(outcome(&act(OLIVE, &[], &daemon, "events", json!({}))), "denied", "as everything else");
}

fn too_many() {
    let daemon = site(&format!("[events]\nmost = 1000\n{OFTEN}")).start();
    let created = create(&daemon, "phone", json!({}));
    let (_, site) = daemon.stop();
    sql(
        &site,
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1100) \
         INSERT INTO event (at, host, kind) SELECT at, host, 'panic.on' FROM event, n WHERE kind = 'create'",
    );
    let daemon = site.start();
    daemon.wait_for_line(&["forgot ", "beyond 1000 ([events])"]);
    let found = events(&daemon, json!({}));
    // A twentieth more goes, and what was done is told.
    assert_eq!((found.len(), found.last().map(|e| e["kind"].clone())), (951, Some(json!("prune"))));
    assert!(found.iter().all(|event| event["id"] != created.id.as_str()), "the oldest go");
}

fn owner_of_a_short_trail() {
    // Housekeeping comes each second, by a clock that no test moves.
    let site = site("[events]\nkeep = \"4s\"\n");
    let clock = Clock::new(&site);
    let command = clock.drive(apppw_tests::among::among(&site, PASSWD, GROUP));
    let daemon = site.start_by(command);
    done(&daemon, "create", json!({"user": "olive", "name": "phone"}));
    clock.go(DAY);
    // What a clock that jumps makes old is kept for its whole time from then on.
    daemon.wait_for_line(&["the clock jumped by"]);
    clock.go(5);
    daemon.wait_for_line(&["forgot 2 events"]);
    assert!(done(&daemon, "events", json!({"user": "olive"}))["forgotten"].is_u64());
    let own = act(OLIVE, &[], &daemon, "events", json!({}));
    assert_eq!((&own["ok"]["events"], &own["ok"]["forgotten"]), (&json!([]), &Value::Null));
}

/// The kernel keeps the uid that a session was logged in with.
fn login_uid() {
    if std::fs::metadata("/proc/self/loginuid").is_err() {
        return;
    }
    let daemon = Apppwd::start();
    let cli = daemon.cli(&["create", USER, "phone", "--json"]);
    let mut command = Command::new("sh");
    command.args(["-c", CHOOSE_LOGIN, "sh"]).arg(cli.get_program()).args(cli.get_args());
    let output = command.output().expect("sh runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if text.contains("loginuid") {
        // Not permitted where this session has one already.
        return;
    }
    assert!(output.status.success(), "{text}");
    done(&daemon, "create", json!({"user": USER, "name": "tablet"}));
    let logins: Vec<Value> = events(&daemon, json!({"kinds": ["create"]}))
        .iter()
        .map(|e| e["actor"]["login_uid"].clone())
        .collect();
    let mine = std::fs::read_to_string("/proc/self/loginuid").expect("a login uid");
    let mine = mine.trim().parse::<u32>().ok().filter(|uid| *uid != u32::MAX);
    assert_eq!(logins, [json!(4242), json!(mine)]);
    let id = events(&daemon, json!({}))[0]["id"].clone();
    let shown = done(&daemon, "show", json!({"id": id}));
    assert_eq!(shown["app_password"]["created_by"]["login_uid"], 4242, "{shown}");
}

/// Whoever came from no login may tell the kernel one, and it need not be his.
fn chosen_login() {
    if std::fs::metadata("/proc/self/loginuid").is_err() {
        return;
    }
    let daemon = among_people("");
    let cli = daemon.cli(&["panic", "on"]);
    let mut command = Command::new("sh");
    command.args(["-c", CHOOSE_LOGIN, "sh"]).arg(cli.get_program()).args(cli.get_args());
    let output = Identity::new(OLIVE).act(|| command.output().expect("sh runs"));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    if text.contains("loginuid") {
        // Not permitted where this session has one already.
        return;
    }
    let told = events(&daemon, json!({"kinds": ["denied"]}));
    assert_eq!((&told[0]["actor"]["uid"], &told[0]["actor"]["login_uid"]), (&json!(OLIVE), &Value::Null));
}

fn pages() {
    let daemon = Apppwd::start();
    for n in 0..150 {
        done(&daemon, "create", json!({"user": format!("user{n}"), "name": "n".repeat(80)}));
    }
    const MEANWHILE: usize = 60;
    let is_through = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..MEANWHILE {
                done(&daemon, "create", json!({"user": "busy", "name": format!("{n}")}));
            }
            is_through.store(true, Ordering::SeqCst);
        });
        // As --follow does: from the cursor on, and what was there once is there once.
        let (mut seen, mut args, mut told_meanwhile) = (BTreeMap::new(), json!({}), 0);
        loop {
            let is_last = is_through.load(Ordering::SeqCst);
            let page = done(&daemon, "events", args);
            let events = page["events"].as_array().expect("events");
            for event in events {
                let number = event["seq"].as_u64().expect("a number");
                assert!(seen.insert(number, event.clone()).is_none(), "told twice: {event}");
            }
            args = json!({"after": page["cursor"]});
            told_meanwhile += usize::from(!is_last && !events.is_empty());
            if is_last && events.is_empty() {
                break;
            }
        }
        // Each user's first creation enrols.
        assert_eq!(seen.len(), 2 * 150 + MEANWHILE + 1);
        assert!(told_meanwhile > 2, "nothing happened meanwhile");
        let again: Vec<Value> = events(&daemon, json!({}));
        assert_eq!(again, seen.into_values().collect::<Vec<_>>());
    });
    for (args, field) in [
        (json!({"last": 3, "after": 5}), "last"),
        (json!({"kinds": ["craete"]}), "args"),
        (json!({"user": "a\nb"}), "user"),
    ] {
        assert_eq!(refused(&daemon, "events", args), ("invalid".to_owned(), field.to_owned()));
    }
    let beyond = done(&daemon, "events", json!({"after": u64::MAX}));
    assert_eq!((&beyond["events"], &beyond["cursor"]), (&json!([]), &json!(i64::MAX)));
    assert_eq!(events(&daemon, json!({"last": 3})).len(), 3);
    let stranger = refused(&daemon, "events", json!({"user": "stranger"}));
    assert_eq!(stranger, ("not_found".to_owned(), "user".to_owned()));
    assert_eq!(
        events(&daemon, json!({"user": "busy", "after": i64::MAX})).len(),
        0,
        "known, and nothing new"
    );
}

fn full_pages() {
    let daemon = Apppwd::start();
    let made = create(&daemon, "phone", json!({}));
    let wide = |n: u32| format!("{n}{}", "\u{1F4F1}".repeat(70));
    for n in 0..150 {
        done(&daemon, "rename", json!({"id": made.id, "name": wide(n)}));
    }
    let names: Vec<_> = events(&daemon, json!({"kinds": ["rename"]}))
        .iter()
        .map(|event| event["name"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names, (0..150).map(wide).collect::<Vec<_>>());
}

fn killed() {
    let mut daemon = Apppwd::start();
    let mut expected = Vec::new();
    for round in 0..12 {
        let made = create(&daemon, &format!("{round}"), json!({}));
        expected.push(format!("create {USER} {round} - by 0 admin"));
        if round == 0 {
            expected.push(format!("user.enroll {USER} - - by 0 admin"));
        }
        if round % 2 == 0 {
            done(&daemon, "revoke", json!({"ids": [made.id]}));
            expected.push(format!("revoke {USER} {round} - by 0 admin"));
        }
        daemon = daemon.kill().start();
    }
    assert_eq!(told(&events(&daemon, json!({}))), expected);
}

fn forgotten() {
    let site = site("[events]\nkeep = \"30d\"\n");
    let clock = Clock::new(&site);
    let daemon = clock.start(site);
    let made = create(&daemon, "phone", json!({}));
    let first = events(&daemon, json!({}));
    for day in 1..=40 {
        clock.go(DAY);
        done(&daemon, "rename", json!({"id": made.id, "name": format!("day {day}")}));
    }
    // Housekeeping comes with a start.
    let site = reconfigured(daemon, "[events]\nkeep = \"30d\"\n");
    // As if those days had passed, and the clock not jumped: the last word says since when it has not.
    sql(
        &site,
        "UPDATE meta SET value = CAST(rtrim(CAST(value AS TEXT), '0123456789') || '0' AS BLOB) WHERE key = 'record'",
    );
    let daemon = clock.start(site);
    daemon.wait_for_line(&["forgot 11 events, older than 30d"]);
    let page = done(&daemon, "events", json!({}));
    let left = page["events"].as_array().expect("events");
    assert_eq!(left[0]["name"], "day 10");
    let last = left.last().expect("events");
    assert_eq!(
        (&last["kind"], &last["count"], &last["actor"]["name"]),
        (&json!("prune"), &json!(11), &json!("housekeeping"))
    );
    assert!(page["forgotten"].as_u64() > first[1]["seq"].as_u64(), "{page}");
    assert!(page["forgotten"].as_u64() < left[0]["seq"].as_u64(), "{page}");
}
