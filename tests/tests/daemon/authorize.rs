//! Who may do what: every verb × every kind of caller, over the real socket with real uids.

use super::Case;
use apppw_admin::Verb;
use apppw_tests::among::start_among;
use apppw_tests::apppwd::{Apppwd, CHEAP_ARGON2, Site};
use apppw_tests::contract::{Standing, expected};
use apppw_tests::frames::try_login;
use apppw_tests::identity::Identity;
use apppw_tests::lines::Lines;
use serde_json::{Value, json};

/// Users of a host of its own: olive and oscar are people, adele is an administrator, heidi is of
/// the helpdesk.
pub const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nsvc:x:450:450::/:/bin/false\nolive:x:4001:4001::/:/bin/sh\n\
                      oscar:x:4002:4002::/:/bin/sh\nadele:x:4003:4003::/:/bin/sh\nheidi:x:4004:4004::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n";
/// And their groups.
pub const GROUP: &str = "root:x:0:\napppw-admin:x:777:adele\napppw-helpdesk:x:778:heidi\nolive:x:4001:\n";

pub fn cases() -> Vec<Case> {
    vec![
        Case::as_root("every_verb_and_caller_self_service_revoke", || table("revoke"))
            .with_program("unshare"),
        Case::as_root("every_verb_and_caller_self_service_create", || table("create"))
            .with_program("unshare"),
        Case::as_root("a_person_reaches_the_account_of_that_uid_only", other_person).with_program("unshare"),
        Case::as_root("a_person_who_leaves_user_out_acts_for_himself", for_himself).with_program("unshare"),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Root,
    /// Has the group by logging in.
    AdminGroup,
    /// Has it as the first group.
    AdminPrimaryGroup,
    /// Is in `/etc/group`, but this session does not have the group.
    AdminOnPaper,
    /// A person with the group.
    Helpdesk,
    /// A program with the group: its uid is no person's.
    HelpdeskProgram,
    HelpdeskOnPaper,
    /// Has both groups.
    AdminOfHelpdesk,
    /// The account's own person.
    Owner,
    OtherUser,
    Nobody,
    SystemUser,
    Unmapped,
}

impl Caller {
    const ALL: [Self; 13] = [
        Self::Root,
        Self::AdminGroup,
        Self::AdminPrimaryGroup,
        Self::AdminOnPaper,
        Self::AdminOfHelpdesk,
        Self::Helpdesk,
        Self::HelpdeskProgram,
        Self::HelpdeskOnPaper,
        Self::Owner,
        Self::OtherUser,
        Self::Nobody,
        Self::SystemUser,
        Self::Unmapped,
    ];

    /// What stands above its column.
    const fn heading(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::AdminGroup => "admin",
            Self::AdminPrimaryGroup => "adm(gid)",
            Self::AdminOnPaper => "adm(file)",
            Self::AdminOfHelpdesk => "adm+help",
            Self::Helpdesk => "helpdesk",
            Self::HelpdeskProgram => "help(prg)",
            Self::HelpdeskOnPaper => "hlp(file)",
            Self::Owner => "owner",
            Self::OtherUser => "other",
            Self::Nobody => "nobody",
            Self::SystemUser => "system",
            Self::Unmapped => "unmapped",
        }
    }

    fn identity(self) -> Identity {
        match self {
            Self::Root => Identity::new(0),
            Self::AdminGroup => Identity { groups: vec![5, 777], ..Identity::new(4003) },
            Self::AdminPrimaryGroup => Identity { gid: 777, ..Identity::new(4002) },
            Self::AdminOnPaper => Identity::new(4003),
            Self::AdminOfHelpdesk => Identity { groups: vec![778, 777], ..Identity::new(4003) },
            Self::Helpdesk => Identity { groups: vec![5, 778], ..Identity::new(4004) },
            Self::HelpdeskProgram => Identity { gid: 778, ..Identity::new(450) },
            Self::HelpdeskOnPaper => Identity::new(4004),
            Self::Owner => Identity::new(4001),
            Self::OtherUser => Identity::new(4002),
            Self::Nobody => Identity::new(65_534),
            Self::SystemUser => Identity::new(450),
            Self::Unmapped => Identity::new(5_000),
        }
    }

    /// How he stands to olive's account.
    const fn standing(self) -> Standing {
        match self {
            Self::Root => Standing::Root,
            Self::AdminGroup | Self::AdminPrimaryGroup | Self::AdminOfHelpdesk => Standing::Admin,
            Self::Helpdesk => Standing::Helpdesk(false),
            Self::HelpdeskProgram => Standing::HelpdeskProgram,
            Self::Owner => Standing::Person(true),
            Self::OtherUser | Self::AdminOnPaper | Self::HelpdeskOnPaper => Standing::Person(false),
            Self::Nobody | Self::SystemUser | Self::Unmapped => Standing::Nobody,
        }
    }
}

