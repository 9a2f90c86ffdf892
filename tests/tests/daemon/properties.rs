//! What holds whatever is done: no verb widens, nothing but `unenroll` and `delete` brings a
//! primary password back, and a stricter configuration never accepts more.

use super::Case;
use super::asking::{OTHER, USER, create, done, login, primary, reconfigured, site, state, wait_until};
use apppw_tests::apppwd::Apppwd;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const STRANGE: &str = "0000000000000000";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("losing_the_last_app_password_revives_no_primary", sticky),
        Case::new("no_verb_widens", verbs),
        Case::new("a_stricter_configuration_accepts_no_more", tightening),
    ]
}

/// Some app passwords of every kind: their names and secrets.
fn several(daemon: &Apppwd) -> Vec<(String, String)> {
    let scopes = [
        ("plain", json!({})),
        ("imap", json!({"services": ["imap"]})),
        ("chat", json!({"services": ["chat", "ftp"]})),
        ("near", json!({"services": ["mail", "chat"], "networks": ["192.0.2.0/24"]})),
        ("pinned", json!({"services": ["mail", "chat"], "pin": ["service", "network"]})),
        ("pending", json!({"pin": ["network"]})),
    ];
    let all = scopes.map(|(name, scope)| (name.to_owned(), create(daemon, name, scope).secret));
    assert_eq!(login(daemon, USER, &all[4].1, "imap", "192.0.2.7"), "accepted");
    all.into()
}

/// Everything that lets somebody in: app passwords and primary passwords (those that are left to
/// the next module), each at each service from each address. The pending pin is only verified.
fn open(daemon: &Apppwd, secrets: &[(String, String)]) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for service in ["imap", "smtp", "xmpp", "ftp", "gopher"] {
        for address in ["192.0.2.7", "198.51.100.7"] {
            for (name, secret) in secrets {
                let args = json!({"user": USER, "secret": secret, "service": service, "rhost": address});
                if done(daemon, "verify", args)["accepted"] == true {
                    open.insert(format!("{name} at {service} from {address}"));
                }
            }
            for user in [USER, OTHER] {
                for (what, reason) in [
                    ("primary password", primary(daemon, user, service, address)),
                    ("shaped primary password", login(daemon, user, STRANGE, service, address)),
                ] {
                    if ["primary-allowed", "primary-reported", "never-enrolled"].contains(&reason.as_str()) {
                        open.insert(format!("{user}'s {what} at {service} from {address}"));
                    }
                }
            }
        }
    }
    open
}

fn id_of(daemon: &Apppwd, name: &str) -> String {
    let all = super::asking::all(daemon);
    let one = all.iter().find(|one| one["name"] == name && one["successor"].is_null());
    one.and_then(|one| one["id"].as_str()).expect("it is there").to_owned()
}

