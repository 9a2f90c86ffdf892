//! Histories written by hand, good and bad, of one thing that is open or closed.

use super::{Event, Operation, Unexplained, check};

/// What a small lock does, and what a look at it saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Open,
    Close,
    /// Saw that it was open, or not.
    See(bool),
    /// Opened by the first who came, for himself alone.
    Take,
}

impl Operation<bool> for Act {
    fn is_seen_in(&self, state: &bool) -> bool {
        matches!(self, Self::See(saw) if saw == state)
    }

    fn may_change(&self) -> bool {
        !matches!(self, Self::See(_))
    }

    fn changes(&self, state: &bool) -> Option<bool> {
        match self {
            Self::Open => Some(true),
            Self::Close => Some(false),
            Self::See(_) => None,
            Self::Take => (!state).then_some(true),
        }
    }
}

const fn event(operation: Act, called: u64, answered: u64) -> Event<Act> {
    Event { operation, called, answered, may_be_lost: false }
}

const fn lost(operation: Act, called: u64, answered: u64) -> Event<Act> {
    Event { may_be_lost: true, ..event(operation, called, answered) }
}

const OPEN: Act = Act::See(true);
const CLOSED: Act = Act::See(false);

#[test]
fn what_can_be_explained() {
    let good: [&[Event<Act>]; 9] = [
        &[],
        &[event(OPEN, 1, 2), event(Act::Close, 3, 4), event(CLOSED, 5, 6)],
        // Beside a change either is right,
        &[event(Act::Close, 1, 10), event(OPEN, 2, 3), event(CLOSED, 4, 5)],
        &[event(Act::Close, 1, 10), event(OPEN, 2, 9), event(CLOSED, 3, 4)],
        // also when it has been answered, if it was called before.
        &[event(Act::Close, 1, 3), event(OPEN, 2, 5)],
        // Of two changes at once the one or the other comes last.
        &[event(Act::Close, 1, 5), event(Act::Open, 2, 4), event(OPEN, 6, 7)],
        &[event(Act::Close, 1, 5), event(Act::Open, 2, 4), event(CLOSED, 6, 7)],
        // What was lost may have been, later too; or not.
        &[lost(Act::Close, 1, 9), event(OPEN, 2, 3), event(CLOSED, 4, 5), event(CLOSED, 10, 11)],
        &[lost(Act::Close, 1, 9), event(OPEN, 2, 3), event(OPEN, 10, 11)],
    ];
    for history in good {
        assert_eq!(check(true, history), Ok(()), "{history:?}");
    }
}

#[test]
fn what_can_not() {
    let bad: [(&[Event<Act>], usize); 9] = [
        // Accepted after a revoke that was answered, however long both took.
        (&[event(Act::Close, 1, 2), event(OPEN, 3, 4)], 1),
        (&[event(Act::Close, 1, 2), event(OPEN, 3, 100), event(CLOSED, 4, 5)], 1),
        // Refused though nothing was closed.
        (&[event(CLOSED, 1, 2)], 0),
        (&[event(CLOSED, 1, 2), event(Act::Close, 3, 4)], 0),
        // Closed for one, and then open again for the next, by one change only.
        (&[event(Act::Close, 1, 10), event(CLOSED, 2, 3), event(OPEN, 4, 5)], 2),
        // Two changes at once, of which both would have to come last.
        (&[event(Act::Close, 1, 5), event(Act::Open, 2, 4), event(OPEN, 6, 7), event(CLOSED, 8, 9)], 3),
        // Taken twice.
        (&[event(Act::Close, 1, 2), event(Act::Take, 3, 7), event(Act::Take, 4, 8)], 2),
        // Lost, and seen; it can't go away again.
        (&[lost(Act::Close, 1, 9), event(CLOSED, 4, 5), event(OPEN, 10, 11)], 2),
        // Lost, and brought about after the end of what it was lost in.
        (&[lost(Act::Close, 1, 9), event(OPEN, 10, 11), event(CLOSED, 12, 13)], 2),
    ];
    for (history, at) in bad {
        assert_eq!(check(true, history), Err(Unexplained::Violation(at)), "{history:?}");
    }
}

/// A third look is needed between two changes that have nothing else to do with each other.
#[test]
fn a_look_between_changes_under_way() {
    let history = [
        event(Act::Close, 1, 20),
        event(Act::Open, 2, 21),
        event(Act::Close, 3, 22),
        event(OPEN, 4, 5),
        event(CLOSED, 6, 7),
        event(OPEN, 8, 9),
        event(CLOSED, 10, 11),
    ];
    assert_eq!(check(true, &history), Ok(()));
    let mut once_more = history.to_vec();
    once_more.push(event(OPEN, 12, 13));
    assert_eq!(check(true, &once_more), Err(Unexplained::Violation(7)));
}

/// Against every order that there is, on small histories drawn at random.
#[test]
fn it_says_what_trying_all_orders_says() {
    let (mut good, mut bad) = (0, 0);
    for case in 0..20_000 {
        let mut random = crate::random::Random::of(case, 7);
        let history: Vec<Event<Act>> = (0..1 + random.below(6))
            .map(|_| {
                let operation = *random.one_of(&[Act::Open, Act::Close, OPEN, CLOSED, Act::Take]);
                let called = random.below(20);
                let may_be_lost = random.below(5) == 0;
                Event { operation, called, answered: called + 1 + random.below(8), may_be_lost }
            })
            .collect();
        let explained = is_explained(true, &history, &mut vec![false; history.len()]);
        match check(true, &history) {
            Ok(()) => {
                assert!(explained, "case {case}: {history:?}");
                good += 1;
            }
            Err(error) => {
                assert!(!explained, "case {case}: {error:?} {history:?}");
                bad += 1;
            }
        }
    }
    assert!(good > 2000 && bad > 2000, "{good} good ones and {bad} bad ones show little");
}

/// Whether some order of those left explains them: the definition, word by word.
fn is_explained(state: bool, history: &[Event<Act>], done: &mut Vec<bool>) -> bool {
    if history.iter().zip(done.iter()).all(|(event, done)| *done || event.may_be_lost) {
        return true;
    }
    for next in 0..history.len() {
        // None that was answered before this one's call may come after it; one that may be lost is left
        // out then.
        let is_next = !done[next]
            && (0..history.len()).all(|other| {
                done[other] || history[other].may_be_lost || history[other].answered >= history[next].called
            });
        if !is_next {
            continue;
        }
        let operation = history[next].operation;
        let then = match operation.is_seen_in(&state) {
            true => Some(state),
            false => operation.changes(&state),
        };
        let Some(then) = then else { continue };
        let before = done.clone();
        done[next] = true;
        // What had to come before this one, if at all, comes no more.
        for (other, done) in done.iter_mut().enumerate() {
            *done |= history[other].may_be_lost && history[other].answered < history[next].called;
        }
        if is_explained(then, history, done) {
            return true;
        }
        *done = before;
    }
    false
}
