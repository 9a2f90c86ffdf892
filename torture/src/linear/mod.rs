//! Whether a recorded history can be explained: for each operation a moment between its call and its
//! answer, such that done one by one at these moments they would have answered as they did
//! (linearizability; Herlihy and Wing, 1990).
//!
//! The search goes through the history once and keeps every configuration that explains it so far:
//! a state, and which of the operations under way have taken place in it. Two things keep their
//! number small, and lose nothing: what only looks is taken to have looked at the first state that
//! shows what it saw, and what changes something is put off until an answer asks for it (as in Lowe,
//! "Testing for linearizability", 2017).

#[cfg(test)]
mod tests;

/// What is done to a thing with states of type `S`.
pub trait Operation<S> {
    /// Whether it would have answered so in that state, and left it as it is.
    fn is_seen_in(&self, state: &S) -> bool;

    /// Whether it can change something at all.
    fn may_change(&self) -> bool;

    /// What the state is after it. `None`: it would not have answered so in that state.
    fn changes(&self, state: &S) -> Option<S>;
}

/// One operation of a history.
#[derive(Debug, Clone)]
pub struct Event<O> {
    /// What.
    pub operation: O,
    /// When it was called, by one clock for the whole history.
    pub called: u64,
    /// When it was answered.
    pub answered: u64,
    /// Whether it may also not have taken place: nobody knows, for there was no answer.
    pub may_be_lost: bool,
}

/// Why there is no verdict on a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unexplained {
    /// Nothing that was done can explain the answer of the event with that index.
    Violation(usize),
    /// Too much was under way at once, at that event.
    TooMuch(usize),
}

/// Most configurations that are kept.
const MOST: usize = 20_000;

/// A way in which all that was answered so far can have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Configuration<S> {
    state: S,
    /// The slots of what has taken place and isn't answered yet.
    done: u128,
}

/// What is under way, by slot.
struct UnderWay<'h, O> {
    history: &'h [Event<O>],
    slots: Vec<Option<usize>>,
    /// The slots of what may change something.
    changes: u128,
    /// The slots of what may also not have taken place.
    may_be_lost: u128,
    most: usize,
}

/// Looks for an explanation of `history` that begins in `state`.
///
/// # Errors
/// [`Unexplained`].
pub fn check<S: Copy + Eq, O: Operation<S>>(state: S, history: &[Event<O>]) -> Result<(), Unexplained> {
    let mut moments: Vec<(u64, bool, usize)> = Vec::with_capacity(2 * history.len());
    for (index, event) in history.iter().enumerate() {
        // At the same moment calls come first: so less is known to be in order.
        moments.push((event.called, false, index));
        moments.push((event.answered.max(event.called), true, index));
    }
    moments.sort_unstable();
    let mut under_way = UnderWay { history, slots: vec![None; 128], changes: 0, may_be_lost: 0, most: 0 };
    let mut slot_of = vec![0; history.len()];
    let mut all = vec![Configuration { state, done: 0 }];
    for (_, is_answer, index) in moments {
        if is_answer {
            let slot = slot_of[index];
            all = under_way.answered(all, slot, &history[index]).ok_or(Unexplained::TooMuch(index))?;
            if all.is_empty() {
                return Err(Unexplained::Violation(index));
            }
            under_way.slots[slot] = None;
            under_way.changes &= !(1 << slot);
            under_way.may_be_lost &= !(1 << slot);
        } else {
            let slot = under_way.slots.iter().position(Option::is_none).ok_or(Unexplained::TooMuch(index))?;
            slot_of[index] = slot;
            under_way.slots[slot] = Some(index);
            under_way.changes |= u128::from(history[index].operation.may_change()) << slot;
            under_way.may_be_lost |= u128::from(history[index].may_be_lost) << slot;
            under_way.most = under_way.most.max(slot + 1);
            for one in &mut all {
                if history[index].operation.is_seen_in(&one.state) {
                    one.done |= 1 << slot;
                }
            }
        }
    }
    Ok(())
}

impl<O> UnderWay<'_, O> {
    fn each(&self) -> impl Iterator<Item = (usize, &O)> + '_ {
        let slots = self.slots.iter().take(self.most).enumerate();
        slots.filter_map(|(slot, event)| event.map(|event| (slot, &self.history[event].operation)))
    }

    /// The configurations in which what is in `slot` has taken place. `None`: they are too many.
    fn answered<S: Copy + Eq>(
        &self,
        all: Vec<Configuration<S>>,
        slot: usize,
        event: &Event<O>,
    ) -> Option<Vec<Configuration<S>>>
    where
        O: Operation<S>,
    {
        let (bit, mut then) = (1 << slot, Vec::new());
        for one in all {
            if one.done & bit != 0 {
                self.add(&mut then, Configuration { done: one.done & !bit, ..one });
                continue;
            }
            self.search(one, bit, &mut then)?;
            if event.may_be_lost {
                self.add(&mut then, one);
            }
        }
        Some(then)
    }

    /// Every way to go on from `one`, by changes under way, until `bit` has taken place.
    fn search<S: Copy + Eq>(
        &self,
        one: Configuration<S>,
        bit: u128,
        found: &mut Vec<Configuration<S>>,
    ) -> Option<()>
    where
        O: Operation<S>,
    {
        let mut seen = vec![one];
        let mut next = 0;
        while let Some(from) = seen.get(next).copied() {
            next += 1;
            for (slot, operation) in self.each() {
                if (from.done | !self.changes) & (1 << slot) != 0 {
                    continue;
                }
                let Some(state) = operation.changes(&from.state) else { continue };
                if state == from.state && self.may_be_lost & (1 << slot) != 0 {
                    continue;
                }
                let mut to = Configuration { state, done: from.done | 1 << slot };
                for (slot, operation) in self.each() {
                    if to.done & (1 << slot) == 0 && operation.is_seen_in(&to.state) {
                        to.done |= 1 << slot;
                    }
                }
                if to.done & bit != 0 {
                    self.add(found, Configuration { done: to.done & !bit, ..to });
                } else {
                    self.add(&mut seen, to);
                }
                if found.len() + seen.len() > MOST {
                    return None;
                }
            }
        }
        Some(())
    }

    /// Adds one, unless there is one that has the same changes behind it, and has seen no less.
    fn add<S: Copy + Eq>(&self, all: &mut Vec<Configuration<S>>, new: Configuration<S>) {
        let is_no_less = |one: &Configuration<S>| {
            one.state == new.state && (one.done ^ new.done) & self.changes == 0 && new.done & !one.done == 0
        };
        if !all.iter().any(is_no_less) {
            all.push(new);
        }
    }
}
