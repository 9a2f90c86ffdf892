//! Who is told what, and what is kept for whom.

use super::*;
use crate::auth::Reason;

const ROOT: Asks = Asks { uid: 0, all: true };
const USER: Asks = user(1000);

const fn user(uid: u32) -> Asks {
    Asks { uid, all: false }
}

fn account(n: u8) -> AccountRecord {
    let name = format!("user{n}");
    let id = AccountId([n; 16]);
    AccountRecord { id, given: name.clone(), name, uid: None, enrolled: None, locked: None, created: 0 }
}

fn attempt(reason: Reason, rhost: &str) -> Attempt {
    Attempt {
        at: 7,
        service: "imap".into(),
        rhost: Some(rhost.into()),
        rhost_unproven: false,
        verdict: verdict_word(reason.verdict()).into(),
        reason: reason.as_str().into(),
        id: None,
        name: None,
        count: 1,
    }
}

fn add(watches: &Watches, account: &AccountRecord, attempt: Attempt) {
    watches.add(&account.id, attempt);
}

fn reasons(told: &Told) -> Vec<(&str, u64)> {
    told.attempts.iter().map(|attempt| (attempt.reason.as_str(), attempt.count)).collect()
}

#[test]
fn each_watcher_is_told_of_what_came_since_it_asked() {
    let (watches, now, alice) = (Watches::default(), Instant::now(), account(1));
    assert!(watches.is_empty());
    add(&watches, &alice, attempt(Reason::Accepted, "192.0.2.7"));
    assert!(watches.is_empty(), "nobody watches");
    let one = watches.ask(&alice, USER, None, None, now).unwrap();
    assert_eq!(one.attempts, []);
    add(&watches, &alice, attempt(Reason::Mistyped, "192.0.2.7"));
    add(&watches, &account(2), attempt(Reason::Accepted, "192.0.2.7"));
    let two = watches.ask(&alice, ROOT, None, None, now).unwrap();
    assert_eq!(two.attempts, [], "what was before it began");
    let told = watches.ask(&alice, USER, Some(one.watch), Some(one.cursor), now).unwrap();
    assert_eq!((told.watch, reasons(&told)), (one.watch, vec![("mistyped", 1)]));
    add(&watches, &alice, attempt(Reason::Mistyped, "192.0.2.7"));
    add(&watches, &alice, attempt(Reason::Accepted, "192.0.2.7"));
    // The answer was lost: it asks from where it was.
    for _ in 0..2 {
        let told = watches.ask(&alice, USER, Some(one.watch), Some(told.cursor), now).unwrap();
        assert_eq!(reasons(&told), [("mistyped", 2), ("accepted", 1)]);
    }
    let told = watches.ask(&alice, ROOT, Some(two.watch), Some(two.cursor), now).unwrap();
    assert_eq!(reasons(&told), [("mistyped", 2), ("accepted", 1)]);
    let told = watches.ask(&alice, ROOT, Some(two.watch), Some(told.cursor), now).unwrap();
    assert_eq!(told.attempts, []);
}

#[test]
fn a_cursor_says_nothing_of_other_accounts() {
    let (watches, now, alice) = (Watches::default(), Instant::now(), account(1));
    let one = watches.ask(&alice, USER, None, None, now).unwrap();
    watches.ask(&account(2), ROOT, None, None, now).unwrap();
    add(&watches, &account(2), attempt(Reason::Mistyped, "192.0.2.7"));
    assert_eq!(watches.ask(&alice, USER, Some(one.watch), Some(one.cursor), now).unwrap(), one);
}

#[test]
fn a_watch_is_its_own_uids_and_its_own_accounts() {
    let (watches, now) = (Watches::default(), Instant::now());
    let one = watches.ask(&account(1), USER, None, None, now).unwrap();
    for (account, uid) in [(account(1), 1001), (account(2), 1000)] {
        let other = watches.ask(&account, user(uid), Some(one.watch), Some(0), now).unwrap();
        assert_ne!(other.watch, one.watch);
        assert_eq!(other.attempts, []);
    }
}

