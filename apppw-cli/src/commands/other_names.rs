//! The names under which Dovecot has sessions of an account: it goes on with what was typed,
//! where `[users]` makes one name of several.

use super::Session;
use super::doveadm::Dovecot;
use crate::exit::Failure;
use apppw_admin::verbs::{Account, UserArgs};
use apppw_admin::{Code, Verb};
use std::collections::BTreeSet;

/// So many names are asked for. It takes many domains with the same local part to have more.
const MAX_ASKED: usize = 1000;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub struct OtherNames {
    pub names: BTreeSet<String>,
    /// Why there may be more.
    pub doubt: Option<String>,
}

impl OtherNames {
    /// Those of `accounts`, apart from the names given. Only apppwd knows which account a name
    /// means; it is asked for those that Dovecot has sessions under.
    pub fn find(session: &mut Session, dovecot: &mut Dovecot, accounts: &BTreeSet<String>) -> Self {
        let listed = match dovecot.who() {
            Ok(listed) => listed,
            Err(why) => return Self::unknown(why),
        };
        // The daemon may have waited too long for us.
        session.hang_up();
        let candidates = candidates(&listed, accounts);
        let mut found = Self { names: BTreeSet::new(), doubt: None };
        for name in candidates.iter().take(MAX_ASKED) {
            match account_of(session, name) {
                Ok(Some(account)) if accounts.contains(&account) => {
                    found.names.insert((*name).clone());
                }
                Ok(_) => {}
                Err(failure) => return Self { names: found.names, ..Self::unknown(failure.message) },
            }
        }
        if candidates.len() > MAX_ASKED {
            let many = format!("{} are more than apppwd is asked for", candidates.len());
            found.doubt = Self::unknown(many).doubt;
        }
        found
    }

    /// None, and why.
    pub fn unknown(why: impl std::fmt::Display) -> Self {
        let doubt = format!("sessions under other names of the account may be open: {why}");
        Self { names: BTreeSet::new(), doubt: Some(doubt) }
    }
}

/// The account that is meant by a name; none: no account.
pub fn account_of(session: &mut Session, name: &str) -> Result<Option<String>, Failure> {
    match session.ask(Verb::UserShow, &UserArgs { user: Some(name.to_owned()) }) {
        Ok(Account { user, .. }) => Ok(Some(user)),
        Err(failure) if [Code::NotFound, Code::Invalid].iter().any(|code| code.as_str() == failure.code) => {
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// The names that may mean one of `accounts`: `[users]` changes no local part but in its case.
fn candidates<'a>(listed: &'a BTreeSet<String>, accounts: &BTreeSet<String>) -> Vec<&'a String> {
    let local_parts: BTreeSet<String> = accounts.iter().map(|name| local_part(name)).collect();
    let others = listed.iter().filter(|name| !accounts.contains(*name));
    others.filter(|name| local_parts.contains(&local_part(name))).collect()
}

fn local_part(name: &str) -> String {
    name.rsplit_once('@').map_or(name, |(local, _domain)| local).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_local_part_is_asked_for() {
        let set = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
        let listed = ["U1", "U1@EXAMPLE.ORG", "u1@example.net", "u1@example.org", "u12", "u2@example.org"];
        let accounts = set(&["u1@example.org", "bob"]);
        assert_eq!(candidates(&set(&listed), &accounts), ["U1", "U1@EXAMPLE.ORG", "u1@example.net"]);
        let listed = ["BOB", "bob@example.org", "a@bob", "b@c@example.org", "É", ""];
        assert_eq!(candidates(&set(&listed), &accounts), ["BOB", "bob@example.org"]);
        assert_eq!(candidates(&set(&listed), &set(&["B@c@x", "é"])), ["b@c@example.org"]);
    }
}
