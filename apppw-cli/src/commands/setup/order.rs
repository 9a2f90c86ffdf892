//! In which order runs of several targets are undone: the newest first. What a later run of another target needs, or has
//! written over, stays until that one is undone.

use super::ledger::Run;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Why a run can't be undone yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The target whose later run needs the file.
    pub by: String,
    pub path: PathBuf,
}

/// How many of the oldest of `runs` (oldest first) have to stay, because of runs of other targets.
pub fn staying(runs: &[Run], others: &[(String, Run)]) -> (usize, Option<Blocked>) {
    for (index, run) in runs.iter().enumerate().rev() {
        let changed: BTreeSet<&PathBuf> =
            run.entries.iter().filter(|entry| entry.after.is_some()).map(|entry| &entry.path).collect();
        // Runs of before there was an order are as old as each other, and none goes before the other.
        let later = others.iter().filter(|(_, other)| other.order >= run.order);
        let mut needed = later.flat_map(|(by, other)| other.entries.iter().map(move |entry| (by, entry)));
        if let Some((by, entry)) = needed.find(|(_, entry)| changed.contains(&entry.path)) {
            return (index + 1, Some(Blocked { by: by.clone(), path: entry.path.clone() }));
        }
    }
    (0, None)
}

#[cfg(test)]
mod tests {
    use super::super::ledger::Entry;
    use super::*;

    /// Files that are written, and files that are needed.
    fn run(order: u32, written: &[&str], needed: &[&str]) -> Run {
        let entry = |path: &&str, after: Option<Vec<u8>>| Entry { path: (*path).into(), before: None, after };
        let written = written.iter().map(|path| entry(path, Some(b"x".to_vec())));
        let entries = written.chain(needed.iter().map(|path| entry(path, None))).collect();
        Run { number: order, order, entries }
    }

    fn other(order: u32, written: &[&str], needed: &[&str]) -> (String, Run) {
        ("other".to_owned(), run(order, written, needed))
    }

    #[test]
    fn only_what_came_later_stands_in_the_way() {
        let two = [run(1, &["/imap"], &[]), run(3, &["/sieve"], &["/imap", "/pop3"])];
        for (runs, others, staying) in [
            (&two[..], vec![], 0),
            (&two, vec![other(2, &["/smtp"], &[])], 0),
            // The first run's file is needed by a later one: the second can go.
            (&two, vec![other(2, &["/pop3"], &["/imap"])], 1),
            (&two, vec![other(4, &[], &["/sieve"])], 2),
            (&two, vec![other(4, &["/sieve"], &[])], 2),
            (&two[..1], vec![other(4, &[], &["/sieve"])], 0),
            (&[run(0, &["/imap"], &[])], vec![other(0, &[], &["/imap"])], 1),
            (&[run(1, &["/imap"], &[])], vec![other(0, &[], &["/imap"])], 0),
            // What is only needed is nobody's loss.
            (&[run(1, &[], &["/imap"])], vec![other(2, &["/imap"], &[])], 0),
        ] {
            let (found, blocked) = super::staying(runs, &others);
            assert_eq!((found, blocked.is_some()), (staying, staying > 0), "{runs:?} {others:?}");
        }
    }

    #[test]
    fn two_targets_that_need_each_other_are_undone_newest_run_first() {
        let mut runs = vec![
            ("dovecot".to_owned(), run(1, &["/imap"], &[])),
            ("postfix-dovecot".to_owned(), run(2, &["/pop3", "/smtp"], &["/imap"])),
            ("dovecot".to_owned(), run(3, &["/sieve"], &["/imap", "/pop3"])),
        ];
        for (target, left) in
            [("postfix-dovecot", 3), ("dovecot", 2), ("dovecot", 2), ("postfix-dovecot", 1), ("dovecot", 0)]
        {
            let (ours, others): (Vec<_>, Vec<_>) = runs.iter().cloned().partition(|(name, _)| name == target);
            let ours: Vec<_> = ours.into_iter().map(|(_, run)| run).collect();
            let (staying, _) = super::staying(&ours, &others);
            let gone: Vec<_> = ours[staying..].iter().map(|run| run.order).collect();
            runs.retain(|(_, run)| !gone.contains(&run.order));
            assert_eq!(runs.len(), left, "{target}");
        }
    }
}