#[test]
fn who_stops_asking_is_forgotten_and_everything_with_him() {
    let (watches, now, alice) = (Watches::default(), Instant::now(), account(1));
    let one = watches.ask(&alice, ROOT, None, None, now).unwrap();
    add(&watches, &alice, attempt(Reason::Revoked, "192.0.2.7"));
    let names = Names::exact("user1");
    assert!(watches.concerns(&names, now + FORGOTTEN_AFTER / 2));
    assert!(!watches.concerns(&Names::exact("user2"), now));
    assert!(!watches.concerns(&names, now + FORGOTTEN_AFTER));
    assert!(watches.is_empty());
    let again = watches.ask(&alice, ROOT, Some(one.watch), Some(one.cursor), now + FORGOTTEN_AFTER).unwrap();
    assert_ne!(again.watch, one.watch, "so it knows that it missed something");
    assert_eq!(again.attempts, []);
}

#[test]
fn a_renamed_account_is_watched_by_its_new_name() {
    let (watches, now, alice) = (Watches::default(), Instant::now(), account(1));
    let one = watches.ask(&alice, ROOT, None, None, now).unwrap();
    let renamed = AccountRecord { name: "new".into(), ..alice };
    watches.ask(&renamed, ROOT, Some(one.watch), None, now).unwrap();
    assert!(watches.concerns(&Names::exact("new"), now));
    assert!(!watches.concerns(&Names::exact("user1"), now));
}

#[test]
fn there_is_room_for_so_many_and_always_for_root() {
    let (watches, now, alice) = (Watches::default(), Instant::now(), account(1));
    for _ in 0..MOST_OF_ONE_UID {
        watches.ask(&alice, USER, None, None, now).unwrap();
    }
    assert_eq!(watches.ask(&alice, USER, None, None, now), Err(TooMany));
    assert_eq!(watches.ask(&account(2), USER, None, None, now), Err(TooMany), "on whatever account");
    for uid in 1001.. {
        if watches.ask(&account(3), user(uid), None, None, now).is_err() {
            break;
        }
    }
    assert_eq!(watches.len(), MOST_OF_USERS);
    for uid in 2000.. {
        if watches.ask(&account(3), Asks { uid, all: true }, None, None, now).is_err() {
            break;
        }
    }
    assert_eq!(watches.len(), MOST_OF_OTHERS, "the helpdesk has places that users can't take");
    for _ in MOST_OF_OTHERS..MOST {
        watches.ask(&alice, ROOT, None, None, now).unwrap();
    }
    assert_eq!(watches.ask(&alice, ROOT, None, None, now), Err(TooMany));
    assert!(watches.ask(&alice, USER, None, None, now + FORGOTTEN_AFTER).is_ok(), "their places are free");
    assert_eq!(watches.len(), 1);
}

#[test]
fn a_flood_of_attempts_takes_bounded_room_and_hides_no_login() {
    let (watches, now, alice) = (Watches::default(), Instant::now(), account(1));
    let one = watches.ask(&alice, ROOT, None, None, now).unwrap();
    add(&watches, &alice, attempt(Reason::Accepted, "192.0.2.7"));
    for n in 0..10_000 {
        add(&watches, &alice, attempt(Reason::UnknownSecret, &n.to_string()));
    }
    let told = watches.ask(&alice, ROOT, Some(one.watch), Some(one.cursor), now).unwrap();
    assert_eq!(told.attempts.len(), MOST_ATTEMPTS);
    assert_eq!(reasons(&told)[0], ("accepted", 1));
    assert_eq!(told.attempts.last().unwrap().rhost.as_deref(), Some("9999"));
}

#[test]
fn what_does_not_fit_into_an_answer_comes_with_the_next_one() {
    let (watches, now, alice) = (Watches::default(), Instant::now(), account(1));
    let begun = watches.ask(&alice, ROOT, None, None, now).unwrap();
    for n in 0..MOST_ATTEMPTS {
        // Each takes six bytes in JSON.
        let service = format!("{n:02}{}", "\u{1}".repeat(253));
        let hostile =
            Attempt { rhost: Some(service.clone()), service, ..attempt(Reason::PeerNotAllowed, "") };
        add(&watches, &alice, hostile);
    }
    let (mut told, mut cursor) = (Vec::new(), begun.cursor);
    loop {
        let page = watches.ask(&alice, ROOT, Some(begun.watch), Some(cursor), now).unwrap();
        if page.attempts.is_empty() {
            break;
        }
        let size: usize = page.attempts.iter().map(|a| serde_json::to_string(a).unwrap().len() + 1).sum();
        assert!(size < MAX_LINE - 1024, "{size}");
        told.extend(page.attempts.into_iter().map(|attempt| attempt.service[..2].to_owned()));
        cursor = page.cursor;
    }
    let wanted: Vec<String> = (0..MOST_ATTEMPTS).map(|n| format!("{n:02}")).collect();
    assert_eq!(told, wanted);
}
