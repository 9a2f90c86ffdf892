//! The table, and who reaches whom.

use super::*;
use crate::store::AccountId;

#[test]
fn the_document_has_this_table() {
    let word = |reach| match reach {
        Reach::All => "all accounts",
        Reach::Root => "root only",
        Reach::Own => "own",
        Reach::OwnIfCreate => "own, if `create`",
        Reach::None => "",
    };
    let row = |verb: &Verb| {
        let Rule { admin, helpdesk, user, nobody } = rule(*verb);
        let cells = [admin, helpdesk, user, nobody].map(word).join(" | ");
        format!("| `{}` | {cells} |\n", verb.name())
    };
    let table: String = Verb::ALL.iter().map(row).collect();
    let document = include_str!("../../../../docs/roles.md");
    assert!(document.contains(&table), "docs/roles.md should have:\n{table}");
}

fn caller(uid: u32, role: Role) -> Caller {
    Caller { uid, login_uid: None, name: None, role }
}

fn account(name: &str, uid: Option<u32>) -> AccountRecord {
    let (given, id) = (name.into(), AccountId([1; 16]));
    AccountRecord { id, name: name.into(), given, uid, enrolled: None, locked: None, created: 0 }
}

#[test]
fn nobody_may_do_nothing_and_an_administrator_everything() {
    for verb in Verb::ALL.iter().copied() {
        for self_service in [SelfService::Revoke, SelfService::Create] {
            let nobody = authorize(&caller(33, Role::Nobody), verb, self_service, &UsersConfig::default());
            assert_eq!(nobody.unwrap_err().code, Code::Denied, "{verb:?}");
            assert_eq!(
                authorize(&caller(0, Role::Admin), verb, self_service, &UsersConfig::default()),
                Ok(Power::All),
                "{verb:?}"
            );
        }
    }
}

/// The keys are more than an administrator's: with them and a copy of the database guesses can be tested.
#[test]
fn an_administrator_who_is_not_root_may_all_but_the_keys() {
    let keys = [Verb::KeyRotate, Verb::KeyRetire, Verb::KeyExport, Verb::KeyImport];
    for verb in Verb::ALL.iter().copied() {
        let power = authorize(&caller(1000, Role::Admin), verb, SelfService::Create, &UsersConfig::default());
        if keys.contains(&verb) {
            let denied = power.unwrap_err();
            assert_eq!(denied.code, Code::Denied, "{verb:?}");
            assert!(denied.message.ends_with("only root may"), "{}", denied.message);
        } else {
            assert_eq!(power, Ok(Power::All), "{verb:?}");
        }
    }
}

#[test]
fn a_user_reaches_only_the_account_bound_to_the_uid() {
    let alice = caller(1000, Role::User("alice".into()));
    for verb in Verb::ALL.iter().copied() {
        let Ok(power) = authorize(&alice, verb, SelfService::Create, &UsersConfig::default()) else {
            continue;
        };
        assert!(power.reaches(&account("alice", Some(1000))), "{verb:?}");
        assert!(!power.reaches(&account("alice", Some(1001))), "{verb:?}");
        assert!(!power.reaches(&account("alice", None)), "{verb:?}");
        assert!(!power.reaches(&account("bob", Some(1000))), "{verb:?}");
        assert_eq!(power.target(None), Ok(Some("alice".into())));
        assert_eq!(power.target(Some("bob")).unwrap_err().code, Code::Denied);
    }
}

#[test]
fn a_user_creates_only_where_policy_lets_users_create() {
    let alice = caller(1000, Role::User("alice".into()));
    let always = [
        Verb::List,
        Verb::Show,
        Verb::Find,
        Verb::Watch,
        Verb::Events,
        Verb::Rename,
        Verb::Revoke,
        Verb::Verify,
    ];
    let if_create = [Verb::Create, Verb::Rotate];
    for verb in Verb::ALL.iter().copied() {
        let may = |self_service| authorize(&alice, verb, self_service, &UsersConfig::default()).is_ok();
        assert_eq!(may(SelfService::Revoke), always.contains(&verb), "{verb:?}");
        let with_create = always.contains(&verb) || if_create.contains(&verb);
        assert_eq!(may(SelfService::Create), with_create, "{verb:?}");
    }
}

