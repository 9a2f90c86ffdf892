//! What is asked and said.

use super::*;
use crate::commands::{golden, samples};

#[test]
fn an_account() {
    let expected = "\
User:           alice
Unix uid:       1000
Enrolled:       since 2027-01-05 09:00:00 +01:00
Primary:        refused (refuse-enrolled)
App passwords:  2 live, 1 revoked
Known since:    2027-01-04 09:00:00 +01:00
";
    assert_eq!(text(&samples::account(), &samples::clock()).as_str(), expected);
}

#[test]
fn an_account_without_app_passwords() {
    let account = Account { uid: None, enrolled: None, ..samples::account() };
    let text = text(&account, &samples::clock());
    assert!(text.as_str().contains("Enrolled:       no\n"), "{}", text.as_str());
    assert!(text.as_str().contains("allowed until enrolled"));
    assert!(!text.as_str().contains("uid"));
}

#[test]
fn another_person_under_the_name_is_not_overlooked() {
    let account = Account { other_uid: Some(1001), ..samples::account() };
    let text = text(&account, &samples::clock());
    let line = "OTHER UID:      the system gives this name uid 1001 now: perhaps another person; to forget the \
                old one: apppw user alice delete\n";
    assert!(text.as_str().contains(line), "{}", text.as_str());
}

#[test]
fn a_lock_is_not_overlooked() {
    let account = Account {
        locked: Some(samples::NOW),
        primary: PrimaryPolicy::Allow,
        revoked_now: vec![samples::live().id],
        revoked_count: 1,
        ..samples::account()
    };
    let text = done(&account, &Action::Lockdown, false, &samples::clock());
    for line in [
        "LOCKED:         since 2027-01-15 09:00:00 +01:00\n",
        "Primary:        refused (locked)\n",
        "\nRevoked now: 1 app password\nSessions that are open stay open",
    ] {
        assert!(text.as_str().contains(line), "{line}: {}", text.as_str());
    }
    let text = done(&account, &Action::Delete, false, &samples::clock());
    assert!(text.as_str().starts_with("The account alice is deleted\n\nRevoked now:"), "{}", text.as_str());
    let text = done(&account, &Action::Lock, false, &samples::clock());
    assert!(text.as_str().contains("+01:00\n\nSessions that are open stay open"), "{}", text.as_str());
    assert_eq!(
        done(&account, &Action::Lock, true, &samples::clock()).as_str(),
        self::text(&account, &samples::clock()).as_str(),
        "what came of the kick is told by the kick"
    );
}

#[test]
fn only_what_cant_be_taken_back_is_asked() {
    for action in [Action::Lockdown, Action::Delete] {
        assert!(asks(&action));
    }
    for action in [Action::Show, Action::Lock, Action::Unlock, Action::Enroll, Action::Unenroll] {
        assert!(!asks(&action));
    }
    assert!(!asks(&Action::Rename("x".into())));
}

#[test]
fn the_question_says_what_is_hit() {
    let asked = |action, live| question(&action, &Account { live, ..samples::account() });
    assert_eq!(
        asked(Action::Lockdown, 2),
        "Lock the account alice, revoke all its 2 app passwords and refuse its primary password?"
    );
    assert_eq!(asked(Action::Delete, 1), "Delete the account alice, revoke its app password?");
    assert_eq!(asked(Action::Delete, 0), "Delete the account alice?");
}

#[test]
fn what_can_be_taken_back_says_how() {
    let account = Account { user: "a b".into(), ..samples::account() };
    let back = |action| way_back(&account, &action, Some("old"));
    assert_eq!(back(Action::Lock).as_deref(), Some("To take it back: apppw user \"a b\" unlock"));
    assert_eq!(
        back(Action::Rename("a b".into())).as_deref(),
        Some("To take it back: apppw user \"a b\" rename old")
    );
    assert!(back(Action::Lockdown).unwrap().starts_with("What is revoked stays revoked"));
    assert_eq!(back(Action::Delete), None);
}

#[test]
fn on_terminals_of_all_widths() {
    let account = Account { locked: Some(samples::NOW), other_uid: Some(1001), ..samples::account() };
    golden::check("user", |_| done(&account, &Action::Lock, false, &samples::clock()));
}