fn start(self_service: &str) -> Apppwd {
    let config = format!("{CHEAP_ARGON2}[policy]\nself_service = \"{self_service}\"\n");
    start_among(Site::new(&config), PASSWD, GROUP)
}

fn ask(daemon: &Apppwd, identity: &Identity, verb: &str, args: &Value) -> Value {
    identity.act(|| Lines::connect(&daemon.admin_socket()).call(verb, args))
}

fn outcome(answer: &Value) -> &str {
    if answer.get("ok").is_some() { "ok" } else { apppw_tests::lines::code(answer) }
}

fn table(self_service: &str) {
    let daemon = start(self_service);
    let (mut text, mut wrong) = (String::new(), Vec::new());
    for verb in Verb::ALL.iter().copied() {
        text += &format!("{:<14}", verb.name());
        for caller in Caller::ALL {
            let target = daemon.create("olive", &format!("{verb:?} {caller:?}"), &[]);
            let id = target.app_password.id;
            let old = (verb == Verb::KeyRetire).then(|| another_key(&daemon));
            let args = match verb {
                Verb::Create => json!({"user": "olive", "name": format!("by {caller:?}")}),
                Verb::List => json!({"user": "olive", "all": true}),
                Verb::Events => json!({"user": "olive"}),
                Verb::Find => json!({"what": "app_password", "text": id}),
                Verb::Show | Verb::Watch | Verb::Rotate => json!({"id": id}),
                Verb::Rename => json!({"id": id, "name": format!("renamed by {caller:?}")}),
                Verb::Revoke | Verb::Suspend | Verb::Resume => json!({"ids": [id]}),
                Verb::Verify => json!({"user": "olive", "secret": target.secret.expose()}),
                Verb::Status | Verb::Report | Verb::Users | Verb::Metrics | Verb::Doctor => json!({}),
                // Else the whole copy would follow the answer.
                Verb::Backup => json!({"to": "/"}),
                Verb::BackupKept => json!({"sha256": "00"}),
                Verb::Keys | Verb::KeyRotate | Verb::KeyExport => json!({}),
                Verb::KeyRetire => json!({"id": old}),
                Verb::KeyImport => json!({"text": exported(&daemon)}),
                Verb::Panic => json!({"on": true}),
                Verb::UserRename => json!({"user": "olive", "new": "olga"}),
                Verb::UserShow
                | Verb::UserEnroll
                | Verb::UserUnenroll
                | Verb::UserLock
                | Verb::UserUnlock
                | Verb::UserLockdown
                | Verb::UserDelete => json!({"user": "olive"}),
            };
            let before = daemon.status();
            let answer = ask(&daemon, &caller.identity(), verb.name(), &args);
            let (found, wanted) =
                (outcome(&answer), expected(verb, caller.standing(), self_service == "create"));
            text += &format!(" {found:>9}");
            if found != wanted {
                wrong.push(format!("{} by {caller:?}: {found}, wanted {wanted}", verb.name()));
            }
            if found != "ok" {
                let after = daemon.status();
                let counts = |s: &apppw_admin::verbs::Status| (s.accounts, s.enrolled, s.live, s.revoked);
                assert_eq!(counts(&after), counts(&before), "{verb:?} by {caller:?} changed something");
                assert!(!answer.to_string().contains(target.secret.expose()), "{answer}");
            }
            as_before(&daemon, verb, found);
        }
        text.push('\n');
    }
    let head: String = Caller::ALL.map(|caller| format!(" {:>9.9}", caller.heading())).concat();
    println!("self_service = {self_service:?}\n{:<14}{head}\n{text}", "");
    assert!(wrong.is_empty(), "{wrong:#?}");
    daemon.wait_for_line(&["denied to uid 5000: "]);
}

