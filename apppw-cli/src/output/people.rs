//! Uids as people know them.

use nix::unistd::{Uid, User};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What this host calls a uid today; none: nothing, or it can't say. Each is asked for once:
/// the answer may come from a directory.
pub fn name_of(uid: u32) -> Option<String> {
    static KNOWN: Mutex<BTreeMap<u32, Option<String>>> = Mutex::new(BTreeMap::new());
    let ask = || User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).entry(uid).or_insert_with(ask).clone()
}
