//! Finding things by what a person types: beginnings of ids, names that are nearly right.

use super::Case;
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::start_among;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::identity::Identity;
use apppw_tests::lines::{Lines, code, message};
use serde_json::{Value, json};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_beginning_is_an_id_for_who_looks", looks),
        Case::new("a_beginning_in_a_script_changes_nothing", in_a_script),
        Case::new("a_slip_in_an_id_is_answered_with_the_right_one", id_slips),
        Case::new("an_unknown_user_is_1_and_the_nearest_is_named", unknown_users),
        Case::new("a_known_account_without_app_passwords_is_an_empty_list", known_accounts),
        Case::new("groups_services_and_presets_are_found_by_their_beginning", configured),
        Case::new("a_slip_in_a_service_group_or_preset_is_answered", config_slips),
        Case::as_root("nobody_finds_what_is_anothers", others).with_program("unshare"),
    ]
}

/// What the CLI says: exit status, standard output, standard error.
fn run(daemon: &Apppwd, args: &[&str]) -> (i32, String, String) {
    let output = daemon.cli(args).output().expect("apppw runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("not killed"), text(&output.stdout), text(&output.stderr))
}

fn id_of(daemon: &Apppwd, user: &str, name: &str) -> String {
    daemon.create(user, name, &[]).app_password.id.to_string()
}

fn find(daemon: &Apppwd, args: &Value) -> Value {
    let answer = Lines::connect(&daemon.admin_socket()).call("find", args);
    assert!(answer.get("ok").is_some(), "{args}: {answer}");
    answer["ok"].clone()
}

fn names(found: &Value) -> Vec<&str> {
    found["names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Makes app passwords until two ids have the first three characters in common, and returns those.
fn twins(daemon: &Apppwd) -> (String, String) {
    let mut seen = std::collections::BTreeMap::new();
    // Of 32,768 beginnings two are the same after some 200; 3,000 leave no doubt.
    for number in 0..3_000 {
        let id = id_of(daemon, "alice", &format!("device {number}"));
        if let Some(other) = seen.insert(id[..6].to_owned(), id.clone()) {
            return (other, id);
        }
    }
    panic!("all ids begin otherwise");
}

fn looks() {
    let daemon = Site::new(&format!("{CHEAP_ARGON2}creations_per_day = 100000\n")).start();
    let id = id_of(&daemon, "alice", "phone");
    for typed in [&id[..9], &id[3..9], &id[3..].to_uppercase(), &id[..10].to_uppercase()] {
        let (status, shown, said) = run(&daemon, &["show", typed]);
        assert_eq!((status, said.as_str()), (0, ""), "{typed}");
        assert!(shown.contains(&id), "{shown}");
    }
    let (status, shown, _) = run(&daemon, &["events", "--id", &id[3..9]]);
    assert!(status == 0 && shown.contains("create"), "{shown}");
    let (status, _, said) = run(&daemon, &["show", &id[..5]]);
    assert!(status == 2 && said.contains("too short"), "{said}");
    // Ended ones are looked at, too.
    daemon.revoke(id.parse().expect("an id"));
    assert_eq!(run(&daemon, &["show", &id[..9]]).0, 0);

    let (one, other) = twins(&daemon);
    let (status, shown, said) = run(&daemon, &["show", &one[3..6]]);
    assert_eq!((status, shown.as_str()), (1, ""));
    assert!(said.contains(&one) && said.contains(&other) && said.contains("\" of alice"), "{said}");
    let (_, _, said) = run(&daemon, &["show", "--json", &one[3..6]]);
    assert_eq!(serde_json::from_str::<Value>(&said).expect("JSON")["error"]["code"], "ambiguous");
}

fn in_a_script() {
    let daemon = Apppwd::start();
    let id = id_of(&daemon, "alice", "phone");
    for typed in [&id[..10], &id[3..10]] {
        for args in [
            &["revoke", typed][..],
            &["revoke", "--yes", typed],
            &["suspend", typed],
            &["resume", typed],
            &["rename", typed, "tablet"],
            &["rotate", typed],
        ] {
            let (status, shown, said) = run(&daemon, args);
            assert_eq!((status, shown.as_str()), (2, ""), "{args:?}");
            assert!(said.contains("is not a whole id"), "{said}");
        }
    }
    let listed = run(&daemon, &["list", "alice"]).1;
    assert!(listed.contains("phone") && !listed.contains("suspended"), "{listed}");
    // To say what would be is no change; the whole one without ap- is whole.
    let (status, shown, _) = run(&daemon, &["revoke", "--dry-run", &id[3..10]]);
    assert!(status == 0 && shown.contains("1 app password would be revoked"), "{shown}");
    assert_eq!(run(&daemon, &["revoke", "--yes", &id[3..]]).0, 0);
    // What would be revoked is looked for among those that live.
    let (status, _, said) = run(&daemon, &["revoke", "--dry-run", &id[3..10]]);
    assert!(status == 1 && said.contains(&format!("only {id} (\"phone\" of alice, revoked)")), "{said}");
}

fn id_slips() {
    let daemon = Apppwd::start();
    let id = id_of(&daemon, "alice", "phone");
    let last = if id.ends_with('z') { "0" } else { "z" };
    let slip = format!("{}{last}", &id[..10]);
    let hint = format!("did you mean {id} (\"phone\" of alice)?");
    for args in [&["show", &slip][..], &["revoke", &slip, "--yes"], &["show", &slip[3..]]] {
        let (status, _, said) = run(&daemon, args);
        assert!(status == 1 && said.contains(&hint), "{args:?}: {said}");
    }
    let beginning = &format!("{}{last}", &id[3..8]);
    let wrong = format!("{}{}", &beginning[..5], if id.as_bytes()[8] == b'0' { "1" } else { "0" });
    let (status, _, said) = run(&daemon, &["show", &wrong]);
    assert!(status == 1 && said.contains(&hint), "{wrong}: {said}");
    let (status, _, said) = run(&daemon, &["show", "alice/phone"]);
    assert!(status == 2 && said.contains(&hint) && said.contains("That is its name"), "{said}");
    let (status, _, said) = run(&daemon, &["show", "phone"]);
    assert!(status == 2 && !said.contains(&id), "whose phone? {said}");
}

fn unknown_users() {
    let daemon = Apppwd::start();
    for user in ["alice@example.org", "bob@example.com", "carol"] {
        id_of(&daemon, user, "phone");
    }
    for (typed, meant) in [
        ("alcie@example.org", Some("alice@example.org")),
        ("lice@example.org", Some("alice@example.org")),
        ("alice@example.com", Some("alice@example.org")),
        ("bob", Some("bob@example.com")),
        ("Carol", Some("carol")),
        ("somebody@else.where", None),
    ] {
        let answers = [
            ("list", json!({"user": typed})),
            ("user.show", json!({"user": typed})),
            ("user.unlock", json!({"user": typed})),
            ("user.delete", json!({"user": typed})),
            ("user.rename", json!({"user": typed, "new": "dave"})),
            ("events", json!({"user": typed})),
            ("verify", json!({"user": typed, "secret": "no secret"})),
            ("revoke", json!({"users": [typed], "all": true})),
        ];
        for (verb, args) in answers {
            let answer = Lines::connect(&daemon.admin_socket()).call(verb, &args);
            assert_eq!(code(&answer), "not_found", "{verb} {args}: {answer}");
            let said = message(&answer);
            assert!(said.starts_with(&format!("there is no account {typed}")), "{verb}: {said}");
            let hint =
                said.split_once("did you mean ").map(|(_, near)| near.split('?').next().expect("a name"));
            assert_eq!(hint, meant, "{verb}: {said}");
        }
    }
    let (status, shown, said) = run(&daemon, &["list", "carl"]);
    assert_eq!((status, shown.as_str()), (1, ""));
    assert_eq!(said, "apppw: there is no account carl here; did you mean carol?\n");
}

/// Also those that only the record of events knows.
fn known_accounts() {
    let daemon = Apppwd::start();
    let done = |verb: &str, user: &str| {
        let answer = Lines::connect(&daemon.admin_socket()).call(verb, &json!({"user": user}));
        assert!(answer.get("ok").is_some(), "{verb} {user}: {answer}");
    };
    done("user.enroll", "alice");
    let (status, shown, said) = run(&daemon, &["list", "alice"]);
    assert_eq!((status, shown.as_str()), (0, ""));
    assert!(said.starts_with("No app passwords of alice"), "{said}");
    assert_eq!(run(&daemon, &["list", "alice", "--json"]).0, 0);
    done("user.delete", "alice");
    assert_eq!(run(&daemon, &["list", "alice"]).0, 1);
    let (status, shown, _) = run(&daemon, &["events", "alice"]);
    assert!(status == 0 && shown.contains("delete"), "what befell her is still there: {shown}");
}

fn configured() {
    let config =
        "[groups]\nnews = [\"inn\"]\n[presets.phone]\nservices = [\"imap\"]\n[presets.\"my printer\"]\n";
    let daemon = Site::new(&format!("{CHEAP_ARGON2}{config}")).start();
    let found = |what: &str, text: &str| find(&daemon, &json!({"what": what, "text": text}));
    assert_eq!(names(&found("group", "")), ["chat", "dav", "files", "mail", "news"]);
    assert_eq!(names(&found("service", "m")), ["mail", "managesieve"]);
    assert_eq!(names(&found("service", "in")), ["inn"]);
    assert_eq!(names(&found("preset", "")), ["my printer", "phone"]);
    let some = found("service", "");
    assert_eq!((names(&some).len(), &some["more"]), (8, &json!(true)));
    let many = find(&daemon, &json!({"what": "service", "most": 1_000_000}));
    assert!(names(&many).len() <= 50);
}

fn config_slips() {
    let daemon = Site::new(&format!("{CHEAP_ARGON2}[presets.phone]\n")).start();
    let secret = daemon.create("alice", "laptop", &[]).secret.expose().to_owned();
    for (args, hint) in [
        (&["create", "alice", "x", "--service", "imapp"][..], "did you mean \"imap\"?"),
        (&["create", "alice", "x", "--preset", "fone"], "did you mean \"phone\"?"),
        (&["revoke", "--service", "mial", "--yes"], "did you mean \"mail\"?"),
        (&["panic", "on", "--group", "mial"], "did you mean \"mail\"?"),
        (&["user", "alice", "lok"], "did you mean apppw user alice lock?"),
        (&["lsit"], "'list'"),
        (&["create", "alice", "x", "--pin", "netwrok"], "'network'"),
    ] {
        let (status, shown, said) = run(&daemon, args);
        assert_eq!((status, shown.as_str()), (2, ""), "{args:?}");
        assert!(said.contains(hint), "{args:?}: {said}");
    }
    for (service, hint) in [("imp", "imp; did you mean imap?"), ("gopher", "gopher\n")] {
        let mut verify = daemon.cli(&["verify", "alice", "--service", service]);
        let mut child = verify
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("apppw runs");
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), secret.as_bytes())
            .expect("a secret");
        let output = child.wait_with_output().expect("it ends");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains(&format!("No group has the service {hint}")), "{shown}");
    }
}

