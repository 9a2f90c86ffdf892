//! A login's look.

use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn revoked(look: &dyn Look) -> Option<UnixSeconds> {
    look.login_row(&AccountId([1; 16]), 1, 1).unwrap().unwrap().revoked
}

#[test]
fn a_look_sees_one_moment_and_the_next_look_what_came_meanwhile() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async { store.create(new(1, account("alice", 1), true, "phone")).await.unwrap() });
    let before = store.look(|look| {
        look.account("alice")?;
        run(async { store.revoke(vec![(id(1), 11)], Halves::Both, by(11)).await.unwrap() });
        Ok(revoked(look))
    });
    assert_eq!(before.unwrap(), None);
    assert_eq!(store.look(|look| Ok(revoked(look))).unwrap(), Some(11));
}

#[test]
fn a_look_that_panics_or_fails_hides_nothing_from_the_next() {
    let bed = Bed::new();
    let store = bed.open().unwrap();
    run(async { store.create(new(1, account("alice", 1), true, "phone")).await.unwrap() });
    for at in [11, 12] {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.look(|look| -> Result<(), _> {
                look.account("alice")?;
                if at == 11 { panic!("in a look") } else { Err(StoreError::Failed("in a look".into())) }
            })
        }));
        assert!(!matches!(panicked, Ok(Ok(()))));
        run(async { store.set_suspended(vec![(id(1), at)], at == 11, Halves::Both, by(at)).await.unwrap() });
        let row = store.look(|look| look.login_row(&AccountId([1; 16]), 1, 1)).unwrap().unwrap();
        assert_eq!(row.suspended, (at == 11).then_some(at));
    }
}
