//! `journal.log`, as it is read at start.

use apppwd::fuzzed::{End, journal};
use apppwd::journal::{Change, JournalError, Record, State};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

pub fn run(data: &[u8]) {
    check(data);
    // The same lines with right checks: no fuzzer guesses SHA-256.
    let mut whole = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        whole.extend(line);
        whole.extend(format!(" {}\n", check_of(line)).bytes());
    }
    check(&whole);
    // What a crash leaves of them: whole lines count, and of the last one nothing or all.
    if let Ok((records, ..)) = journal(&whole) {
        let cut = whole.len() - data.len() % whole.len();
        let (kept, end) = match journal(&whole[..cut]) {
            Ok((kept, _, end)) => (kept, end),
            // A group's name may be as long as a line, but then the daemon has not written it.
            Err(JournalError::Damaged { .. }) => {
                return assert!(longest_line(&whole) >= 600 || !whole.is_ascii());
            }
            Err(error) => panic!("{error}"),
        };
        assert!(records.starts_with(&kept), "no line is made up");
        let hole = whole[..cut].contains(&0);
        assert!(
            hole || kept.len() == whole[..cut].iter().filter(|byte| **byte == b'\n').count(),
            "none is lost"
        );
        let found: Vec<_> = kept.into_iter().chain(end.kept).collect();
        assert!(records.starts_with(&found), "nor of the last one");
    }
}

fn check(text: &[u8]) {
    let Ok((records, len, end)) = journal(text) else { return };
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    // An append with holes in it, which a power cut leaves, may have whole lines behind the first one.
    let hole = text[..whole].contains(&0);
    assert!(hole || usize::try_from(len).ok() == Some(whole), "what is kept is the whole lines");
    assert!(hole || records.len() == text[..whole].iter().filter(|byte| **byte == b'\n').count());
    assert_eq!(end == End::default(), usize::try_from(len).ok() == Some(text.len()));
    let mut state = State::default();
    for record in &records {
        let line = record.to_line();
        assert_eq!(Record::from_line(line.trim_end()).as_ref(), Ok(record), "print and parse are inverse");
        state.apply(record);
    }
    last_words(&records, &state);
}

/// A second account of what the journal says in the end.
fn last_words(records: &[Record], state: &State) {
    let revoked: BTreeSet<_> = records
        .iter()
        .filter_map(|record| if let Change::Revoke(id) = record.change { Some(id) } else { None })
        .collect();
    assert_eq!(
        state.revoked().map(|(id, _)| id).collect::<BTreeSet<_>>(),
        revoked,
        "a revocation is for good"
    );
    for record in records {
        match &record.change {
            Change::Suspend(id) | Change::Resume(id) => {
                let last = records.iter().rev().find_map(|record| match record.change {
                    Change::Suspend(other) if other == *id => Some(true),
                    Change::Resume(other) if other == *id => Some(false),
                    _ => None,
                });
                assert_eq!(state.is_suspended(*id), last);
            }
            Change::End(id, end) => {
                assert!(state.end_of(*id).is_some_and(|last| last <= *end), "never later")
            }
            Change::Account(_, account, name) => {
                let account = state.account(account).expect("an account that was named");
                assert!(account.name == *name || account.earlier.contains(name), "each name is remembered");
            }
            Change::Panic(switch) | Change::Calm(switch) => assert!(state.panic().contains_key(switch)),
            Change::Start(_) => assert!(state.run().is_some()),
            Change::Revoke(id) => assert!(state.is_revoked(*id)),
        }
    }
    assert_eq!(state.is_empty(), records.is_empty());
}

fn longest_line(text: &[u8]) -> usize {
    text.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap_or(0)
}

fn check_of(body: &[u8]) -> String {
    Sha256::digest(body).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}
