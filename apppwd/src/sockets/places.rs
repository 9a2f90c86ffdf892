//! How many connections one uid may have at once: nobody can keep the others out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use tokio::sync::Notify;

/// The places of one socket.
#[derive(Debug)]
pub struct Places {
    limits: Limits,
    taken: Cell<usize>,
    freed: Notify,
    by_uid: RefCell<BTreeMap<u32, usize>>,
}

/// How many there are.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For all.
    pub all: usize,
    /// Of them for root alone.
    pub for_root: usize,
    /// For one uid that isn't root.
    pub per_uid: usize,
}

/// A place taken; dropping it gives it back.
#[derive(Debug)]
pub struct Place {
    places: Rc<Places>,
    uid: u32,
}

impl Places {
    /// All free.
    #[must_use]
    pub fn new(limits: Limits) -> Rc<Self> {
        Rc::new(Self { limits, taken: Cell::new(0), freed: Notify::new(), by_uid: RefCell::default() })
    }

    /// Waits until some place is free, be it one of root's.
    pub async fn wait_for_one(&self) {
        while self.taken.get() >= self.limits.all {
            self.freed.notified().await;
        }
    }

    /// A place for `uid`, if there is one.
    #[must_use]
    pub fn take(self: &Rc<Self>, uid: u32) -> Option<Place> {
        let mut by_uid = self.by_uid.borrow_mut();
        let own = by_uid.get(&uid).copied().unwrap_or(0);
        let free = self.limits.all - self.taken.get();
        let has_place =
            if uid == 0 { free > 0 } else { free > self.limits.for_root && own < self.limits.per_uid };
        if !has_place {
            return None;
        }
        by_uid.insert(uid, own + 1);
        self.taken.set(self.taken.get() + 1);
        Some(Place { places: Rc::clone(self), uid })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_uid = self.places.by_uid.borrow_mut();
        match by_uid.get_mut(&self.uid) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(by_uid.remove(&self.uid)),
        }
        self.places.taken.set(self.places.taken.get() - 1);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_uid_leaves_places_for_others_and_all_leave_some_for_root() {
        let places = Places::new(Limits { all: 10, for_root: 4, per_uid: 3 });
        let hold = |uid, n: usize| (0..n).map_while(|_| places.take(uid)).collect::<Vec<_>>();
        let greedy = hold(1000, 100);
        assert_eq!(greedy.len(), 3);
        let other = hold(1001, 100);
        assert_eq!(other.len(), 3);
        assert!(places.take(1002).is_none(), "the rest is root's");
        let root = hold(0, 100);
        assert_eq!(root.len(), 4);
        drop(greedy);
        assert!(places.take(1002).is_none(), "still root's");
        drop(root);
        assert_eq!(hold(1002, 100).len(), 3);
        drop(other);
        assert_eq!(places.taken.get(), 0);
        assert!(places.by_uid.borrow().is_empty());
    }
}
