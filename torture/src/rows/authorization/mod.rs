//! Who may do what: every verb × every kind of caller × his own account and another's × both settings of self-service, over
//! the real socket with real uids. What was refused has changed nothing and is an event; what was done can be seen.

mod callers;
pub mod confused;

use crate::row::{Cases, Outcome, Row};
use apppw_admin::Verb;
use apppw_tests::among::start_among;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::contract::{Standing, expected};
use apppw_tests::identity::is_root;
use apppw_tests::lines::{Lines, code};
use callers::{Caller, GROUP, PASSWD};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// An account that is nobody's own here.
const OTHERS: &str = "others@example.org";

const VERBS: u64 = Verb::ALL.len() as u64;
const CALLERS: u64 = Caller::ALL.len() as u64;

/// The row.
pub const ROW: Row = Row {
    number: 13,
    name: "authorization",
    shows: "every verb by every kind of caller, on his own account and another's, with self-service of both kinds: done or \
            refused as the table says; what was refused changed nothing and left its event",
    unit: "cells",
    full: VERBS * CALLERS * 4,
    // On his own account, where users may create: there most is done.
    short: VERBS * CALLERS,
    batch: VERBS * CALLERS,
    run,
};

fn run(cases: &Cases) -> Outcome {
    if !is_root() {
        return Outcome::unable("needs root to act as other users");
    }
    let mut outcome = Outcome::default();
    let quarter = VERBS * CALLERS;
    let mut at = cases.range.start;
    while at < cases.range.end {
        let end = cases.range.end.min((at / quarter + 1) * quarter);
        let part = Cases { range: at..end, of: cases.of };
        outcome.add(with_daemon(&part, (at / quarter).is_multiple_of(2), at / quarter < 2));
        at = end;
    }
    outcome
}

/// Cells of one daemon.
fn with_daemon(cases: &Cases, is_own: bool, may_create: bool) -> Outcome {
    let self_service = if may_create { "create" } else { "revoke" };
    let config =
        format!("{CHEAP_ARGON2}creations_per_day = 100000\n[policy]\nself_service = \"{self_service}\"\n");
    let daemon = start_among(Site::new(&config), PASSWD, GROUP);
    let mut refused = BTreeMap::<(u32, &'static str), u64>::new();
    let mut outcome = Outcome::of_each(cases, |case, outcome| {
        let index = |n: u64| usize::try_from(n).expect("small");
        let verb = Verb::ALL[index(case / CALLERS % VERBS)];
        let caller = Caller::ALL[index(case % CALLERS)];
        let user = if is_own { caller.own() } else { OTHERS };
        let cell = Cell { daemon: &daemon, verb, caller, user };
        let found = cell.run(case, outcome);
        let wanted = expected(verb, caller.standing(is_own), may_create);
        let what = format!("{} by {caller:?} on {user}, self_service {self_service}", verb.name());
        if found != wanted {
            outcome.find(case, format!("{what}: {found}, wanted {wanted}"));
        }
        // To who sees everything, what isn't found isn't there.
        let sees_all = matches!(caller.standing(is_own), Standing::Root | Standing::Admin);
        if found == "denied" || found == "not_found" && !sees_all {
            let told = if caller.is_nobody() { "any" } else { verb.name() };
            *refused.entry((caller.identity().uid, told)).or_default() += 1;
        }
        outcome.count(&found, 1);
    });
    // What was counted is written at a stop.
    let (_, site) = daemon.stop();
    let daemon = start_among(site, PASSWD, GROUP);
    let told = told(&daemon);
    for ((uid, verb), count) in &refused {
        let told = told.get(&(*uid, (*verb).to_owned())).copied().unwrap_or_default();
        if told != *count {
            let first = cases.range.start;
            outcome.find(first, format!("{verb} was refused to uid {uid} {count} times, told are {told}"));
        }
    }
    outcome.count("events of refusals", told.values().sum());
    outcome
}

/// Events of refusals: how many by uid and verb.
fn told(daemon: &Apppwd) -> BTreeMap<(u32, String), u64> {
    let (mut told, mut after) = (BTreeMap::new(), 0);
    loop {
        let args = json!({"kinds": ["denied"], "after": after});
        let page: Value = daemon.call(Verb::Events, &args).expect("root may");
        for event in page["events"].as_array().expect("a list") {
            let uid = event["actor"]["uid"].as_u64().and_then(|uid| u32::try_from(uid).ok());
            let verb = event["verb"].as_str().unwrap_or_default().to_owned();
            let count = event["count"].as_u64().unwrap_or(1);
            *told.entry((uid.unwrap_or_default(), verb)).or_default() += count;
        }
        after = page["cursor"].as_u64().unwrap_or_default();
        if page["more"] != json!(true) {
            return told;
        }
    }
}

struct Cell<'a> {
    daemon: &'a Apppwd,
    verb: Verb,
    caller: Caller,
    user: &'a str,
}

