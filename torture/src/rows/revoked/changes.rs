//! Those who change what is open.

use super::model::{Account, Action};
use super::race::{Credential, Log, Race, changed, name};
use crate::random::Random;
use apppw_admin::Verb;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Live app passwords that an account should have.
const OPEN: usize = 5;

/// Changes an account and what it has, until the race is over.
pub fn account(race: &Race, account: Account, random: &mut Random, log: &mut Log) {
    while race.goes_on() {
        if race.open(account) < OPEN {
            create(race, account, random, log);
            continue;
        }
        let Some(one) = race.one_of(account, random.draw()) else { continue };
        let user = json!({"user": name(account, false)});
        match random.below(100) {
            0..30 => suspend(race, &one, random, log),
            30..45 => resume(race, &one, log),
            45..62 => revoke(race, &one, log),
            62..74 => rotate(race, &one, random, log),
            74..84 => {
                let lost = [Action::Lock { account }];
                race.change(Verb::UserLock, &user, log, |_| Action::Lock { account }, &lost);
                pause(random, 4);
                unlock(race, account, log);
            }
            84..88 => unlock(race, account, log),
            88..91 => {
                let lost = [Action::Unenroll { account }, Action::Enroll { account }];
                race.change(Verb::UserUnenroll, &user, log, |_| Action::Unenroll { account }, &lost);
            }
            91..92 => {
                let lost = [Action::Enroll { account }];
                race.change(Verb::UserEnroll, &user, log, |_| Action::Enroll { account }, &lost);
            }
            92..94 => {
                let lost = [Action::Lockdown { account }];
                race.change(Verb::UserLockdown, &user, log, |_| Action::Lockdown { account }, &lost);
                end_all(race, account);
                unlock(race, account, log);
            }
            94..96 => {
                // What the journal lacks stays marked on the name.
                let lost = [Action::Delete { account }, Action::Enroll { account }, Action::Lock { account }];
                race.change(Verb::UserDelete, &user, log, |_| Action::Delete { account }, &lost);
                end_all(race, account);
            }
            96..98 => {
                let args = json!({"users": [name(account, false)], "all": true});
                let lost = [Action::Revoke { credentials: every(race, account), account }];
                let done = |answer: &Value| Action::Revoke { credentials: changed(answer), account };
                race.change(Verb::Revoke, &args, log, done, &lost);
                end_all(race, account);
            }
            _ => {
                let label = json!({"id": one.id, "name": format!("renamed {}", random.below(1 << 40))});
                let _ = race.ask(Verb::Rename, &label, log);
            }
        }
    }
}

/// Renames an account that is changed by id only, to and fro.
pub fn renamed(race: &Race, account: Account, random: &mut Random, log: &mut Log) {
    while race.goes_on() {
        let Some(one) = race.one_of(account, random.draw()) else { continue };
        match random.below(4) {
            0 => suspend(race, &one, random, log),
            1 => resume(race, &one, log),
            _ => {
                let to_second = random.below(2) == 0;
                let args = json!({"user": name(account, !to_second), "new": name(account, to_second)});
                let rename = |to_second| Action::Rename { account, to_second };
                let lost = [rename(to_second), rename(!to_second)];
                race.change(Verb::UserRename, &args, log, |_| rename(to_second), &lost);
            }
        }
        pause(random, 3);
    }
}

/// Turns panic on for a moment, of the host or of `mail`, until the race is over; and off at its end.
pub fn panic(race: &Race, switch: usize, random: &mut Random, log: &mut Log) {
    let set = |on: bool, log: &mut Log| {
        let args = match switch {
            0 => json!({"on": on}),
            _ => json!({"on": on, "group": "mail"}),
        };
        let panic = |on| Action::Panic { switch, on };
        let lost = if on { vec![panic(true)] } else { vec![panic(false), panic(true)] };
        race.change(Verb::Panic, &args, log, |_| panic(on), &lost).is_some()
    };
    while race.goes_on() {
        pause(random, 120);
        set(true, log);
        pause(random, 4);
        while !set(false, log) && race.goes_on() {}
    }
    set(false, log);
}

fn create(race: &Race, account: Account, random: &mut Random, log: &mut Log) {
    let more = match random.below(10) {
        0..2 => json!({"expires": {"after": format!("{}s", 1 + random.below(2))}}),
        2..4 => json!({"pin": ["service"]}),
        _ => json!({}),
    };
    if race.create(account, more, log).is_none() {
        // The account may be locked.
        unlock(race, account, log);
    }
}

fn suspend(race: &Race, one: &Credential, random: &mut Random, log: &mut Log) {
    let account = one.account;
    let done = |answer: &Value| Action::Suspend { credentials: changed(answer), account };
    let suspend = |credentials| Action::Suspend { credentials, account };
    // Without an answer nobody knows whether a rotation's other halves went with it.
    let lost = [suspend(halves(race, one))];
    race.change(Verb::Suspend, &json!({"ids": [one.id]}), log, done, &lost);
    pause(random, 3);
    resume(race, one, log);
}

fn resume(race: &Race, one: &Credential, log: &mut Log) {
    let account = one.account;
    let done = |answer: &Value| Action::Resume { credentials: changed(answer), account };
    let resume = |credentials| Action::Resume { credentials, account };
    let suspend = |credentials| Action::Suspend { credentials, account };
    // Of database and journal the stricter one holds after a kill.
    let lost = [resume(halves(race, one)), suspend(halves(race, one))];
    race.change(Verb::Resume, &json!({"ids": [one.id]}), log, done, &lost);
}

fn revoke(race: &Race, one: &Credential, log: &mut Log) {
    let account = one.account;
    let done = |answer: &Value| Action::Revoke { credentials: changed(answer), account };
    let revoke = |credentials| Action::Revoke { credentials, account };
    let lost = [revoke(halves(race, one))];
    race.change(Verb::Revoke, &json!({"ids": [one.id]}), log, done, &lost);
    one.ended.store(true, Ordering::Relaxed);
}

fn rotate(race: &Race, one: &Credential, random: &mut Random, log: &mut Log) {
    // A pin goes with a rotation; that is another test's.
    if one.pinned {
        return;
    }
    let grace = *random.one_of(&["0s", "1s", "1h"]);
    race.rotate(one, grace, log);
    one.ended.store(grace != "1h", Ordering::Relaxed);
}

fn unlock(race: &Race, account: Account, log: &mut Log) {
    let lost = [Action::Unlock { account }, Action::Lock { account }];
    let args = json!({"user": name(account, false)});
    race.change(Verb::UserUnlock, &args, log, |_| Action::Unlock { account }, &lost);
}

/// It, and those that it was rotated from or to.
fn halves(race: &Race, one: &Credential) -> Vec<usize> {
    race.all().iter().filter(|other| other.family == one.family).map(|one| one.bits).collect()
}

fn every(race: &Race, account: Account) -> Vec<usize> {
    race.all().iter().filter(|one| one.account == account).map(|one| one.bits).collect()
}

fn end_all(race: &Race, account: Account) {
    for one in race.all().iter().filter(|one| one.account == account) {
        one.ended.store(true, Ordering::Relaxed);
    }
}

fn pause(random: &mut Random, milliseconds: u64) {
    std::thread::sleep(Duration::from_micros(random.below(1000 * milliseconds)));
}