/// A verb and its arguments; names of app passwords stand for their ids.
type Call = (&'static str, Value);

/// Each verb that changes something, and the one that takes it back.
fn verbs() {
    let user = json!({"user": USER});
    #[rustfmt::skip]
    let table: [(Call, Option<Call>); 15] = [
        (("suspend",       json!({"ids": ["imap"]})),                Some(("resume", json!({"ids": ["imap"]})))),
        (("resume",        json!({"ids": ["imap"]})),                None),
        (("rename",        json!({"id": "imap", "name": "x"})),      None),
        (("rotate",        json!({"id": "imap"})),                   None),
        (("rotate",        json!({"id": "pinned"})),                 None),
        (("revoke",        json!({"ids": ["imap"]})),                Some(("resume", json!({"ids": ["plain"]})))),
        (("create",        json!({"user": USER, "name": "new"})),    None),
        (("create",        json!({"user": OTHER, "name": "new"})),   Some(("user.lock", json!({"user": OTHER})))),
        (("panic",         json!({"on": true, "group": "chat"})),    Some(("panic", json!({"on": false, "group": "chat"})))),
        (("user.enroll",   json!({"user": OTHER})),                  Some(("user.unenroll", json!({"user": OTHER})))),
        (("user.lock",     user.clone()),                            Some(("user.unlock", user.clone()))),
        (("user.unlock",   user.clone()),                            None),
        (("user.lockdown", user.clone()),                            Some(("user.unlock", user.clone()))),
        (("user.lock",     json!({"user": OTHER})),                  Some(("user.unlock", json!({"user": OTHER})))),
        (("verify",        json!({"user": USER, "secret": STRANGE})), None),
    ];
    let daemon = site("[policy]\nprimary = \"refuse-enrolled\"\n").start();
    let template = several(&daemon);
    let first = open(&daemon, &template);
    let (_, mut site) = daemon.stop();
    apppw_tests::apppwd::copy(&site.path("state"), &site.path("before"));
    apppw_tests::apppwd::copy(&site.path("key"), &site.path("key before"));
    for ((verb, args), back) in table {
        for (from, to) in [("before", "state"), ("key before", "key")] {
            std::fs::remove_dir_all(site.path(to)).expect("it can be removed");
            apppw_tests::apppwd::copy(&site.path(from), &site.path(to));
        }
        let daemon = site.start();
        let with_ids = |args: &Value| {
            let mut args = args.clone();
            if let Some(name) = args["id"].as_str().map(str::to_owned) {
                args["id"] = json!(id_of(&daemon, &name));
            }
            if let Some(name) = args["ids"][0].as_str().map(str::to_owned) {
                args["ids"] = json!([id_of(&daemon, &name)]);
            }
            args
        };
        let asked = with_ids(&args);
        let undone = back.map(|(verb, args)| (verb, with_ids(&args)));
        done(&daemon, verb, asked);
        let then = open(&daemon, &template);
        let more: Vec<_> = then.difference(&first).collect();
        assert!(more.is_empty(), "{verb} {args} has opened {more:?}");
        if let Some((back, args)) = undone {
            done(&daemon, back, args);
            let then = open(&daemon, &template);
            let more: Vec<_> = then.difference(&first).collect();
            assert!(more.is_empty(), "{verb} and {back} have opened {more:?}");
        }
        site = daemon.stop().1;
    }
}

/// Each of these takes something away from the laxest configuration.
fn tightening() {
    let lax = "[policy]\nprimary = \"allow\"\n";
    let table = [
        "[policy]\nprimary = \"refuse-enrolled\"\n".to_owned(),
        "[policy]\nprimary = \"refuse\"\n".to_owned(),
        "[policy]\nprimary = \"refuse\"\nreport_only = true\n".to_owned(),
        "[policy]\nprimary = \"refuse\"\nprimary_networks = [\"192.0.2.0/24\"]\n".to_owned(),
        format!("{lax}[policy.group.mail]\nprimary = \"refuse\"\n"),
        format!("{lax}[policy.user.\"{USER}\"]\nprimary = \"refuse-enrolled\"\n"),
        format!("{lax}[groups]\nchat = []\n"),
        format!("{lax}[groups]\nmail = [\"imap\"]\nfiles = []\n"),
        format!("{lax}longest_life = \"1d\"\n[limits]\nper_account = 0\ncreations_per_day = 0\n"),
    ];
    let mut daemon = site(lax).start();
    let secrets = several(&daemon);
    let first = open(&daemon, &secrets);
    for config in table {
        daemon = reconfigured(daemon, &config).start();
        let then = open(&daemon, &secrets);
        let more: Vec<_> = then.difference(&first).collect();
        assert!(more.is_empty(), "{config} has opened {more:?}");
        daemon = reconfigured(daemon, lax).start();
        assert_eq!(open(&daemon, &secrets), first, "back from {config}");
    }
}

/// Only an administrator's `unenroll` (and `delete`, which forgets the account) brings a primary
/// password back; no way of losing the last app password does.
fn sticky() {
    for lose in ["revoke", "lockdown", "expire", "drop", "suspend", "rotate"] {
        let config = "[policy]\nprimary = \"refuse-enrolled\"\n[limits]\ntombstones = \"1s\"\n";
        let mut daemon = site(config).start();
        assert_eq!(primary(&daemon, USER, "imap", "192.0.2.7"), "primary-allowed");
        let expires = if lose == "expire" { json!({"expires": {"after": "1s"}}) } else { json!({}) };
        let one = create(&daemon, "phone", expires);
        let ids = json!({"ids": [one.id]});
        match lose {
            "revoke" => drop(done(&daemon, "revoke", ids)),
            "suspend" => drop(done(&daemon, "suspend", ids)),
            "rotate" => {
                done(&daemon, "rotate", json!({"id": one.id, "grace": "1s"}));
                done(&daemon, "revoke", json!({"users": [USER], "all": true}));
            }
            "lockdown" => {
                done(&daemon, "user.lockdown", json!({"user": USER}));
                done(&daemon, "user.unlock", json!({"user": USER}));
            }
            "expire" => wait_until("it expires", || state(&daemon, &one.id) == "expired"),
            _ => {
                done(&daemon, "revoke", ids);
                wait_until("its tombstone is gone", || daemon.status().revoked == 0);
            }
        }
        for _ in 0..2 {
            let found = primary(&daemon, USER, "imap", "192.0.2.7");
            assert_eq!(found, "primary-refused-enrolled", "after {lose}");
            assert_ne!(login(&daemon, USER, STRANGE, "imap", "192.0.2.7"), "never-enrolled", "after {lose}");
            daemon = daemon.kill().start();
        }
        done(&daemon, "user.unenroll", json!({"user": USER}));
        assert_eq!(primary(&daemon, USER, "imap", "192.0.2.7"), "primary-allowed");
    }
}