impl Cell<'_> {
    fn as_root(&self, verb: Verb, args: &Value) -> Value {
        self.daemon.call(verb, args).unwrap_or_else(|error| panic!("root, {}: {error}", verb.name()))
    }

    /// What came of it: "ok", or the error's code.
    fn run(&self, case: u64, outcome: &mut Outcome) -> String {
        let Self { daemon, verb, caller, user } = *self;
        let target = daemon.create(user, &format!("{} by {caller:?}", verb.name()), &[]);
        let id = target.app_password.id;
        match verb {
            Verb::Resume => drop(self.as_root(Verb::Suspend, &json!({"ids": [id]}))),
            Verb::UserUnlock => drop(self.as_root(Verb::UserLock, &json!({"user": user}))),
            Verb::UserEnroll => drop(self.as_root(Verb::UserUnenroll, &json!({"user": user}))),
            _ => {}
        }
        let args = match verb {
            Verb::Create => json!({"user": user, "name": format!("made by {caller:?}")}),
            Verb::List => json!({"user": user, "all": true}),
            Verb::Events => json!({"user": user, "last": 5}),
            Verb::Find => json!({"what": "app_password", "text": id}),
            Verb::Show | Verb::Watch | Verb::Rotate => json!({"id": id}),
            Verb::Rename => json!({"id": id, "name": format!("renamed by {caller:?} {case}")}),
            Verb::Revoke | Verb::Suspend | Verb::Resume => json!({"ids": [id]}),
            Verb::Verify => json!({"user": user, "secret": target.secret.expose()}),
            Verb::Status | Verb::Report | Verb::Users | Verb::Metrics | Verb::Doctor => json!({}),
            // Else the whole copy would follow the answer.
            Verb::Backup => json!({"to": "/"}),
            Verb::BackupKept => json!({"sha256": "00"}),
            Verb::Keys | Verb::KeyRotate | Verb::KeyExport => json!({}),
            Verb::KeyRetire => {
                let old = self.keys().swap_remove(0);
                drop(self.as_root(Verb::KeyRotate, &json!({})));
                json!({"id": old})
            }
            Verb::KeyImport => json!({"text": self.as_root(Verb::KeyExport, &json!({}))["text"]}),
            Verb::Panic => json!({"on": true}),
            Verb::UserRename => json!({"user": user, "new": "renamed@example.org"}),
            Verb::UserShow
            | Verb::UserEnroll
            | Verb::UserUnenroll
            | Verb::UserLock
            | Verb::UserUnlock
            | Verb::UserLockdown
            | Verb::UserDelete => json!({"user": user}),
        };
        let before = self.state(id);
        let answer =
            caller.identity().act(|| Lines::connect(&daemon.admin_socket()).call(verb.name(), &args));
        let is_done = answer.get("ok").is_some();
        let has_changed = self.state(id) != before;
        let what = format!("{} by {caller:?} on {user}", verb.name());
        if has_changed != (is_done && changes(verb)) {
            outcome.find(case, format!("{what}: changed something: {has_changed}; answer {answer}"));
        }
        if !is_done && answer.to_string().contains(target.secret.expose()) {
            outcome.find(case, format!("{what}: the error has the secret in it"));
        }
        let saw = answer.to_string().contains(&id.to_string());
        let may_see = expected(Verb::Show, caller.standing(user == caller.own()), false) == "ok";
        if verb == Verb::Find && is_done && saw != may_see {
            outcome.find(case, format!("{what}: sees it: {saw}, wanted {may_see}"));
        }
        self.take_back(is_done);
        if is_done { "ok".to_owned() } else { code(&answer).to_owned() }
    }

    /// All that a verb could change.
    fn state(&self, id: apppw_admin::AppPasswordId) -> Value {
        let status = self.as_root(Verb::Status, &json!({}));
        let counts = ["accounts", "enrolled", "locked", "live", "suspended", "revoked", "panic"]
            .map(|key| status[key].clone());
        let daemon = self.daemon;
        let show: Result<Value, _> = daemon.call(Verb::Show, &json!({"id": id}));
        let account: Result<Value, _> = daemon.call(Verb::UserShow, &json!({"user": self.user}));
        json!([counts, show.ok(), account.ok(), self.keys()])
    }

    /// The active keys' numbers, newest first.
    fn keys(&self) -> Vec<Value> {
        let keys = self.as_root(Verb::Keys, &json!({}));
        keys["keys"].as_array().expect("a list").iter().map(|key| key["id"].clone()).collect()
    }

    /// As it was, for the next one.
    fn take_back(&self, is_done: bool) {
        let user = self.user;
        match self.verb {
            Verb::UserRename if is_done => {
                drop(self.as_root(Verb::UserRename, &json!({"user": "renamed@example.org", "new": user})));
            }
            Verb::UserLock | Verb::UserUnlock | Verb::UserLockdown => {
                drop(self.as_root(Verb::UserUnlock, &json!({"user": user})));
            }
            Verb::UserUnenroll | Verb::UserEnroll => {
                drop(self.as_root(Verb::UserEnroll, &json!({"user": user})));
            }
            // Three is the limit.
            Verb::KeyRotate | Verb::KeyRetire => {
                for old in self.keys().into_iter().skip(1) {
                    drop(self.as_root(Verb::KeyRetire, &json!({"id": old})));
                }
            }
            Verb::Panic if is_done => drop(self.as_root(Verb::Panic, &json!({"on": false}))),
            _ => {}
        }
    }
}

/// Whether a verb that is done changes something. No verb without a row.
const fn changes(verb: Verb) -> bool {
    match verb {
        Verb::Create
        | Verb::Rename
        | Verb::Rotate
        | Verb::Suspend
        | Verb::Resume
        | Verb::Revoke
        | Verb::Panic
        | Verb::KeyRotate
        | Verb::KeyRetire
        | Verb::UserEnroll
        | Verb::UserUnenroll
        | Verb::UserLock
        | Verb::UserUnlock
        | Verb::UserLockdown
        | Verb::UserRename
        | Verb::UserDelete => true,
        Verb::List
        | Verb::Show
        | Verb::Find
        | Verb::Verify
        | Verb::Watch
        | Verb::Events
        | Verb::Users
        | Verb::Status
        | Verb::Metrics
        | Verb::Doctor
        | Verb::Report
        | Verb::Backup
        | Verb::BackupKept
        | Verb::Keys
        | Verb::KeyExport
        // What is there is imported again.
        | Verb::KeyImport
        | Verb::UserShow => false,
    }
}
