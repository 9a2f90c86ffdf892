//! Which names mean the same account, and what becomes of accounts when those rules change.

use super::Case;
use super::asking::{
    ask, create_for, done, login, outcome, primary, reconfigured, refused, site, wait_until,
};
use super::authorize::{GROUP, PASSWD};
use apppw_tests::among::start_among;
use apppw_tests::apppwd::Apppwd;
use apppw_tests::identity::Identity;
use apppw_tests::lines::{field, message};
use serde_json::json;

const FOLD: &str = "[users]\nfold_case = true\n";
const ALL_RULES: &str = "[users]\nfold_case = true\ndefault_domain = \"example.org\"\n\
    domain_aliases = {\"example.net\" = \"example.org\"}\n";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("names_that_mean_the_same", same),
        Case::new("a_default_domain_that_is_an_alias", alias_of_default),
        Case::new("only_ascii_letters_are_folded", unicode),
        Case::new("new_rules_kill_no_app_password", changed),
        Case::new("names_that_fall_together_stay_two", clash),
        Case::new("a_lock_and_an_enrolment_hold_under_every_spelling", marks),
        Case::as_root("the_default_domain_is_not_for_unix_accounts", unix).with_program("unshare"),
        Case::as_root("a_unix_name_in_capitals_reaches_its_own_account", capitals).with_program("unshare"),
        Case::as_root("a_name_with_another_uid_is_refused_and_shown", other_uid).with_program("unshare"),
    ]
}

fn at_imap(daemon: &Apppwd, user: &str, secret: &str) -> String {
    login(daemon, user, secret, "imap", "192.0.2.7")
}

/// Rules, a name as given, the canonical one, others that mean it, others that don't.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

fn same() {
    #[rustfmt::skip]
    let table: [Row; 5] = [
        // rules                                       made for             is                    means it too                                    doesn't
        ("",                                           "Alice@Example.org", "Alice@Example.org",  &[],                                            &["alice@example.org", "Alice"]),
        (FOLD,                                         "Alice@Example.org", "alice@example.org",  &["ALICE@EXAMPLE.ORG", "Alice@Example.org"],    &["alice", "alice@example.net"]),
        ("[users]\ndefault_domain = \"example.org\"\n", "alice",            "alice@example.org",  &["alice"],                                     &["Alice", "alice@example.net", "alice@"]),
        ("[users]\ndomain_aliases = {\"example.net\" = \"example.org\"}\n", "alice@example.net", "alice@example.org", &["alice@example.net"],      &["alice", "alice@Example.net", "alice@x@example"]),
        (ALL_RULES,                                    "Alice",             "alice@example.org",  &["ALICE", "alice@EXAMPLE.NET", "Alice@example.org"], &["alice@example.com", "alice@example.net@example.com"]),
    ];
    for (rules, user, canonical, same, others) in table {
        let daemon = site(rules).start();
        let one = create_for(&daemon, user, "phone", json!({}));
        assert_eq!(one.answer["app_password"]["user"], canonical, "{rules}");
        for user in same.iter().chain([&user, &canonical]) {
            assert_eq!(at_imap(&daemon, user, &one.secret), "accepted", "{user} under {rules}");
            assert_eq!(
                done(&daemon, "user.show", json!({"user": user}))["user"],
                canonical,
                "{user} under {rules}"
            );
            let taken = refused(&daemon, "create", json!({"user": user, "name": "phone"}));
            assert_eq!(taken, ("exists".into(), "name".into()), "{user} under {rules}");
        }
        for user in others {
            assert_eq!(at_imap(&daemon, user, &one.secret), "unknown-secret", "{user} under {rules}");
        }
        assert_eq!(daemon.status().accounts, 1, "{rules}");
    }
}

/// `bob`, `bob@example.net` and `bob@example.org` are one person.
fn alias_of_default() {
    let rules =
        "[users]\ndefault_domain = \"example.net\"\ndomain_aliases = {\"example.net\" = \"example.org\"}\n";
    let daemon = site(rules).start();
    let one = create_for(&daemon, "bob", "phone", json!({}));
    for user in ["bob", "bob@example.net", "bob@example.org"] {
        assert_eq!(at_imap(&daemon, user, &one.secret), "accepted", "{user}");
    }
}