fn others() {
    let config = format!("{CHEAP_ARGON2}[presets.phone]\n");
    let daemon = start_among(Site::new(&config), PASSWD, GROUP);
    let own = id_of(&daemon, "olive", "own phone");
    let theirs = id_of(&daemon, "oscar", "their phone");
    let (olive, heidi) = (Identity::new(4001), Identity { groups: vec![778], ..Identity::new(4004) });
    let ask = |who: &Identity, args: Value| {
        let answer = who.act(|| Lines::connect(&daemon.admin_socket()).call("find", &args));
        assert!(answer.get("ok").is_some(), "{args}: {answer}");
        answer["ok"].clone()
    };
    let ids = |found: &Value, list: &str| -> Vec<String> {
        let found = found[list].as_array().into_iter().flatten();
        found.map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    };
    let app_password = |text: &str| json!({"what": "app_password", "text": text, "all": true});
    assert_eq!(ids(&ask(&olive, app_password("")), "app_passwords"), std::slice::from_ref(&own));
    assert_eq!(ids(&ask(&heidi, app_password("")), "app_passwords").len(), 2);
    for text in [&theirs[..], &theirs[..8], "their phone", "oscar/their phone"] {
        let found = ask(&olive, app_password(text));
        assert!(
            !found.to_string().contains("oscar") && !found.to_string().contains(&theirs),
            "{text}: {found}"
        );
    }
    assert_eq!(
        ids(&ask(&olive, app_password("Own Phone")), "near"),
        std::slice::from_ref(&own),
        "by its name"
    );
    assert_eq!(ids(&ask(&heidi, app_password("oscar/their phone")), "near"), std::slice::from_ref(&theirs));
    assert_eq!(names(&ask(&olive, json!({"what": "user"}))), ["olive"]);
    assert_eq!(names(&ask(&olive, json!({"what": "user", "text": "os"}))), [""; 0]);
    assert_eq!(names(&ask(&heidi, json!({"what": "user", "text": "o"}))), ["olive", "oscar"]);
    assert_eq!(names(&ask(&olive, json!({"what": "preset"}))), [""; 0], "she creates nothing here");
    // Errors don't say it either.
    let slip = format!("{}{}", &theirs[..10], if theirs.ends_with('z') { "0" } else { "z" });
    let answer = olive.act(|| Lines::connect(&daemon.admin_socket()).call("show", &json!({"id": slip})));
    assert!(code(&answer) == "not_found" && !message(&answer).contains("did you mean"), "{answer}");
    // Whose account is closed finds nothing, and that is no refusal.
    daemon.call::<_, Value>(apppw_admin::Verb::UserLock, &json!({"user": "olive"})).expect("root may");
    assert_eq!(ask(&olive, app_password("")), json!({"more": false}));
    assert!(!daemon.settled_log().contains("denied to olive (uid 4001): find"));
}
