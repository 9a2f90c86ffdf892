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
    /// Of them for who looks after others, and root.
    pub for_staff: usize,
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

    /// A place for `uid`, if there is one. `is_staff` is asked only if it matters.
    #[must_use]
    pub fn take(self: &Rc<Self>, uid: u32, is_staff: impl FnOnce() -> bool) -> Option<Place> {
        let mut by_uid = self.by_uid.borrow_mut();
        let own = by_uid.get(&uid).copied().unwrap_or(0);
        let free = self.limits.all - self.taken.get();
        let Limits { for_root, for_staff, per_uid, .. } = self.limits;
        let has_place = if uid == 0 {
            free > 0
        } else {
            own < per_uid && (free > for_root + for_staff || free > for_root && is_staff())
        };
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
        let places = Places::new(Limits { all: 10, for_root: 4, for_staff: 0, per_uid: 3 });
        let hold = |uid, n: usize| (0..n).map_while(|_| places.take(uid, || false)).collect::<Vec<_>>();
        let greedy = hold(1000, 100);
        assert_eq!(greedy.len(), 3);
        let other = hold(1001, 100);
        assert_eq!(other.len(), 3);
        assert!(places.take(1002, || true).is_none(), "the rest is root's");
        let root = hold(0, 100);
        assert_eq!(root.len(), 4);
        drop(greedy);
        assert!(places.take(1002, || false).is_none(), "still root's");
        drop(root);
        assert_eq!(hold(1002, 100).len(), 3);
        drop(other);
        assert_eq!(places.taken.get(), 0);
        assert!(places.by_uid.borrow().is_empty());
    }

    #[test]
    fn all_others_leave_some_for_who_looks_after_them() {
        let places = Places::new(Limits { all: 10, for_root: 2, for_staff: 4, per_uid: 3 });
        let held: Vec<Place> = (1000..1010).flat_map(|uid| places.take(uid, || false)).collect();
        assert_eq!(held.len(), 4);
        let staff: Vec<Place> = (0..10).map_while(|_| places.take(7, || true)).collect();
        assert_eq!(staff.len(), 3, "one of them leaves some to another");
        assert!(places.take(8, || true).is_some());
        assert!(places.take(8, || true).is_some(), "the first was given back");
        assert!(places.take(0, || false).is_some());
    }
}