fn unicode() {
    let daemon = site(FOLD).start();
    let one = create_for(&daemon, "Ünal@example.org", "phone", json!({}));
    assert_eq!(one.answer["app_password"]["user"], "Ünal@example.org");
    assert_eq!(at_imap(&daemon, "ÜNAL@EXAMPLE.ORG", &one.secret), "accepted");
    // Neither another case nor another normal form of a letter that isn't ASCII.
    for user in
        ["ünal@example.org", "U\u{308}nal@example.org", "\u{ff35}nal@example.org", "\u{212a}nal@example.org"]
    {
        assert_eq!(at_imap(&daemon, user, &one.secret), "unknown-secret", "{user}");
    }
    for user in ["al\u{202e}ice", "al\u{200d}ice"] {
        assert_eq!(at_imap(&daemon, user, &one.secret), "bad-user-name", "{user:?}");
        assert_eq!(
            refused(&daemon, "create", json!({"user": user, "name": "x"})),
            ("invalid".into(), "user".into())
        );
    }
}

/// Each step's configuration is put in between two starts. Whoever is reached by the name that is
/// configured in his client keeps being reached.
fn changed() {
    let names = ["Alice@Example.org", "bob", "carol@example.net"];
    let mut daemon = site("").start();
    let made = names.map(|user| create_for(&daemon, user, "phone", json!({})));
    for rules in [FOLD, ALL_RULES, "[users]\ndefault_domain = \"example.com\"\n", "", ALL_RULES, FOLD, ""] {
        daemon = reconfigured(daemon, rules).start();
        for (user, one) in names.iter().zip(&made) {
            assert_eq!(at_imap(&daemon, user, &one.secret), "accepted", "{user} under {rules}");
        }
        assert!(!daemon.log().contains("warning"), "{}", daemon.log());
        assert_eq!((daemon.status().accounts, daemon.status().live), (3, 3), "{rules}");
    }
}

fn clash() {
    let daemon = site("").start();
    // The first one made gets the name, and of those of one second the first by name: here the same.
    let names = ["ALICE", "Alice", "alice", "bob@example.net", "bob@example.org", "bob"];
    let made = names.map(|user| create_for(&daemon, user, "phone", json!({})));
    let daemon = reconfigured(daemon, ALL_RULES).start();
    for given in ["Alice", "bob@example.net", "bob"] {
        daemon.wait_for_line(&["warning: [users] makes ", &format!(" {given} and "), "stay two"]);
    }
    // Each by exactly the name that it was given.
    for (user, one) in names.iter().zip(&made) {
        assert_eq!(at_imap(&daemon, user, &one.secret), "accepted", "{user}");
        for (other, _) in names.iter().zip(&made).filter(|(other, _)| *other != user) {
            assert_eq!(at_imap(&daemon, other, &one.secret), "unknown-secret", "{user}'s as {other}");
        }
    }
    // Any other spelling means the one that has the canonical name.
    assert_eq!(at_imap(&daemon, "BOB", &made[4].secret), "accepted");
    assert_eq!(at_imap(&daemon, "Bob@Example.Net", &made[4].secret), "accepted");
    assert_eq!(at_imap(&daemon, "Bob@Example.Net", &made[3].secret), "unknown-secret");
    // An administrator can tell them apart too, and settles it.
    assert_eq!(done(&daemon, "user.show", json!({"user": "bob@example.net"}))["user"], "bob@example.net");
    done(&daemon, "user.delete", json!({"user": "bob@example.net"}));
    assert_eq!(at_imap(&daemon, "bob@example.net", &made[3].secret), "unknown-secret");
    assert_eq!(at_imap(&daemon, "bob@example.net", &made[4].secret), "accepted");
    // Back again: the other five are as they were.
    let daemon = reconfigured(daemon, "").start();
    for (user, one) in names.iter().zip(&made).filter(|(user, _)| **user != "bob@example.net") {
        assert_eq!(at_imap(&daemon, user, &one.secret), "accepted", "{user}");
    }
}

