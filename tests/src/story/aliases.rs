//! Stable names for what is drawn at random.

use std::collections::BTreeMap;

/// The ids of documents, in the order in which they are made.
const IDS: [&str; 12] = [
    "ap-7k3m9qxe",
    "ap-2c8vd04w",
    "ap-h5t1zr6n",
    "ap-x90bqj3f",
    "ap-4mys8ge2",
    "ap-d7n2wk5p",
    "ap-9vfr06ht",
    "ap-q3e8jc1z",
    "ap-60xgtm4b",
    "ap-wz5p7dy8",
    "ap-1rj4nhs9",
    "ap-kb2ef63q",
];

/// The secrets of documents, in the same order.
const SECRETS: [&str; 12] = [
    "k7dq-2mzx-9r4t-hw3c",
    "w3fn-8tpb-5kxe-q0zd",
    "m9hr-4cvj-7y2s-t6gb",
    "p2xz-6nqd-0wkf-e8vm",
    "c5jt-9bgh-3zry-x1kq",
    "t8ws-1dfe-6mpn-b4jz",
    "e0kv-7qxc-2hwg-n9tr",
    "z6bm-3ypt-8fds-j5cq",
    "h1gq-5wrk-4xtb-v7pe",
    "r4nd-0sjz-9cmh-k2yw",
    "y9px-2ekf-7tvb-g3ds",
    "b3cw-8hmq-1njr-z6xt",
];

/// What stands for what.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    ids: Vec<String>,
    secrets: BTreeMap<usize, String>,
}

impl Aliases {
    /// The text with real ids where it has aliases.
    pub(super) fn real(&self, text: &str) -> String {
        self.ids.iter().zip(IDS).fold(text.to_owned(), |text, (real, alias)| text.replace(alias, real))
    }

    /// What `line` showed, with aliases where it has real ids and secrets. The secret behind an id that
    /// is new is that id's; an id that was only typed is nobody's.
    pub(super) fn alias(&mut self, text: &str, line: &str) -> String {
        let mut aliased = of_this_run(text);
        for word in words(text).filter(|word| is_id(word) && !line.contains(word)) {
            if !self.ids.iter().any(|known| known == word) {
                self.ids.push(word.to_owned());
            }
        }
        for word in words(text).filter(|word| is_secret(word)) {
            let newest = self.ids.len().checked_sub(1).expect("a secret comes with its id");
            self.secrets.entry(newest).or_insert_with(|| word.to_owned());
        }
        assert!(self.ids.len() <= IDS.len(), "a longer story needs more aliases");
        for (real, alias) in self.ids.iter().zip(IDS) {
            aliased = aliased.replace(real, alias);
        }
        for (index, real) in &self.secrets {
            aliased = aliased.replace(real, SECRETS[*index]);
        }
        aliased
    }

    /// The secret of what documents call `id`.
    pub(super) fn secret_of(&self, id: &str) -> Option<&str> {
        let index = IDS.iter().position(|alias| *alias == id)?;
        self.secrets.get(&index).map(String::as_str)
    }
}

/// The text without what differs from run to run: the daemon's process id, and for how long it runs.
fn of_this_run(text: &str) -> String {
    let mut text = text.to_owned();
    for (before, always) in [("pid ", "812"), ("up ", "3")] {
        let Some(start) = text.find(before).map(|at| at + before.len()) else { continue };
        let digits = text[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
        text.replace_range(start..start + digits, always);
    }
    text
}

/// The words of letters, digits and hyphens.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
}

fn is_id(word: &str) -> bool {
    word.len() == 11 && word.parse::<apppw_admin::AppPasswordId>().is_ok()
}

fn is_secret(word: &str) -> bool {
    word.len() == 19 && word.split('-').count() == 4 && word.split('-').all(|four| four.len() == 4)
}