#[test]
fn the_helpdesk_looks_and_takes_away_and_is_a_person_for_the_rest() {
    let takes_away = [Verb::Revoke, Verb::Suspend];
    let looks = [Verb::List, Verb::Show, Verb::Find, Verb::Watch, Verb::Events, Verb::Users, Verb::UserShow];
    let person = Role::Helpdesk(Some("heidi".into()));
    for (role, own) in [(person, true), (Role::Helpdesk(None), false)] {
        for verb in Verb::ALL.iter().copied() {
            let caller = caller(1000, role.clone());
            let power = authorize(&caller, verb, SelfService::Create, &UsersConfig::default());
            let is_of_all = takes_away.contains(&verb) || looks.contains(&verb);
            assert_eq!(power == Ok(Power::All), is_of_all, "{verb:?}");
            let user = authorize(
                &self::caller(1000, Role::User("heidi".into())),
                verb,
                SelfService::Create,
                &UsersConfig::default(),
            );
            if !is_of_all {
                assert_eq!(power.is_ok(), own && user.is_ok(), "{verb:?}");
            }
        }
    }
}

#[test]
fn a_lock_closes_self_service_and_binds_no_administrator() {
    let alice = Power::Own { name: "alice".into(), canonical: "alice".into(), uid: 1000 };
    let locked = AccountRecord { locked: Some(1), ..account("alice", Some(1000)) };
    assert!(alice.check(&account("alice", Some(1000))).is_ok());
    assert_eq!(alice.check(&locked).unwrap_err().code, Code::Denied);
    assert!(Power::All.check(&locked).is_ok());
}

#[test]
fn a_unix_name_means_the_account_that_its_logins_mean() {
    let alice = caller(1000, Role::User("Alice".into()));
    let fold = UsersConfig { fold_case: true, ..UsersConfig::default() };
    let power = authorize(&alice, Verb::List, SelfService::Revoke, &fold).unwrap();
    assert!(power.reaches(&account("alice", Some(1000))));
    for user in [None, Some("Alice"), Some("alice")] {
        assert_eq!(power.target(user), Ok(Some("Alice".into())));
    }
    let domain = UsersConfig { default_domain: Some("example.org".into()), ..fold };
    let power = authorize(&alice, Verb::List, SelfService::Revoke, &domain).unwrap();
    assert!(power.reaches(&account("alice", Some(1000))));
    assert!(!power.reaches(&account("alice@example.org", Some(1000))));
    for verb in [Verb::Create, Verb::Rotate] {
        assert!(authorize(&alice, verb, SelfService::Create, &domain).is_err(), "{verb:?}");
    }
}

/// What is denied says who may, and the record has whose it was.
#[test]
fn a_denial_says_who_may_and_is_about_somebody() {
    let denied = |role, verb| {
        let denied = authorize(&caller(1000, role), verb, SelfService::Create, &UsersConfig::default());
        denied.unwrap_err().message
    };
    let user = || Role::User("alice".into());
    let (both, admins) =
        ("groups apppw-admin and apppw-helpdesk may; ask", "of the group apppw-admin may; ask");
    for (role, verb, who) in [
        (user(), Verb::Users, both),
        (user(), Verb::Status, admins),
        (Role::Helpdesk(None), Verb::Status, admins),
        (Role::Nobody, Verb::Users, NOBODY),
        (Role::Nobody, Verb::Status, NOBODY),
        (Role::Nobody, Verb::List, NOBODY),
    ] {
        let message = denied(role.clone(), verb);
        assert!(message.contains(who), "{role:?} {verb:?}: {message}");
        assert_eq!(message.contains(NOBODY), role == Role::Nobody, "{message}");
    }
    let alice = Power::Own { name: "alice".into(), canonical: "alice".into(), uid: 1000 };
    let about = |error: AdminError| error.about.user;
    assert_eq!(about(alice.target(Some("bob")).unwrap_err()), Some("bob".into()));
    let error = alice.check(&account("alice", Some(1001))).unwrap_err();
    assert!(error.message.contains("uid 1001"), "{error}");
    assert_eq!(about(error), Some("alice".into()));
}