fn marks() {
    let policy = "[policy]\nprimary = \"refuse-enrolled\"\n";
    let daemon = site(policy).start();
    create_for(&daemon, "Alice@example.org", "phone", json!({}));
    done(&daemon, "user.lock", json!({"user": "Bob"}));
    let mut daemon = reconfigured(daemon, &format!("{policy}{ALL_RULES}")).start();
    for _ in 0..2 {
        for user in ["Alice", "alice@example.net", "ALICE@example.org"] {
            assert_eq!(primary(&daemon, user, "imap", ""), "primary-refused-enrolled", "{user}");
        }
        for user in ["bob", "Bob", "BOB@EXAMPLE.NET"] {
            assert_eq!(primary(&daemon, user, "imap", ""), "account-locked", "{user}");
        }
        daemon = daemon.kill().start();
    }
    done(&daemon, "user.unlock", json!({"user": "boB"}));
    assert_eq!(primary(&daemon, "Bob", "imap", ""), "primary-allowed");
}

fn unix() {
    let config = "[policy]\nself_service = \"create\"\n[users]\ndefault_domain = \"example.org\"\n";
    let olive = Identity::new(4001);
    let daemon = start_among(site(config), PASSWD, GROUP);
    let theirs = create_for(&daemon, "olive", "phone", json!({}));
    assert_eq!(theirs.answer["app_password"]["user"], "olive@example.org");
    let by_olive = |daemon: &Apppwd, verb: &str, args| olive.act(|| ask(daemon, verb, args));
    for (verb, args, wanted) in [
        ("show", json!({"id": theirs.id}), "not_found"),
        ("revoke", json!({"ids": [theirs.id]}), "not_found"),
        ("rename", json!({"id": theirs.id, "name": "mine"}), "not_found"),
        ("rotate", json!({"id": theirs.id}), "denied"),
        ("revoke", json!({"all": true}), "not_found"),
        ("create", json!({"name": "mine"}), "denied"),
        ("list", json!({"user": "olive@example.org"}), "denied"),
        ("verify", json!({"user": "olive@example.org", "secret": theirs.secret}), "denied"),
    ] {
        let answer = by_olive(&daemon, verb, args.clone());
        assert_eq!(outcome(&answer), wanted, "{verb} {args}: {answer}");
    }
    assert_eq!(by_olive(&daemon, "list", json!({"all": true}))["ok"]["app_passwords"], json!([]));
    // A login as oscar means oscar@example.org, whom nobody knows yet.
    let answer = Identity::new(4002).act(|| ask(&daemon, "verify", json!({"secret": theirs.secret})));
    assert_eq!((outcome(&answer), field(&answer)), ("denied", Some("user")), "{answer}");
    assert_eq!(daemon.status().live, 1);
    // One that was there before the rule stays his, and comes first under that name.
    let (_, site_of_it) = daemon.stop();
    drop(site_of_it);
    let daemon = start_among(site("[policy]\nself_service = \"create\"\n"), PASSWD, GROUP);
    let own = super::asking::made(by_olive(&daemon, "create", json!({"name": "mine"}))["ok"].clone());
    let site_of_it = reconfigured(daemon, config);
    let daemon = start_among(site_of_it, PASSWD, GROUP);
    assert_eq!(at_imap(&daemon, "olive", &own.secret), "accepted");
    assert_eq!(at_imap(&daemon, "olive@example.org", &own.secret), "unknown-secret");
    for (verb, args) in [("create", json!({"name": "another"})), ("rotate", json!({"id": own.id}))] {
        assert_eq!(
            outcome(&by_olive(&daemon, verb, args)),
            "denied",
            "the bare name may mean another: {verb}"
        );
    }
    assert_eq!(by_olive(&daemon, "list", json!({}))["ok"]["app_passwords"].as_array().map(Vec::len), Some(1));
    // Where there is such another, it is said at each start.
    let virtual_one = create_for(&daemon, "olive@example.org", "phone", json!({}));
    let site_of_it = reconfigured(daemon, "[policy]\nself_service = \"create\"\n");
    let site_of_it = reconfigured(start_among(site_of_it, PASSWD, GROUP), config);
    let daemon = start_among(site_of_it, PASSWD, GROUP);
    daemon.wait_for_line(&["warning: ", "[users] makes olive and olive@example.org one name"]);
    assert_eq!(at_imap(&daemon, "olive@example.org", &virtual_one.secret), "accepted");
}