/// Takes back what a verb has done that was allowed.
fn as_before(daemon: &Apppwd, verb: Verb, found: &str) {
    let back = |verb, args: Value| drop(daemon.call::<_, Value>(verb, &args).expect("root may"));
    match verb {
        Verb::UserRename if found == "ok" => back(verb, json!({"user": "olga", "new": "olive"})),
        Verb::UserLock | Verb::UserLockdown if found == "ok" => {
            back(Verb::UserUnlock, json!({"user": "olive"}))
        }
        Verb::Panic => back(verb, json!({"on": false})),
        // Three is the limit.
        Verb::KeyRotate | Verb::KeyRetire => {
            for key in keys(daemon).iter().skip(1) {
                back(Verb::KeyRetire, json!({"id": key}));
            }
        }
        _ => {}
    }
    back(Verb::UserEnroll, json!({"user": "olive"}));
}

/// The active keys' numbers, newest first.
fn keys(daemon: &Apppwd) -> Vec<Value> {
    let keys: Value = daemon.call(Verb::Keys, &json!({})).expect("root may");
    keys["keys"].as_array().expect("a list").iter().map(|key| key["id"].clone()).collect()
}

/// Makes another key; the number of the one before.
fn another_key(daemon: &Apppwd) -> Value {
    let old = keys(daemon).swap_remove(0);
    let _: Value = daemon.call(Verb::KeyRotate, &json!({})).expect("root may");
    old
}

fn exported(daemon: &Apppwd) -> Value {
    let exported: Value = daemon.call(Verb::KeyExport, &json!({})).expect("root may");
    exported["text"].clone()
}

/// A Unix name may be given to another person, and an account may be older than the person.
fn other_person() {
    let daemon = start("create");
    let created = daemon.create("olive", "phone", &[]);
    daemon.create("virtual", "phone", &[]);
    let (_, site) = daemon.stop();
    let passwd =
        PASSWD.replace("olive:x:4001:4001", "olive:x:4009:4009") + "virtual:x:4010:4010::/:/bin/sh\n";
    let daemon = start_among(site, &passwd, GROUP);
    let id = created.app_password.id;
    for (uid, name) in [(4009, "olive"), (4010, "virtual"), (4001, "olive")] {
        let somebody = Identity::new(uid);
        for (verb, args, wanted) in [
            ("list", json!({}), "denied"),
            ("list", json!({"user": name}), "denied"),
            ("user.show", json!({}), "denied"),
            ("create", json!({"name": "mine now"}), "denied"),
            ("revoke", json!({"all": true}), "denied"),
            ("show", json!({"id": id}), if uid == 4001 { "denied" } else { "not_found" }),
            ("revoke", json!({"ids": [id]}), if uid == 4001 { "denied" } else { "not_found" }),
        ] {
            let answer = ask(&daemon, &somebody, verb, &args);
            assert_eq!(outcome(&answer), wanted, "{verb} {args} by {uid}: {answer}");
        }
    }
    let verdict = try_login(&daemon.auth_socket(), "olive", created.secret.expose());
    assert_eq!(verdict, apppw_proto::frame::Verdict::Accepted);
}

fn for_himself() {
    let daemon = start("create");
    let olive = Identity::new(4001);
    let created = ask(&daemon, &olive, "create", &json!({"name": "phone"}));
    assert_eq!(created["ok"]["app_password"]["user"], "olive", "{created}");
    assert_eq!(created["ok"]["app_password"]["created_by"]["uid"], 4001);
    daemon.create("oscar", "other", &[]);
    daemon.create("olive@example.org", "other", &[]);
    let listed = ask(&daemon, &olive, "list", &json!({}));
    let names: Vec<_> =
        listed["ok"]["app_passwords"].as_array().expect("a list").iter().map(|one| &one["user"]).collect();
    assert_eq!(names, ["olive"], "{listed}");
    // Another's cursor reaches no further than one's own list.
    let cursor = json!({"cursor": "0 ap-00000000 a"});
    let listed = ask(&daemon, &olive, "list", &cursor);
    assert_eq!(listed["ok"]["app_passwords"].as_array().map(Vec::len), Some(1), "{listed}");
    let revoked = ask(&daemon, &olive, "revoke", &json!({"all": true}));
    assert_eq!(revoked["ok"]["ids"].as_array().map(Vec::len), Some(1), "{revoked}");
    // One of his own beside another's: nothing happens to either.
    let own = ask(&daemon, &olive, "create", &json!({"name": "tablet"}));
    let other = daemon.create("oscar", "second", &[]).app_password.id;
    let both = ask(&daemon, &olive, "revoke", &json!({"ids": [own["ok"]["app_password"]["id"], other]}));
    assert_eq!(outcome(&both), "not_found");
    assert_eq!(daemon.status().revoked, 1);
}
