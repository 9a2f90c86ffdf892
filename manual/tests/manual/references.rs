//! Pages that pages refer to.

use super::pages;
use std::collections::BTreeSet;

/// Other people's.
const OTHERS: [&str; 4] = ["listen 2", "pam_setcred 3", "pam.conf 5", "pam 8"];

pub fn run() {
    let pages = pages();
    let names = pages.iter().filter_map(|(name, _)| name.rsplit_once('.'));
    let ours: BTreeSet<String> = names.map(|(name, section)| format!("{name} {section}")).collect();
    let mut used = BTreeSet::new();
    for (name, text) in &pages {
        let references = text.lines().filter_map(|line| line.split_once("Xr ").map(|(_, behind)| behind));
        for reference in references {
            let mut words = reference.split_whitespace();
            let page = format!("{} {}", words.next().unwrap(), words.next().unwrap());
            assert!(ours.contains(&page) || OTHERS.contains(&page.as_str()), "{name} refers to {page}");
            used.insert(page);
        }
    }
    // Nobody finds a page that no other names.
    assert_eq!(ours.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new());
}