/// Hosts with a directory have such names (`First.Last`).
fn capitals() {
    let config = "[policy]\nself_service = \"create\"\n";
    let passwd = format!("{PASSWD}First.Last:x:4005:4005::/:/bin/sh\nfirst.last:x:4006:4006::/:/bin/sh\n");
    let (first, namesake) = (Identity::new(4005), Identity::new(4006));
    // Alone he makes one; where the folded name is another person's Unix name he doesn't.
    let alone = passwd.replace("first.last:x:4006:4006::/:/bin/sh\n", "");
    for folded_first in [true, false] {
        let rules = format!("{config}{FOLD}");
        let mut daemon = start_among(site(if folded_first { &rules } else { config }), &alone, GROUP);
        let answer = first.act(|| ask(&daemon, "create", json!({"name": "phone"})));
        let one = super::asking::made(answer["ok"].clone());
        let site = reconfigured(daemon, &rules);
        daemon = start_among(site, &passwd, GROUP);
        assert_eq!(at_imap(&daemon, "First.Last", &one.secret), "accepted");
        for (verb, args) in [
            ("show", json!({"id": one.id})),
            ("verify", json!({"secret": one.secret})),
            ("create", json!({"name": "another"})),
            ("rename", json!({"id": one.id, "name": "renamed"})),
            ("revoke", json!({"all": true})),
        ] {
            let answer = namesake.act(|| ask(&daemon, verb, args.clone()));
            assert_ne!(outcome(&answer), "ok", "{verb} by the namesake: {answer}");
            let answer = first.act(|| ask(&daemon, verb, args.clone()));
            assert_eq!(outcome(&answer), if verb == "create" { "denied" } else { "ok" }, "{verb}: {answer}");
        }
        let listed = first.act(|| ask(&daemon, "list", json!({"all": true})));
        assert_eq!(listed["ok"]["app_passwords"].as_array().map(Vec::len), Some(1), "{listed}");
    }
}

/// olive has left; another person has her name now.
fn other_uid() {
    let daemon = start_among(site("[policy]\nself_service = \"create\"\n"), PASSWD, GROUP);
    let one = create_for(&daemon, "olive", "phone", json!({}));
    assert_eq!(done(&daemon, "user.show", json!({"user": "olive"}))["other_uid"], json!(null));
    let (_, site) = daemon.stop();
    let passwd = PASSWD.replace("olive:x:4001:4001", "olive:x:4009:4009");
    let daemon = start_among(site, &passwd, GROUP);
    daemon.wait_for_line(&["warning: olive is uid 4009 now", "bound to uid 4001"]);
    let shown = done(&daemon, "user.show", json!({"user": "olive"}));
    assert_eq!((&shown["uid"], &shown["other_uid"]), (&json!(4001), &json!(4009)));
    let stranger = Identity::new(4009);
    for (verb, args) in
        [("list", json!({})), ("create", json!({"name": "mine"})), ("verify", json!({"secret": one.secret}))]
    {
        let answer = stranger.act(|| ask(&daemon, verb, args));
        assert_eq!((outcome(&answer), field(&answer)), ("denied", Some("user")), "{verb}: {answer}");
    }
    // Nor does an administrator give the old person's account to the new one by mistake.
    let answer = ask(&daemon, "create", json!({"user": "olive", "name": "x"}));
    assert_eq!((outcome(&answer), field(&answer)), ("denied", Some("user")), "{answer}");
    assert!(message(&answer).contains("bound to uid 4001"), "{answer}");
    assert_eq!(at_imap(&daemon, "olive", &one.secret), "accepted");
    done(&daemon, "user.delete", json!({"user": "olive"}));
    assert_eq!(at_imap(&daemon, "olive", &one.secret), "unknown-secret");
    let own = stranger.act(|| ask(&daemon, "create", json!({"name": "mine"})));
    assert_eq!(outcome(&own), "ok", "{own}");
    wait_until("it is bound to the new uid", || {
        done(&daemon, "user.show", json!({"user": "olive"}))["uid"] == 4009
    });
}
